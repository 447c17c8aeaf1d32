package format_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// gaps are what a mutation may put between two tokens.
var gaps = []string{
	"", " ", "  ", "\t", "\n", "\r\n", "\n\n\n", ";", ",", " // c\n", "\n// own\n", "\n/// doc\n", " /// doc\n\n",
}

// mutate puts other gaps between some tokens of a text.
func mutate(r *rand.Rand, text string) string {
	var b strings.Builder
	end := int32(0)
	rate := 1 + r.IntN(40)
	for _, t := range token.Lex(text) {
		gap := text[end:t.Start]
		if r.IntN(rate) == 0 {
			gap = gaps[r.IntN(len(gaps))]
		}
		b.WriteString(gap + text[t.Start:t.End])
		end = t.End
	}
	return b.String()
}

// joinLines takes line breaks away where brackets are open, so that what is too long has to be broken.
func joinLines(r *rand.Rand, text string) string {
	var b strings.Builder
	end, depth := int32(0), 0
	for _, t := range token.Lex(text) {
		gap := text[end:t.Start]
		if depth > 0 && r.IntN(3) > 0 {
			gap = " "
		}
		switch t.Kind {
		case token.LParen, token.LBrack:
			depth++
		case token.RParen, token.RBrack:
			depth--
		}
		b.WriteString(gap + text[t.Start:t.End])
		end = t.End
	}
	return b.String()
}

// What holds for every file holds for other layouts of it.
func TestMutations(t *testing.T) {
	rounds := 12
	if testing.Short() || sampled {
		rounds = 3
	}
	readables := 0
	everyFile(t, func(name, text string) {
		if len(text) > 20_000 {
			return
		}
		t.Run(name, func(t *testing.T) {
			for seed := range rounds {
				r := rand.New(rand.NewPCG(uint64(seed), 7))
				mutated := mutate(r, text)
				if seed%2 == 0 {
					mutated = joinLines(r, mutated)
				}
				if _, diags := parse(mutated); readable(diags) {
					readables++
				}
				verify(t, mutated)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	})
	if readables == 0 {
		t.Error("no mutation was readable")
	}
	t.Logf("%d readable mutations", readables)
}

func FuzzFile(f *testing.F) {
	everyFile(f, func(_, text string) {
		if len(text) < 20_000 {
			f.Add(text)
		}
	})
	f.Fuzz(func(t *testing.T, text string) { verify(t, text) })
}

func FuzzExpr(f *testing.F) {
	for _, text := range []string{
		"-(5).abs() - --x", `{"a": [1, ?b], (c): "x${d.?e[?0]}$${"}`, "a ? b : (c ? d : e) || !f", "R{a: 1h30m, `in`: 512MiB}",
		"'''a\nb${\"\"\"c\n\"\"\"}'''", "{ a: r'\\', b: b'\\x00' }", ".a.b(.c)[0xFF].`d e` + 1e-9",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var diags diag.List
		if x := parser.ParseValue(source.NewFile("expr", text), &diags); diags.Len() == 0 {
			checkExpr(t, x)
		}
	})
}
