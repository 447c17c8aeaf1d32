package expr

import (
	"github.com/google/cel-go/common"
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types/ref"

	"github.com/pipelang/pipe/lang/source"
)

// macroHelper makes the nodes of an expanded macro; all of them stand where the call stands.
type macroHelper struct {
	l  *lowerer
	at source.Span
}

func (h *macroHelper) id() int64 { return h.l.id(h.at) }

func (h *macroHelper) NewLiteral(v ref.Val) celast.Expr { return factory.NewLiteral(h.id(), v) }

func (h *macroHelper) NewList(elems ...celast.Expr) celast.Expr {
	return factory.NewList(h.id(), elems, nil)
}

func (h *macroHelper) NewMap(entries ...celast.EntryExpr) celast.Expr {
	return factory.NewMap(h.id(), entries)
}

func (h *macroHelper) NewMapEntry(key, val celast.Expr, optional bool) celast.EntryExpr {
	return factory.NewMapEntry(h.id(), key, val, optional)
}

func (h *macroHelper) NewStruct(name string, fields ...celast.EntryExpr) celast.Expr {
	return factory.NewStruct(h.id(), name, fields)
}

func (h *macroHelper) NewStructField(field string, init celast.Expr, optional bool) celast.EntryExpr {
	return factory.NewStructField(h.id(), field, init, optional)
}

func (h *macroHelper) NewComprehension(iterRange celast.Expr, iterVar, accuVar string, accuInit, condition, step, result celast.Expr) celast.Expr {
	return factory.NewComprehension(h.id(), iterRange, iterVar, accuVar, accuInit, condition, step, result)
}

func (h *macroHelper) NewComprehensionTwoVar(iterRange celast.Expr, iterVar, iterVar2, accuVar string, accuInit, condition, step, result celast.Expr) celast.Expr {
	return factory.NewComprehensionTwoVar(h.id(), iterRange, iterVar, iterVar2, accuVar, accuInit, condition, step, result)
}

func (h *macroHelper) NewIdent(name string) celast.Expr { return h.l.ident(h.at, name) }
func (h *macroHelper) NewAccuIdent() celast.Expr        { return h.l.ident(h.at, accumulator) }
func (h *macroHelper) AccuIdentName() string            { return accumulator }

func (h *macroHelper) NewCall(function string, args ...celast.Expr) celast.Expr {
	return h.l.call(h.at, function, args...)
}

func (h *macroHelper) NewMemberCall(function string, target celast.Expr, args ...celast.Expr) celast.Expr {
	return h.l.memberCall(h.at, function, target, args...)
}

func (h *macroHelper) NewPresenceTest(operand celast.Expr, field string) celast.Expr {
	return factory.NewPresenceTest(h.id(), operand, field)
}

func (h *macroHelper) NewSelect(operand celast.Expr, field string) celast.Expr {
	return factory.NewSelect(h.id(), operand, field)
}

func (h *macroHelper) OffsetLocation(int64) common.Location { return common.NoLocation }

func (h *macroHelper) NewError(id int64, message string) *common.Error {
	return common.NewError(id, message, common.NoLocation)
}

// Copy gives every node an id of its own, with the span of the node that it copies.
func (h *macroHelper) Copy(e celast.Expr) celast.Expr {
	l := h.l
	id := l.id(l.span(e.ID()))
	if r, ok := l.refs[e.ID()]; ok {
		l.refs[id] = r
	}
	switch e.Kind() {
	case celast.LiteralKind:
		return factory.NewLiteral(id, e.AsLiteral())
	case celast.IdentKind:
		return factory.NewIdent(id, e.AsIdent())
	case celast.SelectKind:
		s := e.AsSelect()
		if s.IsTestOnly() {
			return factory.NewPresenceTest(id, h.Copy(s.Operand()), s.FieldName())
		}
		return factory.NewSelect(id, h.Copy(s.Operand()), s.FieldName())
	case celast.CallKind:
		c := e.AsCall()
		if c.IsMemberFunction() {
			return factory.NewMemberCall(id, c.FunctionName(), h.Copy(c.Target()), h.copies(c.Args())...)
		}
		return factory.NewCall(id, c.FunctionName(), h.copies(c.Args())...)
	case celast.ListKind:
		return factory.NewList(id, h.copies(e.AsList().Elements()), e.AsList().OptionalIndices())
	case celast.MapKind:
		var entries []celast.EntryExpr
		for _, entry := range e.AsMap().Entries() {
			m := entry.AsMapEntry()
			entries = append(entries, factory.NewMapEntry(l.id(l.span(entry.ID())), h.Copy(m.Key()), h.Copy(m.Value()), m.IsOptional()))
		}
		return factory.NewMap(id, entries)
	case celast.StructKind:
		var fields []celast.EntryExpr
		for _, entry := range e.AsStruct().Fields() {
			f := entry.AsStructField()
			fields = append(fields, factory.NewStructField(l.id(l.span(entry.ID())), f.Name(), h.Copy(f.Value()), f.IsOptional()))
		}
		return factory.NewStruct(id, e.AsStruct().TypeName(), fields)
	case celast.ComprehensionKind:
		c := e.AsComprehension()
		return factory.NewComprehensionTwoVar(id, h.Copy(c.IterRange()), c.IterVar(), c.IterVar2(), c.AccuVar(),
			h.Copy(c.AccuInit()), h.Copy(c.LoopCondition()), h.Copy(c.LoopStep()), h.Copy(c.Result()))
	}
	return factory.NewUnspecifiedExpr(id)
}

func (h *macroHelper) copies(xs []celast.Expr) []celast.Expr {
	out := make([]celast.Expr, len(xs))
	for i, x := range xs {
		out[i] = h.Copy(x)
	}
	return out
}
