package ast

func (m mover) str(s *StringLit) *StringLit {
	if s == nil {
		return nil
	}
	return &StringLit{At: m.at(s.At), Value: s.Value, Text: s.Text}
}

func (m mover) expr(x Expr) Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *Interpolation:
		return &Interpolation{At: m.at(x.At), Parts: eachMoved(x.Parts, m.expr), Text: x.Text}
	case *Unary:
		return &Unary{At: m.at(x.At), Op: x.Op, X: m.expr(x.X)}
	case *Binary:
		return &Binary{At: m.at(x.At), Op: x.Op, OpAt: m.at(x.OpAt), X: m.expr(x.X), Y: m.expr(x.Y)}
	case *Conditional:
		return &Conditional{At: m.at(x.At), Cond: m.expr(x.Cond), Then: m.expr(x.Then), Else: m.expr(x.Else)}
	case *Select:
		return &Select{At: m.at(x.At), X: m.expr(x.X), Name: m.name(x.Name), Optional: x.Optional, Escaped: x.Escaped}
	case *Index:
		return &Index{At: m.at(x.At), X: m.expr(x.X), Index: m.expr(x.Index), Optional: x.Optional}
	case *Call:
		return &Call{At: m.at(x.At), Target: m.expr(x.Target), Name: m.name(x.Name), Args: eachMoved(x.Args, m.expr)}
	case *ListLit:
		return &ListLit{At: m.at(x.At), Elems: eachMoved(x.Elems, m.elem)}
	case *MapLit:
		return &MapLit{At: m.at(x.At), Entries: eachMoved(x.Entries, m.entry)}
	case *RecordLit:
		return &RecordLit{At: m.at(x.At), Type: m.qual(x.Type), Fields: eachMoved(x.Fields, m.recordField)}
	case *RecordBody:
		return &RecordBody{At: m.at(x.At), Fields: eachMoved(x.Fields, m.recordField)}
	case *Paren:
		return &Paren{At: m.at(x.At), X: m.expr(x.X)}
	case *BadExpr:
		return &BadExpr{At: m.at(x.At)}
	}
	return m.leaf(x)
}

// leaf moves an expression without parts.
func (m mover) leaf(x Expr) Expr {
	switch x := x.(type) {
	case *Ident:
		return &Ident{At: m.at(x.At), Name: x.Name}
	case *StringLit:
		return m.str(x)
	case *BoolLit:
		return &BoolLit{At: m.at(x.At), Value: x.Value}
	case *NullLit:
		return &NullLit{At: m.at(x.At)}
	case *IntLit:
		return &IntLit{At: m.at(x.At), Value: x.Value, Text: x.Text}
	case *UintLit:
		return &UintLit{At: m.at(x.At), Value: x.Value, Text: x.Text}
	case *FloatLit:
		return &FloatLit{At: m.at(x.At), Value: x.Value, Text: x.Text}
	case *BytesLit:
		return &BytesLit{At: m.at(x.At), Value: x.Value, Text: x.Text}
	case *DurationLit:
		return &DurationLit{At: m.at(x.At), Value: x.Value, Text: x.Text}
	case *SizeLit:
		return &SizeLit{At: m.at(x.At), Value: x.Value, Text: x.Text}
	}
	panic("an expression that cannot be moved")
}

func (m mover) elem(e ListElem) ListElem {
	return ListElem{Optional: e.Optional, Value: m.expr(e.Value)}
}

func (m mover) entry(e MapEntry) MapEntry {
	return MapEntry{At: m.at(e.At), Optional: e.Optional, Key: m.expr(e.Key), Value: m.expr(e.Value)}
}

func (m mover) recordField(f RecordField) RecordField {
	return RecordField{At: m.at(f.At), Optional: f.Optional, Name: m.name(f.Name), Value: m.expr(f.Value)}
}
