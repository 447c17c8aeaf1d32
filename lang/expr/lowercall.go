package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// statuses are the functions that ask how a step ended.
var statuses = map[string]Status{"succeeded": StatusSucceeded, "failed": StatusFailed, "skipped": StatusSkipped}

func (l *lowerer) anyCall(x *ast.Call, want *types.Type) celast.Expr {
	if x.Target == nil {
		return l.globalCall(x)
	}
	if ns, ok := ast.Unparen(x.Target).(*ast.Ident); ok && l.lang.namespaces[ns.Name] && !l.isLocal(ns.Name) {
		if e := l.namespaced(x, ns); e != nil {
			return e
		}
	}
	if ns, ok := ast.Unparen(x.Target).(*ast.Ident); ok && !l.running() {
		if near := l.nearNamespace(ns, x.Name.Text); near != "" {
			return l.fail(diag.Diagnostic{Rule: diag.UnknownName, Span: ns.Range, Message: "unknown name " + quoted(ns.Name), Help: didMean(near)})
		}
	}
	if m := l.lang.macro(x.Name.Text, len(x.Args), true); m != nil {
		target := l.expr(x.Target, nil)
		if e := l.expand(x, target); e != nil {
			return e
		}
	}
	name := x.Name.Text
	if name != "orValue" {
		want = nil
	}
	target := l.expr(x.Target, nil)
	if of, ok := ast.Unparen(x.Target).(*ast.Ident); ok && slices.Contains(l.unknown, of.Name) {
		return l.nothing(x.Range) // of which it is told
	}
	if s := l.lang.functions[name]; !s.member || hidden[name] {
		return l.unknownFunction(x, name, true)
	}
	args := l.args(x.Args, want)
	l.regex = l.regex || name == "matches"
	l.lazy = l.lazy || name == "or" || name == "orValue"
	return l.memberCall(x.Range, name, target, args...)
}

// nearNamespace is the namespace that a name was meant for, which nothing has; "" where none is near that has the function.
func (l *lowerer) nearNamespace(ns *ast.Ident, function string) string {
	if l.lang.namespaces[ns.Name] || l.isLocal(ns.Name) {
		return ""
	}
	if _, declared := l.scope.Lookup(ns.Name); declared {
		return ""
	}
	near := diag.Suggest(ns.Name, slices.Sorted(maps.Keys(l.lang.namespaces)))
	if near == "" || !slices.Contains(l.lang.within(near), function) || diag.Suggest(ns.Name, append(l.scope.names(), l.locals...)) != "" {
		return ""
	}
	return near
}

func (l *lowerer) args(xs []ast.Expr, want *types.Type) []celast.Expr {
	out := make([]celast.Expr, len(xs))
	for i, x := range xs {
		out[i] = l.expr(x, want)
	}
	return out
}

// namespaced lowers ns.name(…) where that is a function or a macro; nil when it is a method of a variable.
func (l *lowerer) namespaced(x *ast.Call, ns *ast.Ident) celast.Expr {
	name := ns.Name + "." + x.Name.Text
	if _, ok := hostFunctions[name]; ok {
		return l.hostCall(x, name)
	}
	if hidden[name] {
		return nil
	}
	if m := l.lang.macro(x.Name.Text, len(x.Args), true); m != nil {
		if e := l.expand(x, factory.NewIdent(l.id(ns.Range), ns.Name)); e != nil {
			return e
		}
	}
	if s := l.lang.functions[name]; s.global {
		return l.call(x.Range, name, l.args(x.Args, nil)...)
	}
	if l.running() {
		return nil
	}
	if _, ok := l.scope.Lookup(ns.Name); ok && (ns.Name != "git" || l.lang.functions[x.Name.Text].member) {
		return nil
	}
	return l.unknownFunction(x, name, false)
}

func (l *lowerer) globalCall(x *ast.Call) celast.Expr {
	name := strings.TrimPrefix(x.Name.Text, ".")
	if status, ok := statuses[name]; ok {
		return l.status(x, name, status)
	}
	if _, ok := hostFunctions[name]; ok {
		return l.hostCall(x, name)
	}
	switch name {
	case "trusted":
		return l.trusted(x)
	case "float":
		name = "double"
	case "type", "dyn", "uint":
		return l.fail(diag.Diagnostic{Rule: diag.NoNull, Span: x.Name.Range, Message: "there is no " + name + "() here: every value has one type that is known before it runs"})
	}
	if m := l.lang.macro(name, len(x.Args), false); m != nil {
		if e := l.expand(x, nil); e != nil {
			return e
		}
	}
	if s := l.lang.functions[name]; !s.global || hidden[name] || strings.HasPrefix(name, "@") {
		return l.unknownFunction(x, name, false)
	}
	l.regex = l.regex || name == "matches"
	return l.call(x.Range, name, l.args(x.Args, nil)...)
}

