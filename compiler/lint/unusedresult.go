package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/types"
)

// unusedResults finds steps that do nothing but compute a result which nothing reads. A step that
// tests, prints, fails on purpose, keeps a file or changes what outlives it has a purpose of its
// own, and one that runs what cannot be read may have.
var unusedResults = rule{step: func(p *pass, l *check.Pipeline, s *check.Step) {
	mm := p.intact(l.Module)
	if mm == nil || mm.values[s.Name] || s.Op == nil || !hasResult(s.Op) || isTestName(s.Name) || !onlyOrders(s) || !p.recalling.onlyComputes(s.Op, func() bool { return p.onlyComputes(s.Op) }) {
		return
	}
	p.report(finding{
		rule: diag.UnusedResult, file: l.File.Source, at: s.Decl.Name.Range,
		message: fmt.Sprintf("step %q only computes a result, and nothing reads it", s.Name),
		help:    "read it in another step or in return, or remove the step",
	})
}}

func hasResult(o *check.Op) bool {
	return o.Result != nil && o.Result.Kind != types.None && o.Result.Kind != types.Invalid
}

// onlyOrders says that a step's modifiers only say when it runs, and how often: none of them fails
// it on purpose, asks a person, or holds a lock. The attributes of an inline op stand among them.
func onlyOrders(s *check.Step) bool {
	for _, it := range s.Modifiers {
		switch it := it.(type) {
		case *ast.Needs, *ast.After, *ast.When, *ast.For, *ast.Retry, *ast.Run, *ast.Return, *ast.Env, *ast.Cached:
		case *ast.Attr:
			if !harmless[it.Key.Text] {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// harmless are the attributes of an op that leave nothing behind.
var harmless = map[string]bool{
	"inputs": true, "timeout": true, "grace": true, "workdir": true, "image": true, "user": true, "cpu": true, "memory": true, "pids": true,
	"inherit": true, "success_codes": true, "idempotent": true,
}

// onlyComputes says that an op does nothing but find its result, as far as its text tells.
func (p *pass) onlyComputes(o *check.Op) bool {
	if o.Native || p.tests(o) || p.ownPrograms(o) { // one that looks for an image fails where there is none
		return false
	}
	returnsOutput, prints := false, false
	for _, it := range o.Items {
		switch it := it.(type) {
		case *ast.Run:
			only, said := computes(it)
			if !only {
				return false
			}
			prints = prints || said
		case *ast.Return:
			returnsOutput = names(it, "stdout")
		case *ast.Env, *ast.Cached, *ast.Retry:
		case *ast.Attr:
			if !harmless[it.Key.Text] {
				return false
			}
		default:
			return false
		}
	}
	return returnsOutput || !prints
}

// ownPrograms says that a script of an op runs a program by its path, which does more than compute for all that is known.
func (p *pass) ownPrograms(o *check.Op) bool {
	return slices.ContainsFunc(p.scripts(o), func(s *script) bool {
		return slices.ContainsFunc(s.read.Commands, func(c shell.Command) bool { return strings.Contains(c.Name, "/") })
	})
}

func computes(r *ast.Run) (only, prints bool) {
	if r.Script == nil {
		return false, false
	}
	d, ours := shell.DialectOf(r.Script.Lang)
	if !ours {
		return false, false
	}
	return shell.Computes(r.Script.Text, d)
}

// names says that an expression in a node reads a name.
func names(n ast.Node, name string) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}
