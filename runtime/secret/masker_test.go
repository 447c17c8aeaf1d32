package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ten secrets: overlapping by prefix, by suffix, nested, of several lines, with characters
// that every escape treats, and beyond ASCII.
var ten = []string{
	"hunter2",
	"hunter2-prod-key",
	"prod-key-suffix",
	"-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nab\nq0x7RzXvTn1c2pLw==\n-----END KEY-----\n",
	`p"a'ss $wo\rd` + "`&<x>/é",
	"postgres://app:s3cr%40tpw@db:5432/app",
	"aaaaaaaa",
	"😀😀snow☃man",
	"tab\tand\r\nline",
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
}

func TestMask(t *testing.T) {
	m := NewMasker(ten...)
	tests := map[string]struct{ in, want string }{
		"nothing":          {"a plain line, hunter 2", "a plain line, hunter 2"},
		"empty":            {"", ""},
		"alone":            {"hunter2", "***"},
		"longest":          {"key=hunter2-prod-key!", "key=***!"},
		"overlap by end":   {"<hunter2-prod-key-suffix>", "<***>"},
		"touching":         {"hunter2hunter2", "******"},
		"nearly":           {"hunter2-prod-kex", "***-prod-kex"},
		"run of one byte":  {"x" + strings.Repeat("a", 21) + "y", "x***y"},
		"run too short":    {"aaaaaaa", "aaaaaaa"},
		"a line":           {"  MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n", "  ***\n"},
		"short line stays": {"ab", "ab"},
		"password of URL":  {"pw s3cr%40tpw and s3cr@tpw", "pw *** and ***"},
		"all lines":        {ten[3], "***\n"},
		"CRLF":             {strings.ReplaceAll(ten[3], "\n", "\r\n"), "***\r\n"},
		"invalid utf-8":    {"\xff hunter2\xfe", "\xff ***\xfe"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := m.Mask(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// encodings are made here by other means than forms does, as programs would make them.
func encodings(t *testing.T, s string) map[string]string {
	t.Helper()
	quoted, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{
		"raw":          s,
		"hex":          hex.EncodeToString([]byte(s)),
		"HEX":          strings.ToUpper(hex.EncodeToString([]byte(s))),
		"query":        url.QueryEscape(s),
		"path":         url.PathEscape(s),
		"json":         string(quoted[1 : len(quoted)-1]),
		"single quote": strings.ReplaceAll(s, "'", `'\''`),
		"go":           strings.Trim(fmt.Sprintf("%q", s), `"`),
	}
	for _, before := range []string{"", "u", "us", "use", "user"} {
		for _, after := range []string{"", ":", ":x"} {
			out["base64 "+before+after] = base64.StdEncoding.EncodeToString([]byte(before + s + after))
			out["base64url "+before+after] = base64.RawURLEncoding.EncodeToString([]byte(before + s + after))
		}
	}
	return out
}

// What is left of an encoding at its ends are characters that mix bits with a neighbour.
func TestMaskForms(t *testing.T) {
	for _, s := range ten {
		s = strings.Trim(s, "\r\n")
		m := NewMasker(s)
		for name, text := range encodings(t, s) {
			got := m.Mask("<" + text + ">")
			rest := strings.Trim(strings.Replace(got, Mask, "", 1), "<>=")
			room := 0
			if strings.HasPrefix(name, "base64") {
				room = 11 // up to four bytes before, two after, and shared characters
			}
			if !strings.Contains(got, Mask) || len(rest) > room {
				t.Errorf("%q as %s: %q becomes %q", s, name, text, got)
			}
		}
	}
}

func TestMaskWrappedBase64(t *testing.T) {
	s := ten[9] + ten[9]
	m := NewMasker(s)
	for _, width := range []int{64, 76} {
		text := base64.StdEncoding.EncodeToString([]byte(s))
		var lines []string
		for len(text) > width {
			lines, text = append(lines, text[:width]), text[width:]
		}
		lines = append(lines, text)
		if got := m.Mask(strings.Join(lines, "\n")); strings.Trim(got, "*\n") != "" {
			t.Errorf("wrapped at %d: %q", width, got)
		}
	}
}

func TestShortSecrets(t *testing.T) {
	m := NewMasker("abc", "pass5", "enough", "  ", "", "\n", "pass5")
	for text, want := range map[string]bool{"abc": true, " pass5\n": true, "enough": false, "pässwö": false, "": true} {
		if got := Short(text); got != want {
			t.Errorf("%q is short: %t", text, got)
		}
	}
	const in = "abc pass5 cGFzczU= enough   "
	if got, want := m.Mask(in), "abc *** cGFzczU= ***   "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLargeSecrets(t *testing.T) {
	line := strings.Repeat("0123456789", 10)
	m := NewMasker(strings.Repeat(line+"\n", 700))
	in := base64.StdEncoding.EncodeToString([]byte(line)) + " " + strings.Repeat(line+"\n", 700) + "!"
	if got := m.Mask(in); got != "*** ***\n!" {
		t.Errorf("got %q", got[:min(len(got), 200)])
	}
	if m.Hold() > 2*len(line)*710 {
		t.Errorf("holds %d", m.Hold())
	}
}

func TestHold(t *testing.T) {
	if n := new(Masker).Hold(); n != 0 {
		t.Errorf("an empty masker holds %d", n)
	}
	m := NewMasker("pass5")
	if n := m.Hold(); n != 4 {
		t.Errorf("holds %d", n)
	}
}

// texts holds each form of each secret, alone and among others.
func texts(m *Masker) []string {
	var out []string
	for _, s := range ten {
		for _, f := range forms(s) {
			out = append(out, "x"+f+"y")
		}
	}
	for i := range ten {
		out = append(out, ten[i]+ten[(i+1)%len(ten)], ten[i][1:]+ten[(i+3)%len(ten)]+ten[i][:3])
	}
	out = append(out, "hunter2-prod-key-suffix", "hunter2-prod-kehunter2-prod-key", strings.Repeat("a", 100))
	slices.Sort(out)
	return slices.Compact(out)
}

// However a text is cut in two, the stream comes out as the whole text would.
func TestWriterEverySplit(t *testing.T) {
	m := NewMasker(ten...)
	for _, text := range texts(m) {
		want := m.Mask(text)
		for cut := range len(text) + 1 {
			if got := stream(t, m, text[:cut], text[cut:]); got != want {
				t.Fatalf("%q cut at %d: %q, want %q", text, cut, got, want)
			}
		}
		if got := stream(t, m, strings.Split(text, "")...); got != want {
			t.Fatalf("%q in single characters: %q, want %q", text, got, want)
		}
	}
}

func TestWriterRandomSplits(t *testing.T) {
	m := NewMasker(ten...)
	random := rand.New(rand.NewPCG(1, 2))
	all := texts(m)
	for range 500 {
		var b strings.Builder
		for range 1 + random.IntN(6) {
			piece := all[random.IntN(len(all))]
			b.WriteString(piece[random.IntN(3)%len(piece):])
		}
		text := b.String()
		var pieces []string
		for rest := text; rest != ""; {
			n := 1 + random.IntN(min(len(rest), 40))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if got, want := stream(t, m, pieces...), m.Mask(text); got != want {
			t.Fatalf("%q as %q: %q, want %q", text, pieces, got, want)
		}
	}
}

func stream(t testing.TB, m *Masker, pieces ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := m.Writer(&out)
	for _, p := range pieces {
		if n, err := w.Write([]byte(p)); err != nil || n != len(p) {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Only what may become a secret waits for more.
func TestWriterHoldsBackNoMore(t *testing.T) {
	var out bytes.Buffer
	w := NewMasker("hunter2").Writer(&out)
	steps := []struct{ in, out string }{
		{"prompt> ", "prompt> "},
		{"hunt", ""},
		{"ing\n", "hunting\n"},
		{"hunter", ""},
		{"2", "***"},
		{"h", ""},
	}
	for _, s := range steps {
		if _, err := w.Write([]byte(s.in)); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != s.out {
			t.Errorf("after %q: %q, want %q", s.in, got, s.out)
		}
		out.Reset()
	}
	if err := w.Close(); err != nil || out.String() != "h" {
		t.Errorf("close: %q, %v", out.String(), err)
	}
}

func TestWriterMemory(t *testing.T) {
	m := NewMasker("aaaaaaaa")
	var out bytes.Buffer
	w := m.Writer(&out)
	for range 100 {
		if _, err := w.Write(bytes.Repeat([]byte("a"), 1000)); err != nil {
			t.Fatal(err)
		}
		if len(w.buf) > m.Hold() {
			t.Fatalf("%d bytes held back", len(w.buf))
		}
	}
	if err := w.Close(); err != nil || out.String() != Mask {
		t.Errorf("%d bytes written, %v", out.Len(), err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }

func TestWriterErrorStays(t *testing.T) {
	w := NewMasker("hunter2").Writer(failing{})
	for range 2 {
		if _, err := w.Write([]byte("x")); err == nil {
			t.Error("write after a failure succeeds")
		}
	}
	if w.Close() == nil {
		t.Error("close after a failure succeeds")
	}
}

func TestConcurrentUse(t *testing.T) {
	m := &Masker{}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				s := fmt.Sprintf("secret-%d-%d!", i, j)
				m.Add(s)
				if got := m.Mask("<" + s + ">"); got != "<***>" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}
