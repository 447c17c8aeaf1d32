package diag_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
)

func TestSuggest(t *testing.T) {
	for _, tt := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"wher", []string{"when", "where", "whole"}, "where"},
		{"whem", []string{"where", "when"}, "when"},
		{"gratest", []string{"greatest", "least"}, "greatest"},
		{"Unit", []string{"unit", "UNIT2"}, "unit"},
		{"bb", []string{"a", "b", "c"}, "b"},
		{"env", []string{"environment", "port"}, "environment"},
		{"env", []string{"environment", "envelope"}, ""},
		{"version", []string{"image", "port"}, ""},
	} {
		if got := diag.Suggest(tt.name, tt.candidates); got != tt.want {
			t.Errorf("%s among %v: %q, not %q", tt.name, tt.candidates, got, tt.want)
		}
	}
}

// However the candidates are looked through, the nearest is found: one that a plain reading of the table of distances
// finds, too.
func TestSuggestNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, 1+r.IntN(9))
		for i := range b {
			b[i] = "abcABé"[r.IntN(7)]
		}
		return string(b)
	}
	for range 20_000 {
		name, candidates := word(), []string{word(), word(), word(), word(), word()}
		if got, want := diag.Suggest(name, candidates), plainly(name, candidates); want != "" && got != want {
			t.Fatalf("%q among %q: %q, not %q", name, candidates, got, want)
		}
	}
}

// plainly is the nearest candidate, "" when none is near.
func plainly(name string, candidates []string) string {
	limit := max(1, len(name)/3)
	best, least := "", []int(nil)
	for _, c := range candidates {
		d := table(strings.ToLower(name), strings.ToLower(c))
		if c == name || d > limit || d >= max(len(name), len(c)) {
			continue
		}
		start := 0
		for start < min(len(name), len(c)) && name[start] == c[start] {
			start++
		}
		far := []int{d, table(name, c), -start}
		if n := slices.Compare(far, least); best == "" || n < 0 || n == 0 && c < best {
			best, least = c, far
		}
	}
	return best
}

// table is the distance of two texts by the whole table.
func table(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = rows[i-1][j-1] + 1
			}
			rows[i][j] = min(rows[i][j], rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// However many candidates there are, no memory is taken for each: those that are too far are not looked into.
func TestSuggestAmongMany(t *testing.T) {
	takes := func(candidates int) float64 {
		names := make([]string, candidates)
		for i := range names {
			names[i] = fmt.Sprintf("step_number_%05d", i)
		}
		want := names[candidates/2]
		name := strings.Replace(want, "step", "setp", 1)
		if got := diag.Suggest(name, names); got != want {
			t.Errorf("%s among %d: %q, not %q", name, candidates, got, want)
		}
		return testing.AllocsPerRun(3, func() { diag.Suggest(name, names) })
	}
	if few, many := takes(100), takes(10_000); many > few {
		t.Errorf("100 candidates take %v pieces of memory, and 10,000 %v", few, many)
	}
}
