package lower

import (
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// binder makes one plan.
type binder struct {
	draft  *Draft
	values Values
	plan   *plan.Plan
	// settings are the known values; a setting that is missing here is late.
	settings value.Record
	given    map[string]bool
	reached  map[string]bool
	late     map[string]bool
	records  map[string]*types.Type // whose IDs stand in the plan
	texts    map[*types.Type]plan.Type
	modules  map[*check.Module]*moduleNames
	effects  effects
	// lateImage says that the run may come to a name of an image that stands nowhere in the text.
	lateImage bool
	images    map[Image]bool // nil where nobody asks for them
	errs      []error
	said      map[string]bool
}

// moduleNames is what a module contributes to a plan.
type moduleNames struct {
	module  *check.Module
	names   *names
	used    map[*check.Let]plan.Let
	records map[string]string
}

func newBinder(d *Draft, v Values) *binder {
	b := &binder{
		draft: d, values: v, settings: value.Record{}, given: map[string]bool{},
		reached: map[string]bool{}, late: map[string]bool{}, said: map[string]bool{},
		records: map[string]*types.Type{}, texts: map[*types.Type]plan.Type{},
		modules: map[*check.Module]*moduleNames{}, effects: newEffects(),
	}
	if v.Setting == nil {
		return b
	}
	for _, s := range d.program.Settings {
		x, known := v.Setting(s.Name)
		// A secret is late even when somebody offers it.
		if !known || isSecret(s.Type) {
			continue
		}
		b.given[s.Name] = true
		if x != (value.None{}) {
			b.settings[s.Name] = x
		}
	}
	return b
}

// constants is where settings' declarations stand: they see functions only.
func (b *binder) constants(f *ast.File, m *check.Module) spot {
	return spot{binder: b, file: f, module: m, names: (*names)(nil).child(false), tolerant: true}
}

// within is where a module's expressions stand.
func (b *binder) within(m *check.Module, f *ast.File, scope *expr.Scope) spot {
	return spot{binder: b, file: f, module: m, names: b.module(m).names, scope: scope}
}

// module prepares a module's names: its lets, each folded when it is first read.
func (b *binder) module(m *check.Module) *moduleNames {
	if have := b.modules[m]; have != nil {
		return have
	}
	out := &moduleNames{module: m, names: (*names)(nil).child(false), used: map[*check.Let]plan.Let{}, records: map[string]string{}}
	b.modules[m] = out
	for _, l := range m.Lets {
		out.names.set(l.Name, &name{use: func(n *name) {
			n.use = nil
			x, v := b.within(m, l.File, nil).fold(l.Decl.Value, l.Type)
			n.value, out.used[l] = v, plan.Let{Name: l.Name, Type: b.text(l.Type), Value: x}
		}})
	}
	return out
}

// mention notes what an expression reads: settings, and lets, which are folded now.
func (s spot) mention(x ast.Expr) {
	names, all := settingsIn(x)
	if all {
		names = s.draft.program.SettingsType.FieldNames()
	}
	for _, n := range names {
		s.reached[n] = true
	}
	for _, r := range expr.Refs(x) {
		s.use(r.Name)
	}
	if !s.attempt {
		globs, _ := reads(x)
		s.effects.files(s.module.Load.Folder, globs)
	}
}

// use folds the lets among names that are read for the first time.
func (s spot) use(ids ...string) {
	for _, id := range ids {
		if n := s.names.find(id); n != nil && n.use != nil {
			n.use(n)
		}
	}
}

// settingsFor is the record behind `settings`, known when every setting that x reads is.
func (s spot) settingsFor(x ast.Expr) (value.Value, bool) {
	names, all := settingsIn(x)
	if all {
		names = s.draft.program.SettingsType.FieldNames()
	}
	missing := func(n string) bool { return !s.given[n] }
	return s.settings, !slices.ContainsFunc(names, missing)
}

// noteLate notes what has to be captured when the run starts, and the records that the
// run's expressions build.
func (s spot) noteLate(x ast.Expr) {
	for _, r := range expr.Refs(x) {
		switch r.Name {
		case "git", "run", "ci":
			s.late[r.Name] = true
		}
	}
	if _, any := reads(x); any && !s.attempt {
		s.late["repository"] = true
	}
	for n, t := range s.recordsOf(x) {
		s.binder.module(s.module).records[n] = t.Record.ID
		s.text(t)
	}
}
