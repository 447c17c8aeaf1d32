package ast

// Visitor is called by Walk for each node; what it returns visits the node's children, nil skips them.
type Visitor interface {
	Visit(n Node) Visitor
}

// Walk visits a node and what lies within it, depth first and in the order of the text.
// Files, declarations, items, expressions and types are visited, and between them *Field, *From,
// *Assign, *MountEntry, *Arg, *Need, *Script, *MapEntry and *RecordField; names, comments and
// documentation are not. A `let` in a pipeline is visited as *Let. Absent parts are left out.
func Walk(v Visitor, n Node) {
	if v = v.Visit(n); v != nil {
		children(n, func(c Node) { Walk(v, c) })
	}
}

// Inspect calls f for a node and, where f returns true, for what lies within it, as Walk does.
func Inspect(n Node, f func(Node) bool) {
	var visit func(Node)
	visit = func(n Node) {
		if f(n) {
			children(n, visit)
		}
	}
	visit(n)
}

// children asks the families of nodes one after the other, the largest first: which one a node is of is known by
// its type alone, and asking for an interface would cost more than all of them.
func children(n Node, visit func(Node)) {
	if exprChildren(n, visit) || partChildren(n, visit) || itemChildren(n, visit) || typeChildren(n, visit) {
		return
	}
	declChildren(n, visit)
}

func declChildren(n Node, visit func(Node)) {
	switch d := n.(type) {
	case *File:
		for _, d := range d.Decls {
			visit(d)
		}
	case *Use:
		if d.Path != nil {
			visit(d.Path)
		}
	case *Settings:
		each(d.Fields, visit)
	case *Profile:
		each(d.Entries, visit)
	case *Let:
		exprs(visit, d.Value)
	case *Defaults:
		items(d.Items, visit)
	case *TypeDecl:
		each(d.Fields, visit)
	case *Op:
		each(d.Params, visit)
		typ(d.Result, visit)
		items(d.Items, visit)
	case *Pipeline:
		each(d.Params, visit)
		typ(d.Result, visit)
		items(d.Items, visit)
	case *Target:
		items(d.Items, visit)
	}
}

func itemChildren(n Node, visit func(Node)) (is bool) {
	switch it := n.(type) {
	case LetItem:
		visit(it.Let)
	case *Attr:
		exprs(visit, it.Value)
	case *Run:
		if it.Title != nil {
			visit(it.Title)
		}
		if it.Script != nil {
			visit(it.Script)
		}
		exprs(visit, it.When)
	case *Env:
		each(it.Entries, visit)
	case *Mount:
		each(it.Entries, visit)
	case *Cached:
		exprs(visit, it.For, it.Vary)
	case *Service:
		items(it.Items, visit)
	case *Retry:
		exprs(visit, it.Count, it.Every, it.Backoff, it.Max, it.When)
	case *Return:
		exprs(visit, it.Value)
	case *Needs:
		for i := range it.Items {
			visit(&it.Items[i])
		}
	case *When:
		exprs(visit, it.Cond)
	case *For:
		exprs(visit, it.List, it.Where, it.Max)
	case *Require:
		exprs(visit, it.Cond, it.Else)
	case *Approve:
		exprs(visit, it.Message, it.When)
	case *Lock:
		exprs(visit, it.Key)
	case *AllowFailure:
		exprs(visit, it.When)
	case *Step:
		each(it.Args, visit)
		items(it.Items, visit)
	case *OnFailure:
		items(it.Items, visit)
	case *Finally:
		items(it.Items, visit)
	default:
		return false
	}
	return true
}

func exprChildren(n Node, visit func(Node)) (is bool) {
	switch x := n.(type) {
	case *Ident, *StringLit, *IntLit, *BoolLit, *DurationLit: // which have none
	case *Interpolation:
		exprs(visit, x.Parts...)
	case *Unary:
		exprs(visit, x.X)
	case *Binary:
		exprs(visit, x.X, x.Y)
	case *Conditional:
		exprs(visit, x.Cond, x.Then, x.Else)
	case *Select:
		exprs(visit, x.X)
	case *Index:
		exprs(visit, x.X, x.Index)
	case *Call:
		exprs(visit, x.Target)
		exprs(visit, x.Args...)
	case *ListLit:
		for _, e := range x.Elems {
			exprs(visit, e.Value)
		}
	case *MapLit:
		for i := range x.Entries {
			visit(&x.Entries[i])
		}
	case *RecordLit:
		recordFields(x.Fields, visit)
	case *RecordBody:
		recordFields(x.Fields, visit)
	case *Paren:
		exprs(visit, x.X)
	default:
		return false
	}
	return true
}

func recordFields(fields []RecordField, visit func(Node)) {
	for i := range fields {
		visit(&fields[i])
	}
}

func typeChildren(n Node, visit func(Node)) (is bool) {
	switch t := n.(type) {
	case *NamedType, *LiteralType: // which have none
	case *UnionType:
		for _, m := range t.Members {
			typ(m, visit)
		}
	case *ListType:
		typ(t.Elem, visit)
	case *MapType:
		typ(t.Elem, visit)
	case *RecordType:
		each(t.Fields, visit)
	case *OptionalType:
		typ(t.Elem, visit)
	case *LabelType:
		typ(t.Elem, visit)
	case *ParenType:
		typ(t.Elem, visit)
	default:
		return false
	}
	return true
}

func partChildren(n Node, visit func(Node)) (is bool) {
	switch n := n.(type) {
	case *Field:
		typ(n.Type, visit)
		exprs(visit, n.Default)
		if n.From != nil {
			visit(n.From)
		}
		exprs(visit, n.Where, n.Else)
	case *From:
		if n.Variable != nil {
			visit(n.Variable)
		}
		exprs(visit, n.Exec)
	case *Assign:
		exprs(visit, n.Value)
	case *MountEntry:
		exprs(visit, n.Path, n.Value)
	case *Arg:
		exprs(visit, n.Value)
	case *Need:
		exprs(visit, n.Value)
	case *MapEntry:
		exprs(visit, n.Key, n.Value)
	case *RecordField:
		exprs(visit, n.Value)
	default:
		return false
	}
	return true
}

func each[T Node](list []T, visit func(Node)) {
	for _, n := range list {
		visit(n)
	}
}

func items(list []Item, visit func(Node)) {
	for _, it := range list {
		if let, ok := it.(LetItem); ok {
			visit(let.Let)
			continue
		}
		visit(it)
	}
}

func exprs(visit func(Node), list ...Expr) {
	for _, x := range list {
		if x != nil {
			visit(x)
		}
	}
}

func typ(t TypeExpr, visit func(Node)) {
	if t != nil {
		visit(t)
	}
}
