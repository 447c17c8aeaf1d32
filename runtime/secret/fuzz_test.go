package secret

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// planted is a text with forms of secrets in it, chosen by bytes.
func planted(text, chosen string, o oracle) string {
	var b strings.Builder
	for i := range len(chosen) {
		if len(o) == 0 {
			break
		}
		form := o[int(chosen[i])*len(o)/256]
		at := int(chosen[i]) % (len(text) + 1)
		b.WriteString(text[:at])
		b.WriteString(form[int(chosen[i])%3%len(form):]) // some lack their beginning
		text = text[at:]
	}
	return b.String() + text
}

// FuzzMasker: for any secrets, text and chunks, the whole text, a stream and the lines of a
// step are masked as the oracle says, which leaves every other byte as it is.
func FuzzMasker(f *testing.F) {
	f.Add("hunter2", "hunter2-prod-key", "a text\n", "\x00\x40\x80\xff", uint64(1))
	f.Add("ababab", "bababa", "abababababab", "\x10", uint64(2))
	f.Add("12345\nab\n678", "ab\n67890", "12345\nab\n67890\n", "\x01\x02", uint64(3))
	f.Add("-----BEGIN A-----\nMIIEvQIBADANBgkq\nab==\n-----END A-----\n", "p:\r\nq\r\nr", "-----BEGIN A-----\nx\n", "\x03\x7f", uint64(4))
	f.Add("\xff\xfe\x00binary\x80", "pä$s`w'o\"r\\d", "\xff\n\r\n", "\x20\x60\xa0\xe0", uint64(5))
	f.Fuzz(func(t *testing.T, a, b, text, chosen string, seed uint64) {
		if len(a)+len(b) > 120 || len(text) > 400 || len(chosen) > 6 || strings.Contains(a+b+text, "*") {
			return
		}
		m, o := NewMasker(a, b), newOracle(a, b)
		text = planted(text, chosen, o)
		want := o.mask(text)
		if got := m.Mask(text); got != want {
			t.Fatalf("%q: %q, want %q", text, got, want)
		}
		pieces := randomly(text, rand.New(rand.NewPCG(seed, seed)))
		if got := stream(t, m, pieces...); got != want {
			t.Errorf("%q: stream %q, want %q", pieces, got, want)
		}
		if text == "" {
			return
		}
		if got := output(m, pieces...); got != asOutput(want) {
			t.Errorf("%q: lines %q, want %q", pieces, got, asOutput(want))
		}
	})
}

// FuzzLongLines: a line that is cut into pieces because it is too long shows nothing of a
// secret and keeps everything else.
func FuzzLongLines(f *testing.F) {
	f.Add("hunter2", "x", uint64(1))
	f.Add("ababab", "ab", uint64(2))
	f.Add("tok_live_51H8\nxQ2eZvKYlo2C", "€\xff", uint64(3))
	f.Fuzz(func(t *testing.T, secret, filler string, seed uint64) {
		if len(secret) > 60 || filler == "" || len(filler) > 40 || strings.Contains(secret+filler, "*") {
			return
		}
		m, o := NewMasker(secret), newOracle(secret)
		random := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		for b.Len() < 60_000 {
			b.WriteString(strings.Repeat(filler, random.IntN(200)))
			if len(o) > 0 && random.IntN(3) == 0 {
				b.WriteString(o[random.IntN(len(o))])
			}
		}
		text := b.String()
		var pieces []string
		for rest := text; rest != ""; {
			n := 1 + random.IntN(min(len(rest), 9000))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		got, want := output(m, pieces...), asOutput(o.mask(text))
		if crowded := strings.Count(want, Mask) > strings.Count(got, Mask); got != want && !crowded {
			t.Errorf("%d bytes of %q and %q: got %d bytes, want %d", len(text), secret, filler, len(got), len(want))
		}
		for _, form := range o {
			if strings.Contains(got, form) && !strings.Contains(want, form) {
				t.Errorf("%q stands in the output", form)
			}
		}
	})
}

// A secret that turns up while a stream is under way is masked from then on, with its
// beginning where that is still held back.
func TestSecretsThatTurnUpInAStream(t *testing.T) {
	m := NewMasker("hunter2-first-secret", "line one\nline two\nline three")
	var out strings.Builder
	w := m.Writer(&out)
	write := func(s string) {
		if _, err := w.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	write("late-token hunter2-")
	m.Add("hunter2-late")
	m.Add("late-token")
	write("late late-token.")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "late-token *** ***."; got != want {
		t.Errorf("stream %q, want %q", got, want)
	}
}

// Secrets may turn up while streams and steps write: under the race detector, nothing of a
// secret that was known before it was written is seen.
func TestSecretsThatTurnUpBesideStreams(t *testing.T) {
	m := NewMasker("first\nsecond line\nthird")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 30 {
				s := fmt.Sprintf("secret-%d\nof several lines %d\nx", i, j)
				m.Add(s)
				pieces := randomly("a\n"+s+"\nb", rand.New(rand.NewPCG(uint64(i), uint64(j))))
				if got := stream(t, m, pieces...); got != "a\n***\nb" {
					t.Errorf("stream %q", got)
				}
				if got := output(m, pieces...); got != "a\n***\nb\n" {
					t.Errorf("lines %q", got)
				}
			}
		})
	}
	wg.Wait()
}