// status lowers succeeded(x): a comparison with x's status, so that nothing needs x's value.
func (l *lowerer) status(x *ast.Call, fn string, status Status) celast.Expr {
	if !l.running() && l.scope.functions&Steps == 0 {
		return l.fail(diag.Diagnostic{Rule: diag.UnknownFunction, Span: x.Name.Range, Message: fn + "() asks about steps, and there are none here", Help: "use it in the modifiers of a step"})
	}
	if len(x.Args) != 1 {
		return l.fail(diag.Diagnostic{Rule: diag.TypeMismatch, Span: x.Range, Message: fmt.Sprintf("%s takes the name of one step, found %d arguments", fn, len(x.Args))})
	}
	step, ok := ast.Unparen(x.Args[0]).(*ast.Ident)
	if !ok {
		if _, bad := x.Args[0].(*ast.BadExpr); bad {
			l.failed = true
			return l.nothing(x.Range)
		}
		return l.fail(diag.Diagnostic{Rule: diag.TypeMismatch, Span: x.Args[0].Span(), Message: fn + " takes the name of a step"})
	}
	if !l.running() {
		v, ok := l.scope.Lookup(step.Name)
		switch {
		case !ok:
			return l.unknownName(step)
		case v.Broken && !v.Step:
			l.failed = true
			return l.nothing(x.Range)
		case !v.Step:
			return l.fail(diag.Diagnostic{Rule: diag.TypeMismatch, Span: step.Range, Message: fn + " takes the name of a step; " + step.Name + " is none"})
		}
	}
	literal := factory.NewLiteral(l.id(x.Name.Range), celtypes.String(status))
	return l.call(x.Range, operators.Equals, l.ident(step.Range, step.Name+statusMark), literal)
}

func (l *lowerer) hostCall(x *ast.Call, name string) celast.Expr {
	h := hostFunctions[name]
	args := l.args(x.Args, nil)
	if !l.running() && l.scope.functions&h.in == 0 {
		return l.fail(diag.Diagnostic{Rule: diag.UnknownFunction, Span: x.Name.Range, Message: name + " cannot be called here", Help: "it works " + h.place()})
	}
	if len(args) != 1 {
		return l.fail(diag.Diagnostic{Rule: diag.TypeMismatch, Span: x.Range, Message: fmt.Sprintf("%s takes one argument, found %d", name, len(args))})
	}
	return l.call(x.Range, hostCall(name), l.ident(x.Name.Range, hostName), args[0])
}

func (l *lowerer) trusted(x *ast.Call) celast.Expr {
	if len(x.Args) != 2 {
		return l.fail(diag.Diagnostic{Rule: diag.TypeMismatch, Span: x.Range, Message: fmt.Sprintf(`trusted takes a value and a pattern, found %d arguments`, len(x.Args)), Help: `write trusted(x, r"[a-z]+")`})
	}
	if !l.running() {
		if _, ok := ast.Unparen(x.Args[1]).(*ast.StringLit); !ok {
			return l.fail(diag.Diagnostic{Rule: diag.InvalidValue, Span: x.Args[1].Span(), Message: "the pattern of trusted must be a literal string", Help: `write trusted(x, r"[a-z]+")`})
		}
	}
	return l.call(x.Range, fnTrusted, l.args(x.Args, nil)...)
}

// binders is how a macro binds variables: the first vars arguments name them.
func binders(name string, args int, member bool) (vars int) {
	if !member {
		return 0
	}
	switch name {
	case "all", "exists", "exists_one", "existsOne":
		return args - 1
	case "map", "filter", "optMap", "optFlatMap", "sortBy":
		return 1
	case "transformList", "transformMap", "transformMapEntry":
		return 2
	}
	return 0
}

// bindsFirst reports cel.bind(x, value, result): x is bound in the result only.
func bindsFirst(x *ast.Call) bool {
	ns, ok := x.Target.(*ast.Ident)
	return ok && ns.Name == "cel" && x.Name.Text == "bind" && len(x.Args) == 3
}

// expand applies a macro; nil when it leaves the call as it is.
func (l *lowerer) expand(x *ast.Call, target celast.Expr) celast.Expr {
	args, outer := make([]celast.Expr, len(x.Args)), l.locals
	bind := func(i int) {
		if v, ok := x.Args[i].(*ast.Ident); ok {
			args[i] = factory.NewIdent(l.id(v.Range), v.Name)
			l.locals = append(l.locals[:len(l.locals):len(l.locals)], v.Name)
		} else {
			args[i] = l.expr(x.Args[i], nil)
		}
	}
	switch vars := binders(x.Name.Text, len(x.Args), target != nil); {
	case bindsFirst(x):
		args[1] = l.expr(x.Args[1], nil)
		bind(0)
		args[2] = l.expr(x.Args[2], nil)
	default:
		for i := range x.Args {
			if i < vars {
				bind(i)
			} else {
				args[i] = l.expr(x.Args[i], nil)
			}
		}
	}
	l.locals = outer
	if l.failed {
		return l.nothing(x.Range) // a placeholder is no variable name
	}
	h := &macroHelper{l: l, at: x.Range}
	m := l.lang.macro(x.Name.Text, len(x.Args), target != nil)
	e, err := m.Expander()(h, target, args)
	if err != nil {
		return l.fail(diag.Diagnostic{Rule: diag.TypeMismatch, Span: l.span(err.ExprID), Message: macroMessage(x)})
	}
	if e != nil && e.Kind() == celast.ComprehensionKind {
		l.loops = true
		if strings.HasPrefix(x.Name.Text, "transformMap") {
			l.builds(e.ID())
		}
	}
	return e
}

// macroMessage says what is wrong with a macro's arguments in the user's terms.
func macroMessage(x *ast.Call) string {
	name := x.Name.Text
	switch {
	case name == "has":
		return "has takes a field: has(x.name)"
	case name == "greatest" || name == "least":
		return name + " takes numbers"
	case name == "bind":
		return "cel.bind takes a name, its value and a result: cel.bind(x, value, result)"
	case binders(name, len(x.Args), true) > 1:
		return name + " takes two names first: " + name + "(i, x, …)"
	}
	return name + " takes a name for each element first: " + name + "(x, …)"
}
