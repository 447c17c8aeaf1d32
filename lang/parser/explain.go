package parser

import (
	"errors"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/token"
)

// explain says what the grammar found wrong, in the user's terms.
func explain(err error, r *reader) *mistake {
	var m *mistake
	if errors.As(err, &m) {
		return m
	}
	var unexpected *participle.UnexpectedTokenError
	if !errors.As(err, &unexpected) {
		return syntax(spanOf(r.peek()), "unexpected %s", found(r.peek()))
	}
	t := unexpected.Unexpected
	want := wanted(unexpected.Message())
	m = expected(want, &t, tokenBefore(r, &t), true)
	m.opens = want == `"{"` && (bodies[wordOf(tokenBefore(r, &t))] == "" || closesInLine(r.toks[r.i+left(r.peek())-left(&t):]))
	if want == aScript && m.help == "" {
		m.help = "a command stands in back quotes, and text in quotes before it is its title: run \"build\" `make`"
	}
	return m
}

// closesInLine says that a brace is closed in the first line of some tokens that is not opened there.
func closesInLine(toks []lexer.Token) bool {
	depth := 0
	for i := range toks {
		switch k := kindOf(&toks[i]); {
		case i > 0 && startsLine(&toks[i]):
			return false
		case k == token.LBrace:
			depth++
		case k == token.RBrace && depth == 0:
			return true
		case k == token.RBrace:
			depth--
		}
	}
	return false
}

// aScript is what a grammar's "codespan" is called in messages.
const aScript = "a script"

// tokenBefore finds the token before a given one, which is not past the next one by more than the grammar looks ahead.
func tokenBefore(r *reader, t *lexer.Token) *lexer.Token {
	i := r.i + left(r.peek()) - left(t)
	if i < 1 {
		return nil
	}
	return &r.toks[i-1]
}

// productions are what the grammar's names are called in messages.
var productions = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"typeNode":      "a type",
		"atomNode":      "a type",
		"exprNode":      "a value",
		"valueNode":     "a value",
		"bracesNode":    "a type",
		"fieldBody":     `"{"`,
		"assignBody":    `"{"`,
		"mountBody":     `"{"`,
		"opBody":        `"{"`,
		"inlineBody":    `"{"`,
		"stepBody":      `"{"`,
		"openBody":      `"{"`,
		"pipelineBody":  `"{"`,
		"aftermathBody": `"{"`,
		"qualNode":      "the op to call",
		"maybeOpBody":   `"{"`,
		"needNode":      "a step's name",
		"moreNeed":      "a step's name",
		"argList":       `"("`,
		"paramList":     `"("`,
		"word":          "a name",
		"string":        "a string",
		"codespan":      aScript,
	}
})

// wanted takes out of a grammar's message the first thing that it expected.
func wanted(message string) string {
	_, want, _ := strings.Cut(message, "(expected ")
	want = strings.TrimLeft(want, "(@<~ ")
	if strings.HasPrefix(want, `"`) {
		literal, _, _ := strings.Cut(want[1:], `"`)
		return `"` + literal + `"`
	}
	end := strings.IndexFunc(want, func(r rune) bool { return !isLetter(r) })
	if end >= 0 {
		want = want[:end]
	}
	if want != "" {
		want = strings.ToLower(want[:1]) + want[1:]
	}
	if name, ok := productions()[want]; ok {
		return name
	}
	return "something else"
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }
