package check

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// typed are the rules about a value that is of another type than its place expects.
var typed = map[string]bool{diag.TypeMismatch: true, diag.UnknownLiteral: true, diag.MaybeMissing: true}

// provenance shows where both types of a mismatch came from: the declaration of the place, and
// that of the value.
func (f *file) provenance(d *diag.Diagnostic) {
	path := enclosing(f.ast, d.Span)
	s := f.siteOf(path)
	d.Related = append(d.Related, s.expects(path, d)...)
	if d.Rule == diag.UnknownLiteral || strings.HasPrefix(d.Message, "field ") {
		d.Related = append(d.Related, s.fieldOf(path, d.Span)...)
	}
	if x := valueAt(path, d.Span); x != nil {
		for _, side := range sides(x) {
			d.Related = append(d.Related, s.gives(side, d)...)
		}
	}
}

// valueAt is the expression that a finding is about; for a text outside a closed set also the
// comparison that it stands in.
func valueAt(path []ast.Node, at source.Span) ast.Expr {
	for i := len(path) - 1; i >= 0; i-- {
		x, ok := path[i].(ast.Expr)
		switch {
		case !ok:
			return nil
		case isComparison(x):
			return x
		case x.Span() != at:
			continue
		}
		if _, literal := x.(*ast.StringLit); !literal {
			return x
		}
	}
	return nil
}

func isComparison(x ast.Expr) bool {
	b, ok := x.(*ast.Binary)
	return ok && (b.Op == "==" || b.Op == "!=" || b.Op == "in")
}

// sides are the two of a comparison or a choice, a value and what stands in for it, or the value itself.
func sides(x ast.Expr) []ast.Expr {
	switch x := x.(type) {
	case *ast.Binary:
		return []ast.Expr{x.X, x.Y}
	case *ast.Conditional:
		return []ast.Expr{x.Then, x.Else}
	case *ast.Call:
		if x.Target != nil && len(x.Args) == 1 && (x.Name.Text == "orValue" || x.Name.Text == "or") {
			return []ast.Expr{x.Target, x.Args[0]}
		}
	}
	return []ast.Expr{x}
}

// expects is the parameter that an argument is for.
func (s site) expects(path []ast.Node, d *diag.Diagnostic) []diag.Related {
	rest, ok := strings.CutPrefix(d.Message, "argument ")
	name, _, found := strings.Cut(rest, ":")
	if !ok || !found || s.step == nil {
		return nil
	}
	var params []*Param
	var in *file
	switch st := s.step.step; {
	case st.Op != nil && st.Op.Inline == nil:
		params, in = st.Op.Params, s.file.fileIn(st.Op.Module, st.Op.File)
	case st.Pipeline != nil:
		params, in = st.Pipeline.Params, s.file.fileIn(st.Pipeline.Module, st.Pipeline.File)
	}
	if p := findParam(params, name); p != nil && p.Decl != nil && in != nil && !in.load.Std {
		return []diag.Related{in.declaredAs(p.Decl, "parameter")}
	}
	return nil
}

// fieldOf is the field of a record that a value is written for.
func (s site) fieldOf(path []ast.Node, at source.Span) []diag.Related {
	for i := len(path) - 1; i > 0; i-- {
		switch x := path[i].(type) {
		case *ast.RecordLit:
			if len(x.Type.Parts) == 1 {
				return s.file.fieldOfType(x.Type.Parts[0].Text, fieldAt(x.Fields, at))
			}
			return nil
		case *ast.RecordBody:
			if _, returned := path[i-1].(*ast.Return); returned {
				return s.fieldOfResult(fieldAt(x.Fields, at))
			}
			return nil
		case *ast.Call:
			if x.Range != at {
				return nil
			}
		}
	}
	return nil
}

// fieldAt is the name of the field whose value stands at a place; "" where there is none.
func fieldAt(fields []ast.RecordField, at source.Span) string {
	for _, f := range fields {
		if f.Value != nil && f.Value.Span() == at {
			return f.Name.Text
		}
	}
	return ""
}

func (f *file) fieldOfType(name, field string) []diag.Related {
	if t := f.types[name]; t != nil && field != "" {
		return t.file.fieldNamed(t.decl.Fields, field)
	}
	return nil
}

