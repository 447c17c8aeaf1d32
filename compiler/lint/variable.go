package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/types"
)

// unknownVariables finds variables that a script reads and nothing sets: every shell of pipe runs
// with -u and would end there. That makes a parameter's name in a script as good as in any typed language.
var unknownVariables = rule{alone: true, script: func(p *pass, o *check.Op, s *script) {
	if s.read.Opaque || p.intact(o.Module) == nil {
		return
	}
	given := variables(o)
	var assigned, told map[string]bool // once somebody has asked
	for _, v := range s.read.Reads {
		if v.Guarded || given[v.Name] || everywhere(v.Name) || s.dialect.Sets(v.Name) || told[v.Name] {
			continue
		}
		if assigned == nil {
			assigned, told = assigns(s), map[string]bool{}
		}
		if assigned[v.Name] && v.Missed == nil || fromImage(o, v.Name) {
			continue
		}
		told[v.Name] = true
		if v.Missed != nil {
			p.report(missedVariable(s, v))
		} else {
			p.report(p.unknownVariable(o, s, v, candidates(given, assigned)))
		}
	}
}}

// assigns are the variables that a script gives a value.
func assigns(s *script) map[string]bool {
	out := map[string]bool{}
	for _, a := range s.read.Assigns {
		out[a.Name] = true
	}
	return out
}

// candidates are the variables that a script may read.
func candidates(given, assigned map[string]bool) []string {
	return append(slices.AppendSeq(slices.Collect(maps.Keys(given)), maps.Keys(assigned)), "PIPE_OUTPUT")
}

// missedVariable is what is said of a variable that the script sets where it is of no use here.
func missedVariable(s *script, v shell.Variable) finding {
	return finding{
		rule: diag.UnknownVariable, file: s.file, at: s.span(v.At),
		message: fmt.Sprintf("$%s is not set here: %s", v.Name, v.Missed.Why), help: v.Missed.Help,
		related: []diag.Related{{File: s.file, Span: s.span(v.Missed.At), Message: "it is set here"}},
	}
}

func (p *pass) unknownVariable(o *check.Op, s *script, v shell.Variable, known []string) finding {
	f := finding{
		rule: diag.UnknownVariable, file: s.file, at: s.span(v.At),
		message: fmt.Sprintf("$%s is never set: it is no parameter, env entry or inherited variable of %s, and the script gives it no value", v.Name, owner(o)),
	}
	if s.dialect == shell.Sh && shell.Bash.Sets(v.Name) {
		f.help = "bash sets it, and sh does not: open the block with ```bash"
		return f
	}
	f.help, f.fixes = p.wayToVariable(o, s, v)
	if f.help != "" {
		return f
	}
	if near := diag.Suggest(v.Name, known); near != "" {
		f.help = fmt.Sprintf("did you mean $%s?", near)
		f.fixes = []diag.Fix{{Message: "read $" + near, Edits: []diag.Edit{{File: s.file, Span: f.at, Text: near}}}}
		return f
	}
	f.help = fmt.Sprintf("write ${%s:-} when it may be unset, or inherit it", v.Name)
	if strings.ToLower(v.Name) == v.Name {
		if unread := unreadParam(o); unread != nil {
			f.help = fmt.Sprintf("nothing reads parameter %s: read $%s here, or call it %s", unread.Name, unread.Name, v.Name)
			f.related = []diag.Related{{File: s.file, Span: unread.Decl.Name.Range, Message: "the parameter that nothing reads"}}
			return f
		}
		f.help = fmt.Sprintf("add a parameter %s, set it in env, or write ${%s:-} when it may be unset", v.Name, v.Name)
	}
	return f
}

// unreadParam is the only parameter of a declared op whose name stands nowhere else in it, and that was another before,
// maybe; nil where there is none, or more than one.
func unreadParam(o *check.Op) (unread *check.Param) {
	if o.Decl == nil {
		return nil
	}
	text := o.File.Source.Slice(o.Decl.Range)
	for _, param := range o.Params {
		if strings.Count(text, param.Name) > 1 {
			continue
		}
		if unread != nil {
			return nil
		}
		unread = param
	}
	return unread
}

func owner(o *check.Op) string {
	if o.Decl == nil {
		return fmt.Sprintf("step %q", o.Name)
	}
	return fmt.Sprintf("op %q", o.Name)
}

// variables are what an op's processes find in their environment, beside what every process does.
func variables(o *check.Op) map[string]bool {
	known := map[string]bool{}
	for _, f := range o.Params {
		known[f.Name] = true
	}
	for _, it := range o.Items {
		switch it := it.(type) {
		case *ast.Env:
			for _, a := range it.Entries {
				known[a.Name.Text] = true
			}
		case *ast.Attr:
			for _, name := range inherited(it) {
				known[name] = true
			}
		}
	}
	return known
}

func inherited(a *ast.Attr) (names []string) {
	l, ok := a.Value.(*ast.ListLit)
	if a.Key.Text != "inherit" || !ok {
		return nil
	}
	for _, e := range l.Elems {
		if s, ok := ast.Unparen(e.Value).(*ast.StringLit); ok {
			names = append(names, s.Value)
		}
	}
	return names
}

// fromImage says that an image may set a variable: its names are upper case, and nobody has looked into it.
func fromImage(o *check.Op, name string) bool {
	if name != strings.ToUpper(name) || ofService(name) {
		return false
	}
	return slices.ContainsFunc(o.Items, func(it ast.Item) bool {
		a, ok := it.(*ast.Attr)
		return ok && (a.Key.Text == "image" || a.Key.Text == "target")
	})
}

// ofService says that only a CI service sets a variable, for the processes that it starts itself.
func ofService(name string) bool {
	return slices.ContainsFunc([]string{"GITHUB_", "CI_COMMIT_", "CI_JOB_", "CI_PIPELINE_", "CI_PROJECT_"}, func(s string) bool { return strings.HasPrefix(name, s) })
}

// everywhere says that every process of pipe finds a variable.
func everywhere(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "TERM", "PIPE_OUTPUT":
		return true
	}
	return strings.HasPrefix(name, "LC_")
}

// plainWords says that texts of a type hold nothing that a shell splits or expands.
func plainWords(t *types.Type) bool {
	switch t.Kind {
	case types.Bool, types.Timestamp:
		return true
	case types.Literals:
		return !slices.ContainsFunc(t.Literals, func(s string) bool { return s == "" || strings.ContainsAny(s, " \t\n*?[") })
	}
	return false
}
