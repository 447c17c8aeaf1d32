package expr

import (
	"strconv"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// accumulator is the variable that macros gather their result in; it is no identifier of a file.
const accumulator = "@result"

var factory = celast.NewExprFactoryWithAccumulator(accumulator)

// limits of one expression: what is beyond them is too-deep.
const (
	maxNesting = 5000 // of nodes: a long sum is deep, though nothing in it is nested
	maxChain   = 64   // of .a.b.c, which CEL's checker takes quadratic time for
)

// lowerer turns a tree of ours into one of CEL, for a check or for a run. Every node's id
// leads to its span. What it reports makes the tree useless.
type lowerer struct {
	lang *language
	// scope is nil for a run, which takes every name as it is.
	scope *Scope
	// records finds the type that Name{…} builds.
	records func(name string) (*types.Type, bool)
	report  func(diag.Diagnostic)
	spans   []source.Span // by id, the first unused
	narrow  map[string]bool
	locals  []string
	depth   int
	// refs tells CEL's planner what is a variable; only for a run.
	refs map[int64]*celast.ReferenceInfo
	// bodies are record bodies whose fields' types only the check tells.
	bodies []*types.Type
	// asked are selections that became .? because an optional is wanted.
	asked   []int64
	unknown []string // names that have been reported
	failed  bool
	loops   bool                  // has a macro: it may run long
	regex   bool                  // calls matches
	lazy    bool                  // calls or, orValue
	sorted  map[int64]bool        // nodes that build maps
	names   map[int64]source.Span // where the field's name of a selection stands
}

func (l *lowerer) id(s source.Span) int64 {
	l.spans = append(l.spans, s)
	return int64(len(l.spans) - 1)
}

func (l *lowerer) span(id int64) source.Span {
	if id > 0 && id < int64(len(l.spans)) {
		return l.spans[id]
	}
	return source.Span{}
}

func (l *lowerer) running() bool { return l.scope == nil }

// fail reports and gives a node that stands for anything.
func (l *lowerer) fail(d diag.Diagnostic) celast.Expr {
	l.failed = true
	if l.report != nil {
		l.report(d)
	}
	return l.nothing(d.Span)
}

func (l *lowerer) nothing(s source.Span) celast.Expr {
	return factory.NewLiteral(l.id(s), celtypes.False)
}

func (l *lowerer) ident(s source.Span, name string) celast.Expr {
	id := l.id(s)
	if l.refs != nil {
		l.refs[id] = celast.NewIdentReference(name, nil)
	}
	return factory.NewIdent(id, name)
}

// functionRef tells CEL's planner that a call's name is final.
var functionRef = celast.NewFunctionReference()

func (l *lowerer) call(s source.Span, fn string, args ...celast.Expr) celast.Expr {
	id := l.id(s)
	if l.refs != nil {
		l.refs[id] = functionRef
	}
	return factory.NewCall(id, fn, args...)
}

func (l *lowerer) memberCall(s source.Span, fn string, target celast.Expr, args ...celast.Expr) celast.Expr {
	id := l.id(s)
	if l.refs != nil {
		l.refs[id] = functionRef
	}
	return factory.NewMemberCall(id, fn, target, args...)
}

// expr lowers x where a value of type want is expected; want may be nil.
func (l *lowerer) expr(x ast.Expr, want *types.Type) celast.Expr {
	if l.depth++; l.depth > maxNesting {
		defer func() { l.depth-- }()
		if l.failed {
			return l.nothing(x.Span())
		}
		return l.fail(diag.Diagnostic{Rule: diag.TooDeep, Span: x.Span(), Message: "the expression has more than " + strconv.Itoa(maxNesting) + " operators in a row"})
	}
	e := l.node(x, want)
	l.depth--
	return e
}

func (l *lowerer) node(x ast.Expr, want *types.Type) celast.Expr {
	switch x := x.(type) {
	case *ast.Paren:
		return l.expr(x.X, want)
	case *ast.Ident:
		return l.name(x)
	case *ast.Select:
		return l.selection(x, want)
	case *ast.Index:
		return l.index(x)
	case *ast.Call:
		return l.anyCall(x, want)
	case *ast.Unary:
		return l.call(x.Range, map[string]string{"!": operators.LogicalNot, "-": operators.Negate}[x.Op], l.expr(x.X, nil))
	case *ast.Binary:
		return l.binary(x)
	case *ast.Conditional:
		return l.conditional(x, want)
	case *ast.Interpolation:
		return l.interpolation(x)
	case *ast.ListLit:
		return l.list(x, want)
	case *ast.MapLit:
		return l.mapping(x, want)
	case *ast.RecordLit:
		return l.recordLit(x)
	case *ast.RecordBody:
		return l.recordBody(x, want)
	}
	return l.literal(x)
}

func (l *lowerer) literal(x ast.Expr) celast.Expr {
	switch x := x.(type) {
	case *ast.BoolLit:
		return factory.NewLiteral(l.id(x.Range), celtypes.Bool(x.Value))
	case *ast.IntLit:
		return factory.NewLiteral(l.id(x.Range), celtypes.Int(x.Value))
	case *ast.FloatLit:
		return factory.NewLiteral(l.id(x.Range), celtypes.Double(x.Value))
	case *ast.StringLit:
		return factory.NewLiteral(l.id(x.Range), celtypes.String(x.Value))
	case *ast.BytesLit:
		return factory.NewLiteral(l.id(x.Range), celtypes.Bytes(x.Value))
	case *ast.DurationLit:
		if l.running() {
			return factory.NewLiteral(l.id(x.Range), celtypes.Duration{Duration: x.Value})
		}
		return l.call(x.Range, fnDuration, factory.NewLiteral(l.id(x.Range), celtypes.Int(x.Value)))
	case *ast.SizeLit:
		if l.running() {
			return factory.NewLiteral(l.id(x.Range), size(x.Value))
		}
		return l.call(x.Range, fnSize, factory.NewLiteral(l.id(x.Range), celtypes.Int(x.Value)))
	case *ast.NullLit:
		return l.fail(diag.Diagnostic{Rule: diag.NoNull, Span: x.Range, Message: "there is no null: what may be missing has a type T?", Help: "leave the field out, or write optional.none()"})
	case *ast.UintLit:
		return l.fail(diag.Diagnostic{Rule: diag.NoNull, Span: x.Range, Message: "there are no unsigned numbers, found " + x.Text, Help: "write it without u"})
	case *ast.BadExpr:
		l.failed = true
	}
	return l.nothing(x.Span())
}

func (l *lowerer) isLocal(name string) bool {
	for _, n := range l.locals {
		if n == name {
			return true
		}
	}
	return false
}

func (l *lowerer) name(x *ast.Ident) celast.Expr {
	if l.isLocal(x.Name) {
		return l.ident(x.Range, x.Name)
	}
	if l.running() {
		return l.ident(x.Range, x.Name)
	}
	v, ok := l.scope.Lookup(x.Name)
	if !ok {
		return l.unknownName(x)
	}
	if v.Type.Kind == types.Optional && l.narrow[x.Name] {
		return l.ident(x.Range, x.Name+plainMark)
	}
	return l.ident(x.Range, x.Name)
}

func (l *lowerer) selection(x *ast.Select, want *types.Type) celast.Expr {
	if chain(x) > maxChain {
		return l.fail(diag.Diagnostic{Rule: diag.TooDeep, Span: x.Range, Message: "more than " + strconv.Itoa(maxChain) + " fields are read in a row"})
	}
	operand := l.expr(x.X, nil)
	if x.Optional || want != nil && want.Kind == types.Optional {
		field := factory.NewLiteral(l.id(x.Name.Range), celtypes.String(x.Name.Text))
		e := l.call(x.Range, operators.OptSelect, operand, field)
		if !x.Optional {
			l.asked = append(l.asked, e.ID())
		}
		return e
	}
	id := l.id(x.Range)
	if l.names == nil {
		l.names = map[int64]source.Span{}
	}
	l.names[id] = x.Name.Range
	return factory.NewSelect(id, operand, x.Name.Text)
}

// fieldSpan is the place of a field's name in a selection.
func (l *lowerer) fieldSpan(e celast.Expr) source.Span {
	if s, ok := l.names[e.ID()]; ok {
		return s
	}
	if e.Kind() == celast.CallKind && e.AsCall().FunctionName() == operators.OptSelect {
		return l.span(e.AsCall().Args()[1].ID())
	}
	return l.span(e.ID())
}

// builds notes a node that builds a map.
func (l *lowerer) builds(id int64) {
	if l.sorted == nil {
		l.sorted = map[int64]bool{}
	}
	l.sorted[id] = true
}

// chain is how many fields are read in a row.
func chain(x ast.Expr) int {
	n := 0
	for {
		s, ok := ast.Unparen(x).(*ast.Select)
		if !ok {
			return n
		}
		n++
		x = s.X
	}
}

func (l *lowerer) index(x *ast.Index) celast.Expr {
	fn := operators.Index
	if x.Optional {
		fn = operators.OptIndex
	}
	operand, at := l.expr(x.X, nil), l.expr(x.Index, nil)
	if l.running() && !x.Optional {
		fn = fnIndex
	}
	return l.call(x.Range, fn, operand, at)
}

var binaryOperators = map[string]string{
	"==": operators.Equals, "!=": operators.NotEquals, "<": operators.Less, "<=": operators.LessEquals,
	">": operators.Greater, ">=": operators.GreaterEquals, "in": operators.In,
	"+": operators.Add, "-": operators.Subtract, "*": operators.Multiply, "/": operators.Divide, "%": operators.Modulo,
}

func (l *lowerer) binary(x *ast.Binary) celast.Expr {
	if x.Op == "&&" || x.Op == "||" {
		return l.logic(x)
	}
	left := l.expr(x.X, nil)
	return l.call(x.Range, binaryOperators[x.Op], left, l.expr(x.Y, nil))
}

// logic lowers a chain of one operator; each term knows what those before it have established.
func (l *lowerer) logic(x *ast.Binary) celast.Expr {
	fn := operators.LogicalAnd
	if x.Op == "||" {
		fn = operators.LogicalOr
	}
	outer := l.narrow
	var terms []celast.Expr
	for _, t := range flatten(x, x.Op, nil) {
		terms = append(terms, l.expr(t, nil))
		if x.Op == "&&" {
			l.assume(Succeeded(t))
		} else {
			l.assume(refuted(t))
		}
	}
	l.narrow = outer
	return l.call(x.Range, fn, terms...)
}

// flatten are the terms of a chain of one operator, in the order of the text.
func flatten(x ast.Expr, op string, terms []ast.Expr) []ast.Expr {
	if b, ok := x.(*ast.Binary); ok && b.Op == op {
		return flatten(b.Y, op, flatten(b.X, op, terms))
	}
	return append(terms, x)
}

func (l *lowerer) conditional(x *ast.Conditional, want *types.Type) celast.Expr {
	cond := l.expr(x.Cond, nil)
	outer := l.narrow
	l.assume(Succeeded(x.Cond))
	then := l.branch(x.Then, want)
	l.narrow = outer
	l.assume(refuted(x.Cond))
	otherwise := l.branch(x.Else, want)
	l.narrow = outer
	return l.call(x.Range, operators.Conditional, cond, then, otherwise)
}

// branch lowers one value of a condition. Where an optional is wanted, one may be T? and the
// other T, which CEL's checker does not take.
func (l *lowerer) branch(x ast.Expr, want *types.Type) celast.Expr {
	e := l.expr(x, want)
	if want == nil || want.Kind != types.Optional || l.running() {
		return e
	}
	return l.call(x.Span(), fnField, e)
}

// assume makes optional names plain from here on.
func (l *lowerer) assume(names []string) { l.narrow = assuming(l.narrow, names) }

// assuming are narrow names and more of them.
func assuming(narrow map[string]bool, names []string) map[string]bool {
	if len(names) == 0 {
		return narrow
	}
	more := make(map[string]bool, len(narrow)+len(names))
	for n := range narrow {
		more[n] = true
	}
	for _, n := range names {
		more[n] = true
	}
	return more
}

func (l *lowerer) interpolation(x *ast.Interpolation) celast.Expr {
	var parts []celast.Expr
	for _, p := range x.Parts {
		if s, ok := p.(*ast.StringLit); ok {
			parts = append(parts, factory.NewLiteral(l.id(s.Range), celtypes.String(s.Value)))
			continue
		}
		parts = append(parts, l.call(p.Span(), fnText, l.expr(p, nil)))
	}
	return l.call(x.Range, fnConcat, factory.NewList(l.id(x.Range), parts, nil))
}

func elemOf(want *types.Type, kind types.Kind) *types.Type {
	if want != nil && want.Plain().Kind == kind {
		return want.Plain().Elem
	}
	return nil
}

func (l *lowerer) list(x *ast.ListLit, want *types.Type) celast.Expr {
	elem := elemOf(want, types.List)
	elems := make([]celast.Expr, len(x.Elems))
	var optional []int32
	for i, el := range x.Elems {
		if !el.Optional {
			elems[i] = l.expr(el.Value, elem)
			continue
		}
		optional = append(optional, int32(i))
		elems[i] = l.optional(el.Value)
	}
	return factory.NewList(l.id(x.Range), elems, optional)
}

// optional lowers the x of ?x.
func (l *lowerer) optional(x ast.Expr) celast.Expr {
	e := l.expr(x, nil)
	if l.running() {
		return l.call(x.Span(), fnOptional, e)
	}
	return e
}

// key lowers a map's key. A bare name is a computed one, and most likely a record's field.
func (l *lowerer) key(x ast.Expr) celast.Expr {
	name, ok := x.(*ast.Ident)
	if !ok || l.running() || l.isLocal(name.Name) {
		return l.expr(x, nil)
	}
	if _, known := l.scope.Lookup(name.Name); known {
		return l.expr(x, nil)
	}
	return l.fail(diag.Diagnostic{
		Rule: diag.UnknownName, Span: name.Range, Message: "unknown name " + quoted(name.Name) + " as a key",
		Help: "write " + quoted(name.Name) + " for the key itself, or TYPE{" + name.Name + ": …} for a record",
	})
}

func (l *lowerer) mapping(x *ast.MapLit, want *types.Type) celast.Expr {
	elem := elemOf(want, types.Map)
	entries := make([]celast.EntryExpr, len(x.Entries))
	for i, e := range x.Entries {
		key := l.key(e.Key)
		var value celast.Expr
		if e.Optional {
			value = l.optional(e.Value)
		} else {
			value = l.expr(e.Value, elem)
		}
		entries[i] = factory.NewMapEntry(l.id(e.Range), key, value, e.Optional)
	}
	id := l.id(x.Range)
	l.builds(id)
	return factory.NewMap(id, entries)
}
