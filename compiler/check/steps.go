package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// resolve finds what the step calls and the type that others see of it. Whatever it reads is
// in scope already.
func (n *node) resolve() {
	s, st := n.stage, n.step
	n.openScope()
	n.narrowBy()
	n.bind()
	n.loops()
	st.Scope = n.local.scope
	switch {
	case n.broken:
	case st.Decl.Inline:
		n.inline()
	default:
		n.callee()
	}
	if n.broken {
		st.Result = types.InvalidType
	}
	var elemWhy *expr.Why
	st.Type, st.Why, elemWhy = n.outcome()
	why := st.Why
	if why == nil {
		why = elemWhy
	}
	s.scope.Declare(st.Name, expr.Var{Type: st.Type, Step: true, Why: why, Broken: st.Type.Kind == types.Invalid})
}

// openScope makes a scope of the step's own when it knows names that others do not.
func (n *node) openScope() {
	n.local = n.stage.in(n.stage.scope)
	own := n.step.Decl.Inline || len(n.after.list) > 0
	for _, it := range n.items {
		switch it.(type) {
		case *ast.Needs, *ast.For:
			own = true
		}
	}
	if !own {
		return
	}
	n.local.scope = n.stage.scope.Child(0)
	for _, waited := range n.after.list {
		name := waited.name
		v, _ := n.stage.scope.Lookup(name)
		if v.Type != nil && v.Type.Kind != types.Optional && !v.Broken {
			v.Type = types.OptionalOf(v.Type)
			v.Why = &expr.Why{File: n.stage.src, Span: waited.at, Text: "after " + name}
			n.local.scope.Declare(name, v)
		}
	}
}

// bind types `needs name = expr`. No binding sees another.
func (n *node) bind() {
	if n.typed() {
		n.step.Narrow = n.plain
		return
	}
	if len(n.plain) > 0 {
		n.local.narrow = make(map[string]bool, len(n.plain))
		for _, name := range n.plain {
			n.local.narrow[name] = true
		}
	}
	e := n.local
	if len(n.bindings()) > 0 {
		e.narrow = n.needed()
	}
	for _, it := range n.items {
		needs, ok := it.(*ast.Needs)
		if !ok {
			continue
		}
		for _, need := range needs.Items {
			if need.Value != nil {
				n.stage.reservedName(need.Name, "binding", nil)
				n.bindTo(e, need.Name, need.Value)
			}
		}
	}
	for _, b := range n.step.Bindings {
		delete(n.local.narrow, b.Name)
		n.local.scope.Declare(b.Name, expr.Var{Type: b.Type, Broken: b.Type.Kind == types.Invalid})
	}
	if len(n.local.narrow) > 0 {
		n.step.Narrow = slices.Sorted(maps.Keys(n.local.narrow))
	}
}

// anyOptional is wanted where a field of type T? is read as what it is.
var anyOptional = &types.Type{Kind: types.Optional, Elem: types.InvalidType}

func (n *node) bindTo(e exprs, name ast.Name, value ast.Expr) {
	t := e.want(value, anyOptional, "needs "+name.Text)
	// An inline op has no other parameters, so that what is always there may be bound for it too.
	if t.Kind != types.Invalid && t.Kind != types.Optional && !n.step.Decl.Inline {
		n.stage.report(finding{
			rule: diag.TypeMismatch, at: value.Span(),
			message: fmt.Sprintf("needs %s: expected an optional, found %s, which is always there", name.Text, t),
			help:    "read it directly, or name it with let",
		})
	}
	n.step.Bindings = append(n.step.Bindings, Binding{Name: name.Text, Value: value, Type: t.Plain(), Always: t.Kind != types.Invalid && t.Kind != types.Optional && t.Kind != types.JSON})
}

