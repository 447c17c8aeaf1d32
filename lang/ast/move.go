package ast

import "github.com/pipelang/pipe/lang/source"

// Moved is a declaration as it stands after a change of the text before it: the same tree, with every
// place moved by some bytes. The tree that is given stays as it is; without a move it is the answer.
func Moved(d Decl, by int32) Decl {
	if by == 0 {
		return d
	}
	return mover(by).decl(d)
}

// MovedItem is Moved for an item of a body.
func MovedItem(it Item, by int32) Item {
	if by == 0 {
		return it
	}
	return mover(by).item(it)
}

// MovedComments are comments, each moved by some bytes, in a list of their own.
func MovedComments(list []Comment, by int32) []Comment {
	out := make([]Comment, len(list))
	for i, c := range list {
		out[i] = Comment{Text: c.Text, At: mover(by).at(c.At)}
	}
	return out
}

// mover copies nodes to a place that many bytes away.
type mover int32

func (m mover) at(a At) At {
	return At{source.Span{Start: a.Range.Start + int32(m), End: a.Range.End + int32(m)}}
}

// name moves a name; an absent one has no place.
func (m mover) name(n Name) Name {
	if n == (Name{}) {
		return n
	}
	return Name{Text: n.Text, At: m.at(n.At)}
}

func (m mover) qual(q QualName) QualName {
	if q.Parts == nil && q.At == (At{}) {
		return q
	}
	return QualName{Parts: eachMoved(q.Parts, m.name), At: m.at(q.At)}
}

func (m mover) doc(d *Doc) *Doc {
	if d == nil {
		return nil
	}
	return &Doc{Text: d.Text, At: m.at(d.At)}
}

// eachMoved moves a list, one by one; an absent one stays absent.
func eachMoved[T any](list []T, move func(T) T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i, x := range list {
		out[i] = move(x)
	}
	return out
}

func (m mover) decl(d Decl) Decl {
	switch d := d.(type) {
	case *Use:
		return &Use{At: m.at(d.At), Doc: m.doc(d.Doc), Path: m.str(d.Path), Alias: m.name(d.Alias)}
	case *Settings:
		return &Settings{At: m.at(d.At), Doc: m.doc(d.Doc), Fields: eachMoved(d.Fields, m.field)}
	case *Profile:
		return &Profile{At: m.at(d.At), Doc: m.doc(d.Doc), Name: m.name(d.Name), Entries: eachMoved(d.Entries, m.assign)}
	case *Let:
		return m.let(d)
	case *Defaults:
		return &Defaults{At: m.at(d.At), Doc: m.doc(d.Doc), Items: eachMoved(d.Items, m.item)}
	case *TypeDecl:
		return &TypeDecl{At: m.at(d.At), Doc: m.doc(d.Doc), Name: m.name(d.Name), Fields: eachMoved(d.Fields, m.field)}
	case *Op:
		return &Op{
			At: m.at(d.At), Doc: m.doc(d.Doc), Native: d.Native, Name: m.name(d.Name),
			Params: eachMoved(d.Params, m.field), Result: m.typ(d.Result), Items: eachMoved(d.Items, m.item),
		}
	case *Pipeline:
		return &Pipeline{
			At: m.at(d.At), Doc: m.doc(d.Doc), Name: m.name(d.Name),
			Params: eachMoved(d.Params, m.field), Result: m.typ(d.Result), Items: eachMoved(d.Items, m.item),
		}
	case *Target:
		return &Target{At: m.at(d.At), Doc: m.doc(d.Doc), Name: m.name(d.Name), Kind: m.name(d.Kind), Items: eachMoved(d.Items, m.item)}
	case *Reserved:
		return &Reserved{At: m.at(d.At), Doc: m.doc(d.Doc), Keyword: m.name(d.Keyword)}
	case *BadDecl:
		return &BadDecl{At: m.at(d.At), Name: m.name(d.Name)}
	}
	panic("a declaration that cannot be moved")
}

func (m mover) let(d *Let) *Let {
	return &Let{At: m.at(d.At), Doc: m.doc(d.Doc), Name: m.name(d.Name), Value: m.expr(d.Value)}
}

func (m mover) field(f *Field) *Field {
	return &Field{
		At: m.at(f.At), Doc: m.doc(f.Doc), Name: m.name(f.Name), Type: m.typ(f.Type), Default: m.expr(f.Default),
		From: m.from(f.From), Where: m.expr(f.Where), Else: m.expr(f.Else), Bad: f.Bad,
	}
}

func (m mover) from(f *From) *From {
	if f == nil {
		return nil
	}
	return &From{At: m.at(f.At), Variable: m.str(f.Variable), Exec: m.expr(f.Exec)}
}

func (m mover) assign(a *Assign) *Assign {
	return &Assign{At: m.at(a.At), Doc: m.doc(a.Doc), Name: m.name(a.Name), Value: m.expr(a.Value), Bad: a.Bad}
}

func (m mover) typ(t TypeExpr) TypeExpr {
	switch t := t.(type) {
	case nil:
		return nil
	case *NamedType:
		return &NamedType{At: m.at(t.At), Name: m.qual(t.Name)}
	case *LiteralType:
		return &LiteralType{At: m.at(t.At), Value: t.Value}
	case *UnionType:
		return &UnionType{At: m.at(t.At), Members: eachMoved(t.Members, m.typ)}
	case *ListType:
		return &ListType{At: m.at(t.At), Elem: m.typ(t.Elem)}
	case *MapType:
		return &MapType{At: m.at(t.At), Elem: m.typ(t.Elem)}
	case *RecordType:
		return &RecordType{At: m.at(t.At), Fields: eachMoved(t.Fields, m.field)}
	case *OptionalType:
		return &OptionalType{At: m.at(t.At), Elem: m.typ(t.Elem)}
	case *LabelType:
		return &LabelType{At: m.at(t.At), Label: m.name(t.Label), Elem: m.typ(t.Elem)}
	case *ParenType:
		return &ParenType{At: m.at(t.At), Elem: m.typ(t.Elem)}
	case *BadType:
		return &BadType{At: m.at(t.At)}
	}
	panic("a type that cannot be moved")
}
