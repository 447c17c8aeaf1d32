package check

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// Text is a text that an expression comes to.
type Text struct {
	Value string
	// Round is the end of a message about it: ", where x is 3" in a round of a loop, else "".
	Round string
	// File and At are where it stands, or where what decides it does.
	File *source.File
	At   source.Span
}

// Texts are what an argument or a modifier of the step comes to, one for each round of its loops; none where that does
// not stand in the text.
func (s *Step) Texts(x ast.Expr) []Text {
	if s.node == nil {
		return nil
	}
	return s.node.local.texts(x)
}

// Texts are what an attribute of the op comes to for a step that calls it; none where that does not stand in the text.
// Without a step, arguments are not known.
func (o *Op) Texts(x ast.Expr, s *Step) []Text {
	switch {
	case o.Inline != nil && o.node != nil:
		e := o.node.local
		e.scope = o.Scope
		return e.texts(x)
	case o.Decl == nil || o.in == nil:
		return nil
	}
	e := o.in.in(o.Scope)
	p := o.onlyParam(x)
	if p == nil || s == nil {
		return e.texts(x)
	}
	var out []Text
	for _, t := range o.given(p, s) {
		v, _ := e.evaluated(x, nil, round{p.Name: value.String(t.Value)})
		text, ok := v.(value.String)
		if !ok {
			return nil
		}
		t.Value = string(text)
		out = append(out, t)
	}
	return out
}

// onlyParam is the parameter that an expression reads and nothing else; nil where it reads others, or none.
func (o *Op) onlyParam(x ast.Expr) (only *Param) {
	several := false
	expr.EachRef(x, func(r expr.Ref) {
		p := findParam(o.Params, r.Name)
		several = several || p == nil || only != nil && p != only
		only = p
	})
	if several {
		return nil
	}
	return only
}

// given are the texts that a step gives for a parameter. A path is not followed to another folder.
func (o *Op) given(p *Param, s *Step) []Text {
	if !p.Type.Plain().IsText() && p.Type.Plain().Kind != types.Path {
		return nil
	}
	for _, a := range s.Args {
		if a.Param == p {
			if s.node == nil || s.node.stage.load.Folder != o.Module.Load.Folder && p.Type.Plain().Kind == types.Path {
				return nil
			}
			return s.Texts(a.Value)
		}
	}
	if p.Decl.Default == nil {
		return nil
	}
	return p.in.in(p.in.scope).texts(p.Decl.Default)
}

func (e exprs) texts(x ast.Expr) (out []Text) {
	if lit, ok := ast.Unparen(x).(*ast.StringLit); ok {
		return []Text{{Value: lit.Value, File: e.file.src, At: lit.Range}}
	}
	if !e.constant(x) {
		return nil
	}
	e.eachRound(x, func(given round) bool {
		v, _ := e.evaluated(x, nil, given)
		text, ok := v.(value.String)
		if ok {
			out = append(out, Text{Value: string(text), Round: e.inRoundOf(x, given), File: e.file.src, At: x.Span()})
		}
		return ok
	})
	return out
}