// narrowBy finds the optional steps that are plain here: needed ones, and those that a guard
// asks for with succeeded(x).
func (n *node) narrowBy() {
	always := func(name string) bool {
		v, ok := n.local.scope.Lookup(name)
		return !ok || !v.Step || v.Type.Kind != types.Optional
	}
	n.plain = slices.Clip(n.step.Needs)
	if slices.ContainsFunc(n.plain, always) { // of most steps, all are optional
		n.plain = slices.DeleteFunc(slices.Clone(n.plain), always)
	}
	for _, it := range n.items {
		if w, ok := it.(*ast.When); ok && w.Cond != nil {
			for _, name := range expr.Succeeded(w.Cond) {
				if !always(name) {
					n.plain = append(n.plain, name)
				}
			}
		}
	}
	slices.Sort(n.plain)
	n.plain = slices.Compact(n.plain)
}

// typed says that none of the step's expressions has to be typed once more.
func (n *node) typed() bool { return n.was != nil && n.was.result != nil && n.step.Decl.Inline }

// needed are the narrowed steps that are plain in `when` too: those in needs, which comes first.
func (n *node) needed() map[string]bool {
	if len(n.local.narrow) == 0 {
		return nil
	}
	out := map[string]bool{}
	for _, name := range n.step.Needs {
		out[name] = n.local.narrow[name]
	}
	return out
}

// loops types the lists of `for` and makes their variables known.
func (n *node) loops() {
	s := n.stage
	var seen scope
	for _, it := range n.items {
		loop, ok := it.(*ast.For)
		if !ok {
			continue
		}
		if seen == nil {
			seen = scope{}
		}
		n.loopName(loop, seen)
		elem := types.InvalidType
		if !n.broken {
			elem = n.elem(loop)
		}
		n.step.Loops = append(n.step.Loops, Loop{Var: loop.Var.Text, Type: elem, Decl: loop})
		n.local.want(loop.Max, types.IntType, "max")
		s.positive(loop.Max, "max")
		if loop.Var.Text != "" {
			n.local.scope.Declare(loop.Var.Text, expr.Var{Type: elem, Broken: elem.Kind == types.Invalid})
		}
		n.local.want(loop.Where, types.BoolType, "where")
	}
	if len(n.step.Loops) > 0 {
		n.local.loops = &rounds{node: n}
	}
}

func (n *node) loopName(loop *ast.For, seen scope) {
	s := n.stage
	s.declare(seen, loop.Var, "loop variable")
	if s.reservedName(loop.Var, "loop variable", nil) {
		return
	}
	if n.step.Decl.Inline {
		s.processName(loop.Var, "loop variable")
	}
	shadowed := s.nodes[loop.Var.Text]
	if shadowed == nil {
		shadowed = s.main.nodes[loop.Var.Text]
	}
	if shadowed != nil {
		s.refuseName(loop.Var, "loop variable", "is a step of this pipeline", nil,
			diag.Related{File: s.src, Span: shadowed.step.Decl.Name.Range, Message: "the step is declared here"})
	}
}

// elem is the type of one round of a loop.
func (n *node) elem(loop *ast.For) *types.Type {
	if loop.List == nil {
		return types.InvalidType
	}
	t := n.local.anything(loop.List, "for", "a list", func(t *types.Type) bool { return t.Kind == types.List || t.Kind == types.JSON })
	n.local.unlabelled(loop.List, t.WithoutLabels(types.Untrusted), t.Labels&types.Secret, "the list of for")
	switch t.Kind {
	case types.List:
		return t.Elem.WithLabels(t.Labels)
	case types.JSON:
		return t
	}
	return types.InvalidType
}

// outcome is what others see: a list under `for`, optional when there may be no result. why
// explains the whole, elemWhy the gaps of a list.
func (n *node) outcome() (t *types.Type, why, elemWhy *expr.Why) {
	t = n.step.Result
	if t.Kind == types.Invalid {
		return t, nil, nil
	}
	if n.unreadShape() {
		return types.InvalidType, nil, nil
	}
	whole, each := n.reasons()
	if len(n.step.Loops) > 0 {
		if each != nil {
			t = types.OptionalOf(t)
		}
		t = types.ListOf(t)
	} else if whole == nil {
		whole = each
	}
	if whole != nil {
		t = types.OptionalOf(t)
	}
	return t, whole, each
}

