package check

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

func named(name string, fields ...types.Field) *types.Type {
	t := types.NewRecord(name, "@"+name)
	t.SetFields(fields)
	return t
}

func field(name string, t *types.Type) types.Field { return types.Field{Name: name, Type: t} }

// tailRun is a record of its own, which messages call run all the same.
func tailRun(fields []types.Field) *types.Type {
	t := types.NewRecord("run", "@run at end")
	t.SetFields(fields)
	return t
}

// What every expression may read. A stranger may choose a branch, a tag and a title.
var (
	stranger = types.StringType.WithLabels(types.Untrusted)

	gitType = named("git",
		field("branch", stranger),
		field("commit", types.StringType),
		field("tag", types.OptionalOf(types.StringType).WithLabels(types.Untrusted)),
		field("dirty", types.BoolType),
		field("repo", types.StringType),
		field("default_branch", types.StringType),
	)

	runFields = []types.Field{field("id", types.StringType), field("started", types.TimestampType)}
	runType   = named("run", runFields...)
	// tailRunType is `run` in on failure and finally.
	tailRunType = tailRun(append(runFields[:len(runFields):len(runFields)],
		field("status", types.LiteralsOf("succeeded", "failed", "cancelled")),
		field("error", stranger), // it may quote what a program or a stranger said
		field("failed", types.StringType),
	))

	pullRequestType = named("pull_request",
		field("number", types.IntType),
		field("title", stranger),
		field("author", stranger),
		field("branch", stranger),
		field("base", stranger), // who asks chooses it, among those that are there
	)
	ciType = named("ci",
		field("name", types.StringType),
		field("event", types.LiteralsOf("push", "pull_request", "tag", "schedule", "manual", "none")),
		field("actor", stranger),
		field("url", types.StringType),
		field("pull_request", types.OptionalOf(pullRequestType)),
	)
)

// Globals is what an expression may read where there is no file: git, run, ci and the repository.
func Globals() *expr.Scope {
	s := expr.NewScope(expr.Repo)
	declareGlobals(s)
	return s
}

func declareGlobals(s *expr.Scope) {
	s.Declare("git", expr.Var{Type: gitType})
	s.Declare("run", expr.Var{Type: runType})
	s.Declare("ci", expr.Var{Type: ciType})
}

// openScopes makes the scopes of each file's expressions.
func (m *module) openScopes() {
	for _, f := range m.files {
		f.pure = expr.NewScope(expr.Repo)
		f.scope = expr.NewScope(expr.Repo)
		for _, s := range []*expr.Scope{f.pure, f.scope} {
			for name, d := range m.types {
				s.DeclareRecord(name, d.typ)
			}
			for ns, imp := range f.uses {
				for name, t := range m.importedTypes(imp.Module) {
					s.DeclareRecord(ns+"."+name, qualified(t, ns))
				}
			}
		}
		declareGlobals(f.scope)
		f.scope.Declare("settings", expr.Var{Type: m.checker.out.SettingsType, Broken: !m.entry})
	}
	for _, f := range m.files {
		f.foreignNames()
	}
}

// importedTypes are the records of another module; none for one that could not be loaded.
func (m *module) importedTypes(l *load.Module) map[string]*types.Type {
	if from := m.modules[l]; from != nil {
		return from.out.Types
	}
	return nil
}

// foreignNames prepares what is said of names that exist and cannot be read.
func (f *file) foreignNames() {
	f.foreign = map[string]finding{}
	f.impure = sync.OnceValue(f.impureNames)
	for ns := range f.uses {
		if slices.Contains(globals, ns) {
			continue // `use "./ci"`: calls find the module, expressions the values of this name
		}
		f.foreign[ns] = finding{
			rule: diag.Misplaced, message: fmt.Sprintf("%q is a module: it holds ops, pipelines and types, and no values", ns),
			help: fmt.Sprintf("call it as a step: %s.op(…)", ns),
		}
	}
	if !f.entry {
		f.foreign["settings"] = finding{
			rule: diag.Misplaced, message: "settings can be read in the entry module only",
			help: "let the op or pipeline take a parameter",
		}
	}
}

// impureNames are those and the ones that are out of reach where nothing of the run is known.
func (f *file) impureNames() map[string]finding {
	out := maps.Clone(f.foreign)
	for _, name := range append(slices.Collect(maps.Keys(f.lets)), "settings", "git", "run", "ci") {
		out[name] = finding{
			rule: diag.Misplaced, message: fmt.Sprintf("%q is not known yet where settings and defaults of fields are found", name),
			help: "write a constant, or compute the value in a let that reads it",
		}
	}
	return out
}
