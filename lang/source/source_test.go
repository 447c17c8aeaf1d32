package source

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSpan(t *testing.T) {
	a, b := Span{2, 5}, Span{4, 9}
	if got := a.Join(b); got != (Span{2, 9}) {
		t.Errorf("join gives %v", got)
	}
	if a.Contains(b) || !a.Contains(Span{3, 5}) || !a.Contains(a) {
		t.Error("contains is wrong")
	}
	if a.Len() != 3 {
		t.Errorf("length is %d", a.Len())
	}
}

func TestByteOrderMark(t *testing.T) {
	if f := NewFile("a", "\ufeffx\ufeff"); f.Text != "x\ufeff" {
		t.Errorf("text is %q", f.Text)
	}
}

func TestLines(t *testing.T) {
	for text, want := range map[string][]string{
		"":         {""},
		"a":        {"a"},
		"a\n":      {"a", ""},
		"a\r\nb":   {"a", "b"},
		"\n\n":     {"", "", ""},
		"a\rb\r\n": {"a\rb", ""},
	} {
		f := NewFile("f", text)
		var got []string
		for n := 1; n <= f.Lines(); n++ {
			got = append(got, f.Line(n))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines of %q: %s", text, diff)
		}
		if f.Line(0) != "" || f.Line(f.Lines()+1) != "" {
			t.Errorf("%q has lines outside", text)
		}
	}
}

func TestPosition(t *testing.T) {
	f := NewFile("f", "aé日😀b\r\nx\xffy\n")
	for text, want := range map[string]Position{
		"a": {1, 1}, "é": {1, 2}, "日": {1, 3}, "😀": {1, 4}, "b": {1, 5}, "\r": {1, 6}, "\n": {1, 7}, "x": {2, 1}, "y": {2, 3},
	} {
		if got := f.Position(int32(strings.Index(f.Text, text))); got != want {
			t.Errorf("%q is at %v, want %v", text, got, want)
		}
	}
	if got := f.Position(-1); got != (Position{1, 1}) {
		t.Errorf("before the text is %v", got)
	}
	if got := f.Position(1000); got != (Position{3, 1}) {
		t.Errorf("after the text is %v", got)
	}
}

// Every boundary of a character has a place in UTF-16 units that leads back to it, and the
// units are those of the standard library.
func TestUTF16(t *testing.T) {
	f := NewFile("f", "aé日😀b\nsecond 😀 line\n\nlast")
	for off := range len(f.Text) {
		if !utf8.RuneStart(f.Text[off]) {
			continue
		}
		line, unit := f.UTF16(int32(off))
		start := f.LineStart(line + 1)
		if want := len(utf16.Encode([]rune(f.Text[start:off]))); unit != want {
			t.Errorf("offset %d is unit %d, want %d", off, unit, want)
		}
		if back := f.FromUTF16(line, unit); back != int32(off) {
			t.Errorf("offset %d comes back as %d", off, back)
		}
	}
}

func TestFromUTF16Outside(t *testing.T) {
	f := NewFile("f", "ab\r\ncd")
	for _, c := range []struct {
		line, unit int
		want       int32
	}{{-1, 5, 0}, {0, 99, 2}, {0, -1, 0}, {1, 99, 6}, {2, 0, 6}} {
		if got := f.FromUTF16(c.line, c.unit); got != c.want {
			t.Errorf("line %d, unit %d is %d, want %d", c.line, c.unit, got, c.want)
		}
	}
}

func TestSlice(t *testing.T) {
	f := NewFile("f", "hello")
	for want, s := range map[string]Span{"ell": {1, 4}, "hello": {-3, 99}, "": {4, 2}} {
		if got := f.Slice(s); got != want {
			t.Errorf("%v is %q, want %q", s, got, want)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	f := NewFile("f", strings.Repeat("line\n", 1000))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := f.Position(2500); got != (Position{501, 1}) {
				t.Errorf("got %v", got)
			}
		})
	}
	wg.Wait()
}
