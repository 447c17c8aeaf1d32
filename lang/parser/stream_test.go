package parser

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/token"
)

// TestStreamFrom takes the tokens of a text from each place on: they are the same as in the whole.
func TestStreamFrom(t *testing.T) {
	src := "op a() {\n  run ```\n    one\n      two\n  ```; x = [\n1, // c\n\n  2]\n\n}\n\t let b = \"${c}\"\n"
	toks := significant(token.Lex(src))
	all := newStream(src, toks, 7).all()
	for n := 1; n < len(toks); n++ {
		rest := newStream(src, toks, 7).from(n)
		for i := n; i < len(toks); i++ {
			got, _ := rest.Next()
			if d := cmp.Diff(all[i], got); d != "" {
				t.Fatalf("from %d, token %d (-whole +rest):\n%s", n, i, d)
			}
		}
	}
}

// TestLongStream shares the tokens of a long text between goroutines.
func TestLongStream(t *testing.T) {
	src := strings.Repeat("op a() {\n  run `x`; cached\n}\n", worthSharing/8)
	toks := significant(token.Lex(src))
	if len(toks) < worthSharing {
		t.Fatalf("%d tokens are not enough", len(toks))
	}
	one := newStream(src, toks, 0)
	for i, got := range newStream(src, toks, 0).all() {
		want, _ := one.Next()
		if got != want {
			t.Fatalf("token %d: %v, expected %v", i, got, want)
		}
	}
}
