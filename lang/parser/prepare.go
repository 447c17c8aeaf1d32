package parser

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// Marks that the preparation leaves on tokens, beside the lexer's flags.
const (
	// suspect marks brackets of a declaration in which some do not match: there, indentation
	// decides what an unclosed brace was meant to hold.
	suspect token.Flags = 1 << 5
	// reported marks an Illegal token that has been reported already.
	reported token.Flags = 1 << 6
)

// isText reports whether a text can be pipe at all, and says so once when it cannot.
func isText(f *source.File, diags *diag.List) bool {
	if i := strings.IndexByte(f.Text, 0); i >= 0 {
		where := source.Span{Start: int32(i), End: int32(i) + 1}
		diags.Add(diag.Diagnostic{
			Rule: diag.Syntax, File: f, Span: where,
			Message: "the file is not a text file: it holds a NUL byte",
		})
		return false
	}
	if i := strings.IndexByte(f.Text, '\r'); i >= 0 && !strings.Contains(f.Text, "\n") && strings.TrimSpace(f.Text[i:]) != "" {
		diags.Add(diag.Diagnostic{
			Rule: diag.Syntax, File: f, Span: source.Span{Start: int32(i), End: int32(i) + 1},
			Message: "the lines of the file end with carriage returns alone",
			Help:    "save the file with line feeds",
		})
		return false
	}
	if utf8.ValidString(f.Text) {
		return true
	}
	first, bad := -1, 0
	for i := 0; i < len(f.Text); {
		r, n := utf8.DecodeRuneInString(f.Text[i:])
		if r == utf8.RuneError && n == 1 {
			if bad++; first < 0 {
				first = i
			}
		}
		i += n
	}
	diags.Add(diag.Diagnostic{
		Rule: diag.Syntax, File: f, Span: source.Span{Start: int32(first), End: int32(first) + 1},
		Message: fmt.Sprintf("the text is not UTF-8: unexpected byte 0x%02x", f.Text[first]),
		Help:    "save the file as UTF-8",
	})
	// a few stray bytes, as of another encoding's umlauts, leave a text that is worth reading
	return bad <= 3 || bad*20 < len(f.Text)
}

// prepared is the text of a file as the grammar reads it.
type prepared struct {
	toks     []token.Token // without comments and documentation
	docs     map[int32]*ast.Doc
	head     *ast.Doc
	comments []ast.Comment
}

// prepare sets comments and documentation of a text apart from its tokens, which it changes, and settles its brackets;
// some may be open around it.
func prepare(f *source.File, toks []token.Token, around int, diags *diag.List) *prepared {
	p := &prepared{docs: map[int32]*ast.Doc{}}
	p.setApart(f.Text, toks)
	p.toks = settleBrackets(f, p.toks, around, diags)
	return p
}

// settler walks over tokens and matches brackets.
type settler struct {
	src   string
	toks  []token.Token
	stack []int // open brackets, as places among the tokens kept so far
	deep  int   // brackets around the tokens
	chunk int   // the token that the declaration starts with
	odd   bool  // some bracket of the declaration does not match
}

// settleBrackets matches brackets, declaration by declaration. Between matching parentheses and square brackets
// line breaks mean nothing, so their marks are taken away; what lies deeper than the limit
// becomes one Illegal token, so that no reader is ever too deep in recursion. Some brackets may be open around the tokens.
func settleBrackets(f *source.File, toks []token.Token, around int, diags *diag.List) []token.Token {
	s := settler{src: f.Text, toks: toks, deep: around}
	out := toks[:0]
	deep := false
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if s.declares(i) && s.plausible(i) {
			s.endChunk(out)
			s.chunk = len(out)
		}
		if isOpening(t.Kind) && len(s.stack)+s.deep >= maxNesting {
			if !deep {
				deep = true
				where := source.Span{Start: t.Start, End: t.End}
				tooDeep(where, fmt.Sprintf("brackets are nested more than %d deep", maxNesting)).report(f, diags)
			}
			last := s.skip(i)
			out = append(out, token.Token{Kind: token.Illegal, Flags: t.Flags | reported, Start: t.Start, End: toks[last].End})
			i = last
			continue
		}
		out = append(out, t)
		s.match(out)
	}
	s.endChunk(out)
	return out
}