// unreadShape says that something could not be read that may make a list of the step, or an optional.
func (n *node) unreadShape() bool {
	return n.step.Decl.Bad || slices.ContainsFunc(n.step.Decl.Items, func(it ast.Item) bool {
		bad, ok := it.(*ast.BadItem)
		return ok && !keepsShape(n.stage.src.Slice(bad.Range))
	})
}

// keepsShape says that a modifier leaves the type of a step as it is, whatever stands behind its keyword.
func keepsShape(text string) bool {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) })
	if end < 0 {
		end = len(text)
	}
	switch word := text[:end]; word {
	case "allow_failure", "for", "needs", "return", "when":
		return false
	default:
		return roles[word] != 0
	}
}

// reasons are the first things that may leave the step, or an instance of it, without a result.
func (n *node) reasons() (whole, each *expr.Why) {
	s := n.stage
	why := func(at source.Span, text string) *expr.Why {
		return &expr.Why{File: s.src, Span: at, Text: text}
	}
	note := func(into **expr.Why, w *expr.Why) {
		if *into == nil {
			*into = w
		}
	}
	vars := n.loopVars()
	for _, it := range n.items {
		switch it := it.(type) {
		case *ast.When:
			into := &whole
			if mentions(it.Cond, vars) {
				into = &each
			}
			if *into == nil {
				*into = why(it.Range, s.brief(it.Range))
			}
		case *ast.AllowFailure:
			note(&whole, why(it.Range, "allow_failure"))
		case *ast.Needs:
			for _, need := range it.Items {
				if whole == nil {
					whole = n.needWhy(need)
				}
			}
		}
	}
	if p := n.step.Pipeline; p != nil {
		for _, it := range p.Head {
			if w, ok := it.(*ast.When); ok {
				note(&whole, why(n.step.Decl.Name.Range, "pipeline "+p.Name+" has "+oneLine(p.File.Source.Slice(w.Range))))
			}
		}
	}
	return whole, each
}

// needWhy says whether a need may skip the step.
func (n *node) needWhy(need ast.Need) *expr.Why {
	s := n.stage
	if need.Value != nil {
		if slices.ContainsFunc(n.step.Bindings, func(b Binding) bool { return b.Name == need.Name.Text && b.Always }) {
			return nil
		}
		return &expr.Why{File: s.src, Span: need.Range, Text: "needs " + s.brief(need.Range)}
	}
	v, ok := s.scope.Lookup(need.Name.Text)
	if !ok || !v.Step || v.Type.Kind != types.Optional {
		return nil
	}
	text := "needs " + need.Name.Text
	if v.Why != nil && !strings.HasPrefix(v.Why.Text, "needs ") {
		text += ", which has " + v.Why.Text
	}
	return &expr.Why{File: s.src, Span: need.Range, Text: text}
}

func (n *node) loopVars() map[string]bool {
	if len(n.step.Loops) == 0 {
		return nil
	}
	vars := map[string]bool{}
	for _, l := range n.step.Loops {
		vars[l.Var] = true
	}
	return vars
}

// brief is a text of the file in one short line.
func (f *file) brief(at source.Span) string { return oneLine(f.src.Slice(at)) }

func oneLine(s string) string {
	if isOneLine(s) {
		return s
	}
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > longestLine {
		return string(r[:longestLine-1]) + "…"
	}
	return s
}

// longestLine is how many characters of a text are shown in one line.
const longestLine = 60

// isOneLine says that a text is already as oneLine makes it.
func isOneLine(s string) bool {
	if len(s) > longestLine || s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == ' ' && s[i+1] == ' ' {
			return false
		}
	}
	return true
}