// fieldOfResult is a field of what the op or the pipeline around is declared to give.
func (s site) fieldOfResult(field string) []diag.Related {
	var result ast.TypeExpr
	switch {
	case s.op != nil && s.op.Decl != nil:
		result = s.op.Decl.Result
	case s.op == nil && s.pipe != nil:
		result = s.pipe.out.Decl.Result
	}
	switch t := result.(type) {
	case *ast.NamedType:
		if len(t.Name.Parts) == 1 {
			return s.file.fieldOfType(t.Name.Parts[0].Text, field)
		}
	case *ast.RecordType:
		return s.file.fieldNamed(t.Fields, field)
	}
	return nil
}

func (f *file) fieldNamed(fields []*ast.Field, name string) []diag.Related {
	for _, x := range fields {
		if x.Name.Text == name {
			return []diag.Related{f.declaredAs(x, "field")}
		}
	}
	return nil
}

// declaredAs shows a field with its type.
func (f *file) declaredAs(x *ast.Field, what string) diag.Related {
	at := source.Span{Start: x.Name.Range.Start, End: x.Name.Range.End}
	if x.Type == nil {
		return f.note(at, fmt.Sprintf("%s %q is declared here", what, x.Name.Text))
	}
	at.End = x.Type.Span().End
	return f.note(at, fmt.Sprintf("%s %q is declared %s", what, x.Name.Text, oneLine(f.src.Slice(x.Type.Span()))))
}

// gives is the declaration of a value that is read by name.
func (s site) gives(x ast.Expr, d *diag.Diagnostic) []diag.Related {
	root, path, _ := chain(x)
	if root == nil {
		return nil
	}
	if s.step != nil {
		for _, l := range s.step.step.Loops {
			if l.Var == root.Name && l.Decl.List != nil {
				return []diag.Related{s.file.note(l.Decl.List.Span(), fmt.Sprintf("%q goes over this", root.Name))}
			}
		}
	}
	if s.pipe != nil {
		if p := findParam(s.pipe.out.Params, root.Name); p != nil && p.Decl != nil {
			return []diag.Related{s.file.declaredAs(p.Decl, "parameter")}
		}
		if l := s.pipe.lets[root.Name]; l != nil {
			return []diag.Related{s.file.note(l.Name.Range, fmt.Sprintf("let %q is named here", root.Name))}
		}
		if n := s.node(root.Name); n != nil && d.Rule != diag.MaybeMissing {
			return s.resultOf(n, root.Name)
		}
	}
	if s.op != nil && s.op.Decl != nil {
		if p := findParam(s.op.Params, root.Name); p != nil && p.Decl != nil {
			return []diag.Related{s.file.declaredAs(p.Decl, "parameter")}
		}
	}
	if l := s.file.lets[root.Name]; l != nil {
		return []diag.Related{l.file.note(l.decl.Name.Range, fmt.Sprintf("let %q is named here", root.Name))}
	}
	if root.Name == "settings" && len(path) > 0 {
		for _, x := range s.file.checker.out.Settings {
			if x.Name == path[0] {
				return []diag.Related{s.file.fileOf(x.File).declaredAs(x.Decl, "setting")}
			}
		}
	}
	return nil
}

// resultOf is where the type of a step's result is declared.
func (s site) resultOf(n *node, name string) []diag.Related {
	switch st := n.step; {
	case st.Op != nil && st.Op.Decl != nil && st.Op.Decl.Result != nil && !st.Op.Module.Load.Std:
		f := s.file.fileIn(st.Op.Module, st.Op.File)
		return []diag.Related{f.note(st.Op.Decl.Result.Span(), fmt.Sprintf("op %q gives step %q this result", st.Op.Name, name))}
	case st.Pipeline != nil && st.Pipeline.Decl.Result != nil && !st.Pipeline.Module.Load.Std:
		f := s.file.fileIn(st.Pipeline.Module, st.Pipeline.File)
		return []diag.Related{f.note(st.Pipeline.Decl.Result.Span(), fmt.Sprintf("pipeline %q gives step %q this result", st.Pipeline.Name, name))}
	}
	return nil
}
