package ast

func (m mover) item(it Item) Item {
	switch it := it.(type) {
	case *Step:
		return &Step{
			At: m.at(it.At), Doc: m.doc(it.Doc), Name: m.name(it.Name), Bare: it.Bare, Callee: m.qual(it.Callee),
			Args: eachMoved(it.Args, m.arg), Inline: it.Inline, Items: eachMoved(it.Items, m.item), HasBody: it.HasBody, Bad: it.Bad,
		}
	case LetItem:
		return LetItem{m.let(it.Let)}
	case *LetItem:
		return &LetItem{m.let(it.Let)}
	case *OnFailure:
		return &OnFailure{At: m.at(it.At), Doc: m.doc(it.Doc), Items: eachMoved(it.Items, m.item)}
	case *Finally:
		return &Finally{At: m.at(it.At), Doc: m.doc(it.Doc), Items: eachMoved(it.Items, m.item)}
	case *Service:
		return &Service{At: m.at(it.At), Doc: m.doc(it.Doc), Name: m.name(it.Name), Items: eachMoved(it.Items, m.item)}
	case *Return:
		return &Return{At: m.at(it.At), Doc: m.doc(it.Doc), Value: m.expr(it.Value)}
	case *BadItem:
		return &BadItem{At: m.at(it.At), Name: m.name(it.Name)}
	}
	if moved := m.attribute(it); moved != nil {
		return moved
	}
	return m.modifier(it)
}

func (m mover) attribute(it Item) Item {
	switch it := it.(type) {
	case *Attr:
		return &Attr{At: m.at(it.At), Doc: m.doc(it.Doc), Key: m.name(it.Key), Value: m.expr(it.Value)}
	case *InPlace:
		return &InPlace{At: m.at(it.At), Doc: m.doc(it.Doc)}
	case *Run:
		return &Run{
			At: m.at(it.At), Doc: m.doc(it.Doc), Title: m.str(it.Title), Script: m.script(it.Script),
			When: m.expr(it.When), OnFailure: it.OnFailure,
		}
	case *Env:
		return &Env{At: m.at(it.At), Doc: m.doc(it.Doc), Entries: eachMoved(it.Entries, m.assign)}
	case *Mount:
		return &Mount{At: m.at(it.At), Doc: m.doc(it.Doc), Entries: eachMoved(it.Entries, m.mount)}
	case *Cached:
		return &Cached{At: m.at(it.At), Doc: m.doc(it.Doc), For: m.expr(it.For), Vary: m.expr(it.Vary)}
	case *Retry:
		return &Retry{
			At: m.at(it.At), Doc: m.doc(it.Doc), Count: m.expr(it.Count), Every: m.expr(it.Every),
			Backoff: m.expr(it.Backoff), Max: m.expr(it.Max), When: m.expr(it.When),
		}
	}
	return nil
}

func (m mover) modifier(it Item) Item {
	switch it := it.(type) {
	case *Needs:
		return &Needs{At: m.at(it.At), Doc: m.doc(it.Doc), Items: eachMoved(it.Items, m.need)}
	case *After:
		return &After{At: m.at(it.At), Doc: m.doc(it.Doc), Steps: eachMoved(it.Steps, m.name)}
	case *When:
		return &When{At: m.at(it.At), Doc: m.doc(it.Doc), Cond: m.expr(it.Cond)}
	case *For:
		return &For{
			At: m.at(it.At), Doc: m.doc(it.Doc), Var: m.name(it.Var), List: m.expr(it.List),
			Where: m.expr(it.Where), Max: m.expr(it.Max),
		}
	case *Require:
		return &Require{At: m.at(it.At), Doc: m.doc(it.Doc), Cond: m.expr(it.Cond), Else: m.expr(it.Else)}
	case *Approve:
		return &Approve{At: m.at(it.At), Doc: m.doc(it.Doc), Message: m.expr(it.Message), When: m.expr(it.When)}
	case *Lock:
		return &Lock{At: m.at(it.At), Doc: m.doc(it.Doc), Key: m.expr(it.Key), Policy: m.name(it.Policy)}
	case *AllowFailure:
		return &AllowFailure{At: m.at(it.At), Doc: m.doc(it.Doc), When: m.expr(it.When)}
	}
	panic("an item that cannot be moved")
}

func (m mover) need(n Need) Need {
	return Need{At: m.at(n.At), Name: m.name(n.Name), Value: m.expr(n.Value)}
}

func (m mover) mount(e *MountEntry) *MountEntry {
	return &MountEntry{At: m.at(e.At), Path: m.expr(e.Path), Value: m.expr(e.Value)}
}

func (m mover) arg(a *Arg) *Arg {
	return &Arg{At: m.at(a.At), Name: m.name(a.Name), Value: m.expr(a.Value)}
}

func (m mover) script(s *Script) *Script {
	if s == nil {
		return nil
	}
	return &Script{
		At: m.at(s.At), Fenced: s.Fenced, Lang: s.Lang, Text: s.Text,
		Lines: eachMoved(s.Lines, func(at int32) int32 { return at + int32(m) }),
	}
}
