package lower

import (
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
)

// Param is a parameter of the pipeline.
type Param struct {
	Name     string
	Type     *types.Type
	Doc      string
	Required bool
}

// Params are the pipeline's parameters.
func (d *Draft) Params() []Param {
	var out []Param
	for _, p := range d.pipeline.Params {
		out = append(out, Param{Name: p.Name, Type: p.Type, Doc: docText(p.Decl.Doc), Required: p.Required})
	}
	return out
}

// Settings are the declarations of the program's settings, in declared order.
func (d *Draft) Settings() []plan.SettingDecl {
	var out []plan.SettingDecl
	for _, s := range d.program.Settings {
		out = append(out, d.setting(s))
	}
	return out
}

func (d *Draft) setting(s *check.Setting) plan.SettingDecl {
	in := newBinder(d, Values{}).constants(s.File, d.program.Entry)
	out := plan.SettingDecl{
		Name: s.Name, Type: s.Type.Text(), Doc: docText(s.Decl.Doc), At: place(s.File.Source, s.Decl.Span()),
		Secret:   isSecret(s.Type),
		Variable: variable(s),
		Default:  in.opt(s.Decl.Default, s.Type),
		Where:    in.opt(s.Decl.Where, types.BoolType),
		Else:     in.opt(s.Decl.Else, types.StringType),
	}
	if from := s.Decl.From; from != nil {
		out.Exec = in.opt(from.Exec, types.ListOf(types.StringType))
	}
	for _, p := range d.program.Profiles {
		x, ok := p.Entries[s.Name]
		if !ok {
			continue
		}
		if out.Profiles == nil {
			out.Profiles = map[string]plan.Expr{}
		}
		out.Profiles[p.Name] = *newBinder(d, Values{}).constants(p.File, d.program.Entry).opt(x, s.Type)
	}
	return out
}

// variable is the environment variable of a setting.
func variable(s *check.Setting) string {
	if from := s.Decl.From; from != nil && from.Variable != nil {
		return from.Variable.Value
	}
	return strings.ToUpper(s.Name)
}

func isSecret(t *types.Type) bool { return t.DeepLabels()&types.Secret != 0 }

func docText(d *ast.Doc) string {
	if d == nil {
		return ""
	}
	return d.Text
}

// Types resolves the IDs of named records in the draft's and the plan's type texts.
func (d *Draft) Types() map[string]*types.Type { return d.records }

// findRecords collects the named records of the whole program, those of a module before
// those of its importers, which call them by other names.
func (d *Draft) findRecords() {
	for _, l := range d.program.Load.Modules {
		m := d.program.Modules[l]
		if m == nil {
			continue
		}
		d.declarations(m)
		for _, name := range slices.Sorted(maps.Keys(m.Types)) {
			collectRecords(m.Types[name], d.records)
		}
		for _, o := range m.Ops {
			d.signature(o.Result, o.Params)
		}
		for _, p := range m.Pipelines {
			d.signature(p.Result, p.Params)
		}
	}
	for _, s := range d.program.Settings {
		collectRecords(s.Type, d.records)
	}
}

func (d *Draft) signature(result *types.Type, params []*check.Param) {
	collectRecords(result, d.records)
	for _, p := range params {
		collectRecords(p.Type, d.records)
	}
}

// collectRecords adds the named records inside a type, each once.
func collectRecords(t *types.Type, into map[string]*types.Type) {
	if t == nil {
		return
	}
	collectRecords(t.Elem, into)
	if t.Record == nil {
		return
	}
	if id := t.Record.ID; id != "" {
		if into[id] != nil {
			return
		}
		into[id] = &types.Type{Kind: types.Record, Record: t.Record}
	}
	for _, f := range t.Record.Fields {
		collectRecords(f.Type, into)
	}
}
