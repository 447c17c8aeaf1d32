package check

import (
	"fmt"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// birth is where a type as it is written says that what a path leads to has a label.
type birth struct {
	file  *file
	at    source.Span
	field *ast.Field // of a record, when the label stands with one
}

// labelled finds the label in a type; nil when no part that the path leads to has it.
func (f *file) labelled(x ast.TypeExpr, path []string, l types.Label) *birth {
	w := labelSearch{label: l}
	return w.find(f, x, path, nil)
}

type labelSearch struct {
	label types.Label
	seen  []*typeDecl
}

func (w *labelSearch) find(f *file, x ast.TypeExpr, path []string, field *ast.Field) *birth {
	switch x := x.(type) {
	case *ast.LabelType:
		if x.Label.Text == labelName(w.label) {
			return &birth{file: f, at: x.Range, field: field}
		}
		return w.find(f, x.Elem, path, field)
	case *ast.OptionalType:
		return w.find(f, x.Elem, path, field)
	case *ast.ParenType:
		return w.find(f, x.Elem, path, field)
	case *ast.ListType:
		return w.find(f, x.Elem, rest(path), field)
	case *ast.MapType:
		return w.find(f, x.Elem, rest(path), field)
	case *ast.RecordType:
		return w.fields(f, x.Fields, path)
	case *ast.NamedType:
		d := f.typeOf(x.Name)
		if d == nil || slices.Contains(w.seen, d) {
			return nil
		}
		w.seen = append(w.seen, d)
		return w.fields(d.file, d.decl.Fields, path)
	}
	return nil
}

// fields looks into the field that the path names, into all where it names none.
func (w *labelSearch) fields(f *file, fields []*ast.Field, path []string) *birth {
	for _, x := range fields {
		if len(path) > 0 && path[0] != x.Name.Text {
			continue
		}
		if b := w.find(f, x.Type, rest(path), x); b != nil {
			return b
		}
	}
	return nil
}

func rest(path []string) []string {
	if len(path) == 0 {
		return nil
	}
	return path[1:]
}

// typeOf is the declaration of a named record, here or in a module in use.
func (f *file) typeOf(q ast.QualName) *typeDecl {
	switch len(q.Parts) {
	case 1:
		return f.types[q.Parts[0].Text]
	case 2:
		if imp := f.uses[q.Parts[0].Text]; imp != nil && f.modules[imp.Module] != nil {
			return f.modules[imp.Module].types[q.Parts[1].Text]
		}
	}
	return nil
}

// labelName is a label as it is written.
func labelName(l types.Label) string {
	if l == types.Secret {
		return "secret"
	}
	return "untrusted"
}

// declared are the places that say that a setting, a parameter or a field has a label, from
// the thing itself to the type that says so.
func (f *file) declared(x *ast.Field, what string, path []string, l types.Label) []diag.Related {
	name := fmt.Sprintf("%s %q", what, x.Name.Text)
	whole := source.Span{Start: x.Name.Range.Start, End: x.Name.Range.End}
	b := f.labelled(x.Type, path, l)
	if b == nil {
		return []diag.Related{f.note(whole, name+" is "+labelName(l))}
	}
	if b.field == nil {
		whole.End = x.Type.Span().End
		return []diag.Related{f.note(whole, name+" is declared "+labelName(l))}
	}
	return []diag.Related{f.note(whole, name+" holds it"), b.note(l)}
}

// note is said of a field of a record.
func (b *birth) note(l types.Label) diag.Related {
	at := source.Span{Start: b.field.Name.Range.Start, End: b.at.End}
	return b.file.note(at, fmt.Sprintf("field %q is declared %s", b.field.Name.Text, labelName(l)))
}

// declaredResult are the places that say that a result has a label.
func (f *file) declaredResult(x ast.TypeExpr, what string, path []string, l types.Label) []diag.Related {
	switch b := f.labelled(x, path, l); {
	case b == nil:
		return []diag.Related{f.note(x.Span(), fmt.Sprintf("%s gives what is %s", what, labelName(l)))}
	case b.field != nil:
		return []diag.Related{b.note(l)}
	default:
		return []diag.Related{f.note(b.at, fmt.Sprintf("%s declares its result %s", what, labelName(l)))}
	}
}

func (f *file) note(at source.Span, text string) diag.Related {
	return diag.Related{File: f.src, Span: at, Message: text}
}
