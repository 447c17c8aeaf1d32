package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// place says what a shell does with a word after its expansions.
type place uint8

const (
	whole  place = iota // it stays one word: assignments, case, [[ ]], here-documents
	listed              // an argument: it may split, and that may be meant
	single              // it may split, and that cannot be meant: [ ], cd, bash's redirections
)

// word walks the expansions of a word.
func (w *walker) word(word *syntax.Word, c context, at place) {
	if word == nil {
		return
	}
	w.wordParts(word.Parts, c, at, len(word.Parts) == 1)
}

func (w *walker) wordParts(parts []syntax.WordPart, c context, at place, alone bool) {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.DblQuoted:
			w.wordParts(p.Parts, c, whole, false)
		case *syntax.ParamExp:
			w.param(p, c)
			if !w.firstElement(p, at, alone) {
				w.mayBreak(p, at)
			}
		case *syntax.CmdSubst:
			w.substitution(p, c)
			w.substitutionMayBreak(p, at, alone)
		case *syntax.ArithmExp:
			w.arith(p.X, c)
		case *syntax.ProcSubst:
			w.own(substitution, func() { w.list(p.Stmts, c.lost()) })
		}
	}
}

func (w *walker) substitution(s *syntax.CmdSubst, c context) {
	w.own(substitution, func() {
		if w.dialect == Bash && !w.inherits && !w.lenient() {
			w.off, w.fresh, w.on = true, true, false
		}
		w.list(s.Stmts, c)
	})
}

// arg is a word without quotes, as far as it is the same at every run.
func (w *walker) arg(word *syntax.Word) Arg {
	a := Arg{At: spanOf(word)}
	a.Text, a.Static = literal(word.Parts)
	return a
}

// literal is what parts come to, up to the first expansion, and whether there is none. A pattern
// that the shell may expand to file names is its own text.
func literal(parts []syntax.WordPart) (string, bool) {
	if text, static, ok := atOnce(parts); ok {
		return text, static
	}
	var b strings.Builder
	ok := literalTo(&b, parts, false)
	return b.String(), ok
}

// atOnce is literal for parts that are, or begin with, one piece of the script that is its own text, and for none.
func atOnce(parts []syntax.WordPart) (text string, static, ok bool) {
	if len(parts) == 1 {
		if q, is := parts[0].(*syntax.DblQuoted); is {
			parts = q.Parts
		}
	}
	if len(parts) == 0 {
		return "", true, true
	}
	l, ok := parts[0].(*syntax.Lit)
	if !ok || strings.IndexByte(l.Value, '\\') >= 0 {
		return "", false, false
	}
	if len(parts) > 1 {
		switch parts[1].(type) {
		case *syntax.Lit, *syntax.SglQuoted, *syntax.DblQuoted:
			return "", false, false
		}
	}
	return l.Value, len(parts) == 1, true
}

func literalTo(b *strings.Builder, parts []syntax.WordPart, quoted bool) bool {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.Lit:
			unescape(b, p.Value, quoted)
		case *syntax.SglQuoted:
			if p.Dollar && strings.IndexByte(p.Value, '\\') >= 0 {
				return false
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			if !literalTo(b, p.Parts, true) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// unescape drops backslashes as the shell does; within double quotes only some are.
func unescape(b *strings.Builder, s string, quoted bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (!quoted || strings.IndexByte("$`\"\\\n", s[i+1]) >= 0) {
			if i++; s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
}

// arith walks an arithmetic expression: names in it are read without $.
func (w *walker) arith(x syntax.ArithmExpr, c context) {
	for x != nil {
		switch a := x.(type) {
		case *syntax.BinaryArithm:
			w.arith(a.Y, c)
			if assigns(a.Op) {
				w.arithAssign(a.X, a.Op != syntax.Assgn)
				return
			}
			x = a.X
		case *syntax.UnaryArithm:
			if a.Op == syntax.Inc || a.Op == syntax.Dec {
				w.arithAssign(a.X, true)
				return
			}
			x = a.X
		case *syntax.ParenArithm:
			x = a.X
		case *syntax.Word:
			w.arithWord(a, c)
			return
		default:
			return
		}
	}
}

func assigns(op syntax.BinAritOperator) bool {
	switch op {
	case syntax.Assgn, syntax.AddAssgn, syntax.SubAssgn, syntax.MulAssgn, syntax.QuoAssgn, syntax.RemAssgn,
		syntax.AndAssgn, syntax.OrAssgn, syntax.XorAssgn, syntax.ShlAssgn, syntax.ShrAssgn:
		return true
	}
	return false
}

func (w *walker) arithAssign(x syntax.ArithmExpr, reads bool) {
	word, ok := x.(*syntax.Word)
	if !ok {
		return
	}
	if name, ok := literal(word.Parts); ok && syntax.ValidName(name) {
		if reads {
			w.read(name, spanOf(word), false)
		}
		w.assigned(name, spanOf(word), false, oneWord)
	}
}

func (w *walker) arithWord(word *syntax.Word, c context) {
	if len(word.Parts) == 1 {
		if l, ok := word.Parts[0].(*syntax.Lit); ok && syntax.ValidName(l.Value) {
			w.read(l.Value, spanOf(l), false)
			return
		}
	}
	w.word(word, c.lost(), whole)
}

// subscript walks an index, whose words are keys where the array is associative.
func (w *walker) subscript(x syntax.ArithmExpr, c context) {
	if word, ok := x.(*syntax.Word); ok {
		w.word(word, c.lost(), whole)
		return
	}
	w.arith(x, c)
}
