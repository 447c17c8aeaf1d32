package lower

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// bind lowers the pipeline and puts the plan together, but for its digest.
func (b *binder) bind() *plan.Plan {
	p := b.draft.pipeline
	b.plan = &plan.Plan{
		Schema: plan.Version, Language: plan.Language, Pipeline: p.Name, Doc: docText(p.Decl.Doc),
		Profile: b.values.Profile, Entry: b.draft.program.Entry.Load.ID, Ops: map[string]plan.Op{},
		Sources: b.sources(),
	}
	var args map[string]value.Value
	b.plan.Params, args = b.entryParams()
	b.plan.Graph = b.newGraph(p, "", args).lower()
	if len(b.plan.Ops) == 0 {
		b.plan.Ops = nil
	}
	b.plan.Pins = b.pins()
	b.plan.Settings = b.settingsReached()
	b.plan.Types = b.recordTypes()
	b.plan.Late = sorted(b.late)
	b.plan.Modules = b.moduleList()
	b.plan.Effects = b.effects.all(b.secretsReached())
	return b.plan
}

// sources are the files of every module, by path.
func (b *binder) sources() []plan.Source {
	var out []plan.Source
	for _, m := range b.draft.program.Load.Modules {
		for _, f := range m.Files {
			out = append(out, plan.Source{Path: f.Source.Name, Digest: plan.DigestOf([]byte(f.Source.Text))})
		}
	}
	slices.SortFunc(out, func(x, y plan.Source) int { return cmp.Compare(x.Path, y.Path) })
	return slices.CompactFunc(out, func(x, y plan.Source) bool { return x.Path == y.Path })
}

// entryParams are the pipeline's parameters with the values of this plan. A secret one stays
// late, so that it is never written down.
func (b *binder) entryParams() ([]plan.Param, map[string]value.Value) {
	p := b.draft.pipeline
	values := map[string]value.Value{}
	out := b.params(p.Params, p.Module)
	for i, x := range p.Params {
		v, given := b.values.Args[x.Name]
		switch {
		case isSecret(x.Type):
			continue
		case given && v != nil:
			b.entryArg(x, &out[i], v, values)
		default:
			if known, v := b.defaultOf(x, p.Module); v != nil {
				out[i].Value, values[x.Name] = &known, v
			}
		}
	}
	return out, values
}

func (b *binder) entryArg(x *check.Param, out *plan.Param, v value.Value, values map[string]value.Value) {
	v, err := value.Coerce(v, x.Type)
	if err != nil {
		b.fail(&EvalError{Message: "parameter " + x.Name + ": " + err.Error()})
		return
	}
	if unmet := b.hold(v, x.Type); unmet != nil {
		b.fail(&EvalError{Message: "parameter " + x.Name + ": " + unmet.Error()})
		return
	}
	known := b.constant(v)
	out.Value, values[x.Name] = &known, v
	b.admit(x, b.draft.pipeline.Module, v, &EvalError{Message: "parameter " + x.Name})
}

// settingsReached are the settings that the plan reaches, in declared order.
func (b *binder) settingsReached() []plan.Setting {
	var out []plan.Setting
	for _, s := range b.draft.program.Settings {
		if !b.reached[s.Name] {
			continue
		}
		x := plan.Setting{
			Name: s.Name, Type: b.text(s.Type), Secret: isSecret(s.Type), Variable: variable(s),
			Required: s.Type.Kind != types.Optional && s.Decl.Default == nil,
		}
		if v := b.settings[s.Name]; v != nil {
			x.Value = b.constant(v).Value
		}
		out = append(out, x)
	}
	return out
}

func (b *binder) secretsReached() []string {
	var out []string
	for _, s := range b.draft.program.Settings {
		if b.reached[s.Name] && isSecret(s.Type) {
			out = append(out, s.Name)
		}
	}
	return out
}

// moduleList are the modules whose values or records the plan's expressions name, or whose
// paths start elsewhere than at the root.
func (b *binder) moduleList() []plan.Module {
	var out []plan.Module
	for m, names := range b.modules {
		x := plan.Module{ID: m.Load.ID, Folder: m.Load.Folder}
		for _, l := range m.Lets {
			if let, ok := names.used[l]; ok {
				x.Lets = append(x.Lets, let)
			}
		}
		if len(names.records) > 0 {
			x.Records = maps.Clone(names.records)
		}
		if x.Lets != nil || x.Records != nil || x.Folder != "" {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(x, y plan.Module) int { return cmp.Compare(x.ID, y.ID) })
	return out
}
