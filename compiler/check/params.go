package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// attemptNames are what `return` reads of an attempt, so that no parameter can be called so.
var attemptNames = []string{"exit_code", "stdout", "stderr", "outputs"}

// params resolves parameters and checks their names. process says that a process gets them
// as environment variables.
func (f *file) params(fields []*ast.Field, process bool) []*Param {
	names := scope{}
	var out []*Param
	for _, x := range fields {
		if !f.declare(names, x.Name, "parameter") {
			continue
		}
		if !f.reservedName(x.Name, "parameter", nil) {
			f.snakeName(x.Name, "parameter")
		}
		if process {
			f.processName(x.Name, "parameter")
			if slices.Contains(attemptNames, x.Name.Text) {
				f.refuseName(x.Name, "parameter", "is what return reads of an attempt", nil)
			}
		}
		p := &Param{Name: x.Name.Text, File: f.ast, Decl: x, Type: types.InvalidType, in: f}
		if x.Type != nil {
			p.Type = f.typ(x.Type)
		}
		p.Required = x.Default == nil && p.Type.Kind != types.Optional && !x.Bad
		out = append(out, p)
	}
	return out
}

// declareParams makes parameters known in a scope, after checking what they default to.
func (f *file) declareParams(s *expr.Scope, params []*Param) {
	for _, p := range params {
		f.field(p.Decl, p.Type, "parameter")
		s.Declare(p.Name, expr.Var{Type: p.Type, Broken: p.Type.Kind == types.Invalid})
	}
}

func paramNames(params []*Param) []string {
	out := make([]string, len(params))
	for i, p := range params {
		out[i] = p.Name
	}
	return out
}

func findParam(params []*Param, name string) *Param {
	for _, p := range params {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// waysToRead is the way out where nothing reads a parameter, which a string may try to as a shell would.
func waysToRead(dollars []string, name string) string {
	for _, text := range dollars {
		if _, behind, found := strings.Cut(text, "$"+name); found && nameLength(behind) == 0 {
			return fmt.Sprintf("in a string $%s is text: write ${%s}", name, name)
		}
	}
	return "remove it, or read it"
}

// dollars are the strings of a declaration in which something stands behind a dollar.
func dollars(d ast.Node) (texts []string) {
	ast.Inspect(d, func(n ast.Node) bool {
		if s, ok := n.(*ast.StringLit); ok && strings.Contains(s.Text, "$") && !strings.HasPrefix(strings.ToLower(s.Text), "r") {
			texts = append(texts, s.Text)
		}
		return true
	})
	return texts
}

// nameLength is how many of a text's first bytes would go on with a name.
func nameLength(s string) int {
	return len(s) - len(strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))
}

// unusedParams warns of parameters that nothing reads. For an op it is a hint: a program that
// it starts may read the environment without a word in the file. A declaration that is damaged may read any.
func (f *file) unusedParams(d ast.Node, params []*Param, used map[string]bool, hint bool) {
	var texts []string
	looked := false
	for _, p := range params {
		if used[p.Name] || p.Decl.Bad {
			continue
		}
		if !looked {
			if damaged(d) {
				return
			}
			texts, looked = dollars(d), true
		}
		f.report(finding{
			rule: diag.UnusedParam, at: p.Decl.Name.Range, hint: hint,
			message: fmt.Sprintf("nothing reads parameter %q", p.Name),
			help:    waysToRead(texts, p.Name),
		})
	}
}