func isOpening(k token.Kind) bool {
	return k == token.LParen || k == token.LBrack || k == token.LBrace
}

func isClosing(k token.Kind) bool {
	return k == token.RParen || k == token.RBrack || k == token.RBrace
}

func opening(k token.Kind) token.Kind {
	switch k {
	case token.RParen:
		return token.LParen
	case token.RBrack:
		return token.LBrack
	}
	return token.LBrace
}

// declares reports whether a declaration starts at a token: its keyword is the first word of an unindented line.
func (s *settler) declares(i int) bool {
	t := s.toks[i]
	if t.Kind != token.Word || t.Flags&token.NewlineBefore == 0 || t.Start > 0 && s.src[t.Start-1] != '\n' {
		return false
	}
	return declaresAt(s.src[t.Start:t.End], s.toks[i+1].Kind)
}

// plausible keeps what may stand in a body too, a `let` and the modifier `target`, apart from declarations:
// within an open brace they are taken for the body's when that is not indented at all.
func (s *settler) plausible(i int) bool {
	if len(s.stack) == 0 {
		return true
	}
	word := s.src[s.toks[i].Start:s.toks[i].End]
	return word != "let" && word != "target"
}

// declaresAt reports whether a word and the kind of token after it can start a declaration.
func declaresAt(word string, next token.Kind) bool {
	if !token.StartsDeclaration(word) {
		return false
	}
	switch word {
	case "settings", "defaults":
		return next == token.LBrace
	case "use", "test":
		return next == token.String || next == token.Word || next == token.Illegal
	}
	return next == token.Word
}

// match keeps the stack of open brackets up to the last token of out.
func (s *settler) match(out []token.Token) {
	i := len(out) - 1
	k := out[i].Kind
	if isOpening(k) {
		s.stack = append(s.stack, i)
		return
	}
	if !isClosing(k) {
		return
	}
	for n := len(s.stack) - 1; n >= 0; n-- {
		open := s.stack[n]
		if out[open].Kind == opening(k) {
			s.odd = s.odd || n != len(s.stack)-1
			s.stack = s.stack[:n]
			if k != token.RBrace {
				join(out, open, i)
			}
			return
		}
		if out[open].Kind == token.LBrace {
			break // a brace is closed by a brace only
		}
	}
	s.odd = true
}

// join takes the marks of line breaks from the tokens between two brackets, except within braces between them.
func join(out []token.Token, open, closing int) {
	braces := 0
	for j := open + 1; j <= closing; j++ {
		switch out[j].Kind {
		case token.RBrace:
			braces--
		case token.LBrace:
			if braces == 0 {
				out[j].Flags &^= token.NewlineBefore
			}
			braces++
		}
		if braces == 0 {
			out[j].Flags &^= token.NewlineBefore
		}
	}
}

// endChunk ends a declaration.
func (s *settler) endChunk(out []token.Token) {
	if s.odd || len(s.stack) > 0 {
		for j := s.chunk; j < len(out); j++ {
			if isOpening(out[j].Kind) {
				out[j].Flags |= suspect
			}
		}
	}
	s.stack, s.odd = s.stack[:0], false
}

// skip is the token that closes the bracket at i, or the last one before the next declaration.
func (s *settler) skip(i int) int {
	depth := 0
	for ; s.toks[i].Kind != token.EOF; i++ {
		switch k := s.toks[i].Kind; {
		case isOpening(k):
			depth++
		case isClosing(k):
			depth--
		}
		if depth == 0 || s.toks[i+1].Kind == token.EOF || s.declares(i+1) {
			return i
		}
	}
	return i
}
