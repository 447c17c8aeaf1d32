package token

// number reads CEL's numbers, and durations and sizes: a number with a unit glued to it.
func (l *lexer) number() Kind {
	if l.at(l.pos) == '0' && l.at(l.pos+1) == 'x' && isHex(l.at(l.pos+2)) {
		return l.hex()
	}
	kind := l.decimal()
	c := l.at(l.pos)
	if c|0x20 == 'e' && l.exponent() {
		return l.glued(Float)
	}
	if kind == Int && c|0x20 == 'u' && !isWord(l.at(l.pos+1)) {
		l.pos++
		return Uint
	}
	if !isWordStart(c) {
		return kind
	}
	unit := l.unit()
	if _, ok := sizeUnits[unit]; ok {
		return l.glued(Size)
	}
	if _, ok := durationUnits[unit]; ok {
		return l.durationRest()
	}
	return l.glued(Illegal)
}

func (l *lexer) hex() Kind {
	for l.pos += 2; isHex(l.at(l.pos)); l.pos++ {
	}
	if l.at(l.pos)|0x20 == 'u' {
		l.pos++
		return l.glued(Uint)
	}
	return l.glued(Int)
}

// decimal reads digits, and a fraction when a digit follows the dot.
func (l *lexer) decimal() Kind {
	l.digits()
	if l.at(l.pos) == '.' && isDigit(l.at(l.pos+1)) {
		l.pos++
		l.digits()
		return Float
	}
	return Int
}

func (l *lexer) digits() {
	for isDigit(l.at(l.pos)) {
		l.pos++
	}
}

// exponent reads e10, e+10 or e-10 if that is what stands here.
func (l *lexer) exponent() bool {
	j := l.pos + 1
	if c := l.at(j); c == '+' || c == '-' {
		j++
	}
	if !isDigit(l.at(j)) {
		return false
	}
	l.pos = j
	l.digits()
	return true
}

func (l *lexer) unit() string {
	start := l.pos
	for isWordStart(l.at(l.pos)) {
		l.pos++
	}
	return l.src[start:l.pos]
}

// durationRest reads what may follow the first unit: the 30m of 1h30m.
func (l *lexer) durationRest() Kind {
	for isDigit(l.at(l.pos)) {
		l.decimal()
		if _, ok := durationUnits[l.unit()]; !ok {
			return l.glued(Illegal)
		}
	}
	return l.glued(Duration)
}

// glued swallows what sticks to a number, so that 10mx is one bad token and not two good ones.
func (l *lexer) glued(k Kind) Kind {
	for isWord(l.at(l.pos)) {
		l.pos++
		k = Illegal
	}
	return k
}
