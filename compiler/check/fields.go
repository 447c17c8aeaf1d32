package check

import (
	"fmt"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// field checks what settings, parameters and record fields share: default, where, else.
// Settings are found before anything else is known, and records have no place of their own,
// so their defaults read functions only; a parameter's reads what its file may read.
func (f *file) field(x *ast.Field, t *types.Type, what string) {
	within := f.pure
	if what == "parameter" {
		within = f.scope
	}
	if x.Default != nil {
		f.in(within).want(x.Default, t, "default of "+x.Name.Text)
		f.spelledDefault(x, t, what)
		if what == "setting" {
			f.settingURL(x.Default, t, "default of "+x.Name.Text)
		}
	}
	if x.Where != nil {
		scope := within.Child(0)
		scope.Declare("self", expr.Var{Type: t.Plain().WithoutLabels(types.Secret), Broken: t.Kind == types.Invalid})
		f.itself(x, scope)
		within = scope
		f.in(scope).want(x.Where, types.BoolType.WithLabels(t.Labels&types.Untrusted), "where")
		f.in(scope).holds(x.Default, x, t, f, "default of "+x.Name.Text)
	}
	f.fieldMessage(x, t, f.in(within))
	if x.From != nil && what != "setting" {
		f.report(finding{
			rule: diag.Misplaced, at: x.From.Range, message: "from belongs to a setting, not to a " + what,
			help: "give the value as an argument where this is used",
		})
	}
}

// itself says of a condition that calls the value by its field's name how it is called there.
func (f *file) itself(x *ast.Field, scope *expr.Scope) {
	if _, known := scope.Lookup(x.Name.Text); known {
		return
	}
	for _, r := range expr.Refs(x.Where) {
		if r.Name == x.Name.Text {
			f.report(finding{
				rule: diag.UnknownName, at: r.Span, message: fmt.Sprintf("unknown name %q", r.Name),
				help: "the value itself is called self",
			})
			scope.Declare(r.Name, expr.Var{Type: types.InvalidType, Broken: true})
			return
		}
	}
}

// fieldMessage checks the message of a condition; a secret's can only be a literal.
func (f *file) fieldMessage(x *ast.Field, t *types.Type, e exprs) {
	switch {
	case x.Else == nil:
	case x.Where == nil && !x.Bad:
		f.errorf(diag.Misplaced, x.Else.Span(), "else without where: there is no condition that could fail")
	case t.DeepLabels()&types.Secret != 0:
		if _, ok := ast.Unparen(x.Else).(*ast.StringLit); !ok {
			f.errorf(diag.SecretLeak, x.Else.Span(), "the message about a secret can only be a string without ${…}")
		}
	default:
		e.want(x.Else, types.StringType, "else")
	}
}
