package ui

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var gridColumns = []Column{{Title: "NAME"}, {Title: "VALUE", Cut: true}, {Title: "WHY"}}

func gridRows() [][]string {
	return [][]string{
		{"port", "8000", "default"},
		{"  host", strings.Repeat("x", 40), "env DB__HOST, and a reason of many words"},
		{"evil", "\x1b[31mred\r\n\u202eback", "-"},
	}
}

func TestGrid(t *testing.T) {
	for name, c := range map[string]struct {
		width int
		want  string
	}{
		"wide": {0, `
NAME    VALUE                                WHY
port    8000                                 default
  host  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  env DB__HOST, and a reason of many
                                             words
evil    \x1b[31mred\r\n\u{202e}back          -
`},
		"narrow": {40, `
NAME    VALUE            WHY
port    8000             default
  host  xxxxxxxxxxxxxx…  env DB__HOST,
                         and a reason of
                         many words
evil    \x1b[31mred\r\…  -
`},
		"too narrow": {20, `
port
  VALUE  8000
  WHY    default
  host
  VALUE  xxxxxxxxxxx
         xxxxxxxxxxx
         xxxxxxxxxxx
         xxxxxxx
  WHY    env
         DB__HOST,
         and a
         reason of
         many words
evil
  VALUE  \x1b[31mred
         \r\n\u{202e
         }back
  WHY    -
`},
	} {
		var out bytes.Buffer
		Grid(&out, Style{Width: c.width}, gridColumns, gridRows())
		if d := cmp.Diff(strings.TrimPrefix(c.want, "\n"), out.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// No width makes a line longer than it, or loses a character that is not to be cut.
func TestGridFitsEveryWidth(t *testing.T) {
	for width := 18; width < 200; width++ {
		var out bytes.Buffer
		Grid(&out, Style{Width: width}, gridColumns, gridRows())
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("%d columns in %d: %s", n, width, line)
			}
		}
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), "words") {
			t.Fatalf("width %d loses words:\n%s", width, out.String())
		}
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"a b", 0, []string{"a b"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"  ab cd ef", 6, []string{"  ab", "  cd", "  ef"}},
		{"äöü äöü", 4, []string{"äöü", "äöü"}},
		{"日本語日本 語", 5, []string{"日本", "語日", "本 語"}},
		{"日本", 1, []string{"日", "本"}},
	} {
		if d := cmp.Diff(tt.want, Fold(tt.text, tt.width)); d != "" {
			t.Errorf("%q in %d: %s", tt.text, tt.width, d)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöüß", 3, "äö…"}, {"日本語", 5, "日本…"}, {"abcd", 0, "abcd"}} {
		if got := Cut(tt.text, tt.width); got != tt.want {
			t.Errorf("%q cut to %d is %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestWholeColumnStays(t *testing.T) {
	var out strings.Builder
	id := "20261128-161718-twksse"
	Grid(&out, Style{Width: 40}, []Column{{Title: "RUN", Whole: true}, {Title: "STARTED"}}, [][]string{{id, "2026-11-28 16:17:18"}})
	if got := out.String(); !strings.Contains(got, "\n"+id+"  2026-11-28\n") {
		t.Errorf("the id is not on one line:\n%s", got)
	}
}
