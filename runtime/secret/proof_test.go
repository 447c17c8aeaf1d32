package secret

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/event"
)

// scaffold is what encoders write around a secret: quotes, signs of a trace, and white space,
// of which a line break at a secret's end is no part of it.
const scaffold = "<>=\"'$+: \n\r\t*\\{}"

var scaffolds = []string{Mask, "+ : ", "t=", "zzz=", "u:", "%20", "%0A", "%0a", `\n`, "&#10;", "&#xA;", "&#39;"}

// Nothing of a secret is left of any text that an encoder makes of it, but for characters of
// base64 that mix bits with a neighbour.
func TestNothingIsLeftOfAnyEncoding(t *testing.T) {
	for name, texts := range encoded(t) {
		m := NewMasker(proof[name])
		for _, how := range slices.Sorted(maps.Keys(texts)) {
			got := m.Mask("<" + texts[how] + ">")
			rest := got
			for _, around := range scaffolds {
				rest = strings.ReplaceAll(rest, around, "")
			}
			room := 0
			switch {
			case strings.HasPrefix(how, "base64 "):
				room = 15 // six bytes before, four after, a line break, and shared characters
			case strings.HasSuffix(proof[name], "\n"):
				room = 2 // of the line break at its end
			}
			if rest = strings.Trim(rest, scaffold); len(rest) > room || !strings.Contains(got, Mask) {
				t.Errorf("%s as %s: %q is left of %q", name, how, rest, texts[how])
			}
		}
	}
}

// oracle masks by looking for each form at each place, with none of the index.
type oracle []string

func newOracle(secrets ...string) oracle {
	var o oracle
	for _, s := range secrets {
		if strings.TrimSpace(s) == "" {
			continue
		}
		for _, f := range forms(s) {
			if len(f) >= shortest {
				o = append(o, f)
			}
		}
	}
	slices.Sort(o)
	return slices.Compact(o)
}

func (o oracle) mask(text string) string {
	ends := make([]int, len(text)) // by place, of the longest form that starts there
	for _, f := range o {
		for from := 0; ; from++ {
			at := strings.Index(text[from:], f)
			if at < 0 {
				break
			}
			from += at
			ends[from] = max(ends[from], from+len(f))
		}
	}
	var out strings.Builder
	covered := 0
	for i := range len(text) {
		if ends[i] > 0 && i >= covered {
			out.WriteString(Mask)
		}
		if covered = max(covered, ends[i]); i >= covered {
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

// output is what the lines of an attempt look like to a sink, put together again.
func output(m *Masker, pieces ...string) string {
	var out strings.Builder
	bus := event.NewBus("r", m, func(e event.Event) {
		out.WriteString(e.Text)
		if !e.Partial {
			out.WriteByte('\n')
		}
	})
	l := bus.Lines("step", 1)
	for _, p := range pieces {
		l.Write(event.Stdout, "", []byte(p))
	}
	l.Flush()
	return out.String()
}

// asOutput is what a sink should see of a text that is masked already.
func asOutput(masked string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(masked, "\n"), "\n") {
		for _, r := range strings.TrimSuffix(line, "\r") {
			out.WriteRune(r)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// Every text of every secret, among text that is none, cut in two at every place, in single
// bytes and at random: a stream and the lines of a step come out as the oracle says. With the
// race detector a text is cut at every sixth place, and the next text at the places beside.
func TestEveryChunkSplitOfEveryEncoding(t *testing.T) {
	secrets := slices.Collect(maps.Values(proof))
	m, o := NewMasker(secrets...), newOracle(secrets...)
	random := rand.New(rand.NewPCG(8, 9))
	every, nth := 1, 0
	if sampled {
		every = 6
	}
	all := encoded(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, how := range slices.Sorted(maps.Keys(all[name])) {
			text := all[name][how]
			text = "before\n-- " + text + " after\nlast line"
			want := o.mask(text)
			if got := m.Mask(text); got != want {
				t.Fatalf("%s as %s, whole: %q, want %q", name, how, got, want)
			}
			check := func(pieces ...string) {
				t.Helper()
				if got := stream(t, m, pieces...); got != want {
					t.Fatalf("%s as %s in %d pieces: stream %q, want %q", name, how, len(pieces), got, want)
				}
				if got, want := output(m, pieces...), asOutput(want); got != want {
					t.Fatalf("%s as %s in %d pieces: lines %q, want %q", name, how, len(pieces), got, want)
				}
			}
			nth++
			for _, cut := range cuts(len(text), every, nth%every, random) {
				check(text[:cut], text[cut:])
			}
			check(randomly(text, random)...)
			if len(text) < 1000 {
				check(singly(text)...)
			}
		}
	}
}

// cuts are all places of a text. Of one in every only, from the first one on, a long text gives its
// ends and some between.
func cuts(size, every, first int, random *rand.Rand) []int {
	const long = 400
	var out []int
	for i := first; i <= size; i += every {
		if every == 1 || size <= long || i < 40 || i > size-40 {
			out = append(out, i)
		}
	}
	for range min(20/every, size) {
		out = append(out, random.IntN(size))
	}
	return out
}

func singly(text string) []string {
	out := make([]string, len(text))
	for i := range len(text) {
		out[i] = text[i : i+1]
	}
	return out
}

func randomly(text string, random *rand.Rand) []string {
	var out []string
	for text != "" {
		n := 1 + random.IntN(min(len(text), 60))
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}

// A secret within a larger text whose base64 a tool wraps is hidden wherever line breaks fall.
func TestWrappedBase64OfLargerTexts(t *testing.T) {
	for _, name := range []string{"token", "overlap", "quotes", "url", "unicode"} {
		m := NewMasker(proof[name])
		for before := range 80 {
			text := []byte(strings.Repeat("u", before) + proof[name] + strings.Repeat("v", 90))
			for i, width := range wraps {
				enc := alphabets[i]
				whole, part := enc.EncodeToString(text), settled(enc, proof[name], before%3)
				got := output(m, wrap(whole, width))
				rest := strings.NewReplacer(Mask, "", "\n", "").Replace(got)
				if len(rest) > len(whole)-len(part)+3 {
					t.Errorf("%s behind %d bytes at %d: %q", name, before, width, got)
				}
			}
		}
	}
}
