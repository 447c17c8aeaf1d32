package check

import (
	"fmt"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// exprs is a place of expressions: a file, what may be named there, and where findings go.
type exprs struct {
	file   *file
	scope  *expr.Scope
	narrow map[string]bool
	diags  *diag.List
	loops  *rounds // of the step, where it has any
}

func (f *file) in(s *expr.Scope) exprs { return exprs{file: f, scope: s, diags: f.diags} }

// want checks an expression against a type; an absent one is fine.
func (e exprs) want(x ast.Expr, t *types.Type, what string) *types.Type {
	if x == nil {
		return types.InvalidType
	}
	if e.foreign(x) {
		return types.InvalidType
	}
	found := expr.Check(x, e.scope, expr.Options{File: e.file.src, Diags: e.diags, Want: t, What: what, Narrow: e.narrow})
	if found.Kind != types.Invalid {
		e.fails(x)
		if e.file.asks {
			e.fieldsHold(x, t)
		}
	}
	return found
}

// foreign reports names that exist but cannot be read here.
func (e exprs) foreign(x ast.Expr) bool {
	if !expr.AnyRef(x, func(expr.Ref) bool { return true }) {
		return false
	}
	names := e.file.foreign
	if _, ok := e.scope.Lookup("git"); !ok {
		names = e.file.impure()
	}
	if len(names) == 0 {
		return false
	}
	found := false
	expr.EachRef(x, func(r expr.Ref) {
		if why, ok := names[r.Name]; ok {
			why.at = r.Span
			e.file.reportTo(e.diags, why)
			found = true
		}
	})
	return found
}

// anything types an expression that may be of several types; fits says which. An optional is
// checked again as its content, so that the message names the guard that makes it one.
func (e exprs) anything(x ast.Expr, what, expected string, fits func(*types.Type) bool) *types.Type {
	t := e.want(x, nil, what)
	switch {
	case t.Kind == types.Invalid || fits(t):
		return t
	case t.Kind == types.Optional && fits(t.Plain()):
		return e.want(x, t.Plain(), what)
	}
	f := finding{
		rule: diag.TypeMismatch, at: x.Span(),
		message: what + ": expected " + expected + ", found " + t.String(),
	}
	switch kind := t.Plain().Kind; {
	case what == "for" && kind == types.String:
		f.help = fmt.Sprintf("make a list of it: %s.split(\",\")", e.file.brief(x.Span()))
	case what == "for" && kind == types.Int:
		f.help = fmt.Sprintf("count so far: lists.range(%s)", e.file.brief(x.Span()))
	}
	e.file.reportTo(e.diags, f)
	return types.InvalidType
}

// unlabelled refuses secrets and strangers' values where Options.Want cannot.
func (e exprs) unlabelled(x ast.Expr, t *types.Type, refused types.Label, what string) {
	switch labels := t.DeepLabels() & refused; {
	case labels&types.Secret != 0:
		e.file.reportTo(e.diags, finding{
			rule: diag.SecretLeak, at: x.Span(), message: "a secret cannot be used as " + what,
			help: "a secret may go into env, mount and parameters that are declared secret",
		})
	case labels&types.Untrusted != 0:
		e.file.reportTo(e.diags, finding{
			rule: diag.UntrustedFlow, at: x.Span(), message: "a value that a stranger may choose cannot be used as " + what,
			help: `admit it first: trusted(x, r"…")`,
		})
	}
}

// mentions reports whether an expression reads one of the names.
func mentions(x ast.Expr, names map[string]bool) bool {
	if x == nil || len(names) == 0 {
		return false
	}
	return expr.AnyRef(x, func(r expr.Ref) bool { return names[r.Name] })
}

const anyLabel = types.Secret | types.Untrusted
