package format

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
)

// Type is the canonical text of a type, on one line and without comments.
func Type(t ast.TypeExpr) string {
	switch t := t.(type) {
	case *ast.NamedType:
		return t.Name.String()
	case *ast.LiteralType:
		return quote(t.Value)
	case *ast.UnionType:
		members := make([]string, len(t.Members))
		for i, m := range t.Members {
			members[i] = atom(m)
		}
		return strings.Join(members, " | ")
	case *ast.ListType:
		return "[" + Type(t.Elem) + "]"
	case *ast.MapType:
		return "{string: " + Type(t.Elem) + "}"
	case *ast.RecordType:
		return recordType(t)
	case *ast.OptionalType:
		if _, ok := t.Elem.(*ast.UnionType); ok {
			return Type(t.Elem) + "?"
		}
		return atom(t.Elem) + "?"
	case *ast.LabelType:
		return t.Label.Text + " " + Type(t.Elem)
	case *ast.ParenType:
		return "(" + Type(t.Elem) + ")"
	}
	return "<bad>"
}

// atom is a type as a member of a union or before a question mark: a label qualifies all
// that follows it, and a question mark all that stands before it.
func atom(t ast.TypeExpr) string {
	switch t.(type) {
	case *ast.UnionType, *ast.OptionalType, *ast.LabelType:
		return "(" + Type(t) + ")"
	}
	return Type(t)
}

func recordType(t *ast.RecordType) string {
	if len(t.Fields) == 0 {
		return "{}"
	}
	fields := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		fields[i] = fieldText(f)
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// fieldText is a field without its documentation.
func fieldText(f *ast.Field) string {
	var b strings.Builder
	b.WriteString(f.Name.Text + ": " + Type(f.Type))
	clause := func(word string, x ast.Expr) {
		if x != nil {
			b.WriteString(" " + word + " " + Expr(x))
		}
	}
	clause("=", f.Default)
	if f.From != nil && f.From.Variable != nil {
		b.WriteString(" from " + literalText(f.From.Variable))
	} else if f.From != nil {
		clause("from exec", f.From.Exec)
	}
	clause("where", f.Where)
	clause("else", f.Else)
	return b.String()
}
