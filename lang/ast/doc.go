package ast

// DocOf is the documentation of a declaration or an item; nil when it has none.
func DocOf(n Node) *Doc {
	switch n := n.(type) {
	case *Use:
		return n.Doc
	case *Settings:
		return n.Doc
	case *Profile:
		return n.Doc
	case *Let:
		return n.Doc
	case *Defaults:
		return n.Doc
	case *TypeDecl:
		return n.Doc
	case *Op:
		return n.Doc
	case *Pipeline:
		return n.Doc
	case *Target:
		return n.Doc
	case *Reserved:
		return n.Doc
	case Item:
		return docOfItem(n)
	}
	return nil
}

func docOfItem(it Item) *Doc {
	switch it := it.(type) {
	case LetItem:
		return it.Let.Doc
	case *LetItem:
		return it.Let.Doc
	case *Step:
		return it.Doc
	case *OnFailure:
		return it.Doc
	case *Finally:
		return it.Doc
	case *Service:
		return it.Doc
	case *Attr:
		return it.Doc
	case *InPlace:
		return it.Doc
	case *Run:
		return it.Doc
	case *Env:
		return it.Doc
	case *Mount:
		return it.Doc
	case *Cached:
		return it.Doc
	}
	return docOfModifier(it)
}

func docOfModifier(it Item) *Doc {
	switch it := it.(type) {
	case *Retry:
		return it.Doc
	case *Return:
		return it.Doc
	case *Needs:
		return it.Doc
	case *After:
		return it.Doc
	case *When:
		return it.Doc
	case *For:
		return it.Doc
	case *Require:
		return it.Doc
	case *Approve:
		return it.Doc
	case *Lock:
		return it.Doc
	case *AllowFailure:
		return it.Doc
	}
	return nil
}
