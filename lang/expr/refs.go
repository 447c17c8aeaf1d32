package expr

import (
	"slices"
	"sync"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
)

// Ref is a free name of an expression.
type Ref struct {
	Name string
	Span source.Span
	// Order says that the name stands only inside succeeded(), failed() or skipped().
	Order bool
}

// Refs are the free names of an expression in textual order, one for each mention;
// variables of comprehensions are not among them.
func Refs(x ast.Expr) []Ref { return AppendRefs(nil, x) }

// AppendRefs is Refs behind those of a list, which may have the room for them.
func AppendRefs(to []Ref, x ast.Expr) []Ref {
	f := finder{refs: to}
	f.walk(x)
	slices.SortStableFunc(f.refs[len(to):], func(a, b Ref) int { return int(a.Span.Start - b.Span.Start) })
	return f.refs
}

var finders = sync.Pool{New: func() any { return &finder{} }}

// AnyRef asks for each of Refs until one of them is it.
func AnyRef(x ast.Expr, is func(Ref) bool) bool {
	f := finders.Get().(*finder)
	defer finders.Put(f)
	*f = finder{refs: AppendRefs(f.refs[:0], x)}
	return slices.ContainsFunc(f.refs, is)
}

// EachRef hands out Refs one by one.
func EachRef(x ast.Expr, visit func(Ref)) {
	AnyRef(x, func(r Ref) bool {
		visit(r)
		return false
	})
}

// Succeeded are the names in succeeded(x) that are top-level conjuncts.
func Succeeded(x ast.Expr) []string {
	switch x := ast.Unparen(x).(type) {
	case *ast.Binary:
		if x.Op == "&&" {
			return append(Succeeded(x.X), Succeeded(x.Y)...)
		}
	case *ast.Call:
		if step, ok := statusArg(x); ok && x.Name.Text == "succeeded" {
			return []string{step.Name}
		}
	}
	return nil
}

// refuted are the names that have succeeded where x is false: !succeeded(a) || …
func refuted(x ast.Expr) []string {
	switch x := ast.Unparen(x).(type) {
	case *ast.Binary:
		if x.Op == "||" {
			return append(refuted(x.X), refuted(x.Y)...)
		}
	case *ast.Unary:
		if x.Op == "!" {
			return Succeeded(x.X)
		}
	}
	return nil
}

// statusArg is the step in succeeded(step), failed(step) and skipped(step).
func statusArg(x *ast.Call) (*ast.Ident, bool) {
	if _, ok := statuses[x.Name.Text]; !ok || x.Target != nil || len(x.Args) != 1 {
		return nil, false
	}
	step, ok := ast.Unparen(x.Args[0]).(*ast.Ident)
	return step, ok
}

// finder collects free names.
type finder struct {
	refs   []Ref
	locals []string
}

func (f *finder) walk(x ast.Expr) {
	switch x := x.(type) {
	case *ast.Ident:
		if !slices.Contains(f.locals, x.Name) {
			f.refs = append(f.refs, Ref{Name: x.Name, Span: x.Range})
		}
	case *ast.Paren:
		f.walk(x.X)
	case *ast.Unary:
		f.walk(x.X)
	case *ast.Binary:
		f.walk(x.X)
		f.walk(x.Y)
	case *ast.Conditional:
		f.walk(x.Cond)
		f.walk(x.Then)
		f.walk(x.Else)
	case *ast.Select:
		f.walk(x.X)
	case *ast.Index:
		f.walk(x.X)
		f.walk(x.Index)
	case *ast.Call:
		f.call(x)
	case *ast.Interpolation:
		f.all(x.Parts)
	case *ast.ListLit:
		for _, e := range x.Elems {
			f.walk(e.Value)
		}
	case *ast.MapLit:
		for _, e := range x.Entries {
			f.walk(e.Key)
			f.walk(e.Value)
		}
	case *ast.RecordLit:
		f.fields(x.Fields)
	case *ast.RecordBody:
		f.fields(x.Fields)
	}
}

func (f *finder) all(xs []ast.Expr) {
	for _, x := range xs {
		f.walk(x)
	}
}

func (f *finder) fields(fields []ast.RecordField) {
	for _, x := range fields {
		f.walk(x.Value)
	}
}

func (f *finder) call(x *ast.Call) {
	if step, ok := statusArg(x); ok {
		f.refs = append(f.refs, Ref{Name: step.Name, Span: step.Range, Order: true})
		return
	}
	if bindsFirst(x) {
		f.walk(x.Args[1])
		f.bound(x.Args[:1], x.Args[2:])
		return
	}
	if x.Target == nil {
		f.all(x.Args)
		return
	}
	if ns, ok := ast.Unparen(x.Target).(*ast.Ident); !ok || !f.namespaced(x, ns) {
		f.walk(x.Target)
	}
	vars := min(binders(x.Name.Text, len(x.Args), true), len(x.Args))
	f.bound(x.Args[:max(vars, 0)], x.Args[max(vars, 0):])
}

// namespaced reports whether the target of a call is the namespace of a function. git is a value as well.
func (f *finder) namespaced(x *ast.Call, ns *ast.Ident) bool {
	if slices.Contains(f.locals, ns.Name) {
		return false
	}
	name := ns.Name + "." + x.Name.Text
	if _, ok := hostFunctions[name]; ok {
		return ns.Name != "git"
	}
	switch name {
	case "math.greatest", "math.least", "cel.bind":
		return true
	}
	return declarations().functions[name].global
}

// bound walks arguments in which the first ones are variables.
func (f *finder) bound(vars, args []ast.Expr) {
	outer := f.locals
	f.locals = slices.Clone(outer)
	for _, v := range vars {
		if id, ok := v.(*ast.Ident); ok {
			f.locals = append(f.locals, id.Name)
		} else {
			f.walk(v)
		}
	}
	f.all(args)
	f.locals = outer
}
