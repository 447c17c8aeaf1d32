package event

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// several hides a secret of three lines, and says where one may begin.
type several struct{}

const threeLines = "alpha\nbeta\ngamma"

func (several) Mask(s string) string { return strings.ReplaceAll(s, threeLines, "***\n***\n***") }
func (several) Hold() int            { return 32 }
func (several) Open(lines []byte) int {
	for n := min(len(threeLines)-1, len(lines)); n > 0; n-- {
		if strings.HasSuffix(string(lines), threeLines[:n]) {
			return len(lines) - n
		}
	}
	return len(lines)
}

// TestPositions stops reading after every event that stands by itself, and goes on from there: the
// events are the same.
func TestPositions(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 30 {
		text := randomOutput(random)
		all := readFrom(t, text, Position{}, random)
		for i, e := range all {
			if e.Offset == 0 {
				continue
			}
			at := Position{Offset: e.Offset, Open: e.Partial, Section: "s"}
			if diff := cmp.Diff(texts(all[i+1:]), texts(readFrom(t, text, at, random))); diff != "" {
				t.Fatalf("from %d of %q: %s", e.Offset, text, diff)
			}
		}
		if last := all[len(all)-1]; last.Offset != int64(len(text)) {
			t.Errorf("the last event ends at %d of %d", last.Offset, len(text))
		}
	}
}

func randomOutput(random *rand.Rand) string {
	var b strings.Builder
	for range 1 + random.IntN(20) {
		switch random.IntN(6) {
		case 0:
			b.WriteString(threeLines)
		case 1:
			b.WriteString("alpha\nbeta\n")
		case 2:
			b.WriteString(strings.Repeat("x", random.IntN(3*MaxPiece)))
		case 3:
			b.WriteString("\xff\r")
		}
		b.WriteString("line\n"[:1+random.IntN(5)])
	}
	return b.String() + "\n"
}

func readFrom(t *testing.T, text string, at Position, random *rand.Rand) []Event {
	t.Helper()
	var out []Event
	b := NewBus("r", several{}, func(e Event) { out = append(out, e) })
	l := b.LinesFrom("s", 1, map[Stream]Position{Stdout: at})
	for rest := text[at.Offset:]; rest != ""; {
		n := 1 + random.IntN(len(rest))
		l.Write(Stdout, "s", []byte(rest[:n]))
		rest = rest[n:]
	}
	l.Flush()
	return out
}

// texts joins pieces of lines: where a long line is cut depends on how it came.
func texts(events []Event) []string {
	out := []string{""}
	for _, e := range events {
		out[len(out)-1] += e.Text
		if !e.Partial {
			out = append(out, "")
		}
	}
	return out
}

// What a service writes into the log of a step counts in none of the step's streams: whoever goes on
// with the step would skip as much of its own.
func TestOutputBesideCountsNothing(t *testing.T) {
	var got []int64
	b := NewBus("r1", masks{}, func(e Event) { got = append(got, e.Offset) })
	own, beside := b.Lines("s", 1), b.LinesBeside("s", 1)
	own.Write(Stdout, "", []byte("one\n"))
	beside.Write(Stdout, "db", []byte("a long line of a service\n"))
	own.Write(Stdout, "", []byte("two\n"))
	if diff := cmp.Diff([]int64{4, 0, 8}, got); diff != "" {
		t.Error(diff)
	}
}
