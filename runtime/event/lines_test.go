package event

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// masks replaces one secret and tells how long it is.
type masks struct{ secret string }

func (m masks) Mask(s string) string {
	if m.secret == "" {
		return s
	}
	return strings.ReplaceAll(s, m.secret, "***")
}
func (m masks) Hold() int { return max(0, len(m.secret)-1) }

// collect gives the output events of what write writes.
func collect(secret string, write func(*Lines)) []Event {
	var got []Event
	b := NewBus("r1", masks{secret}, func(e Event) { got = append(got, e) })
	l := b.Lines("build", 2)
	write(l)
	l.Flush()
	return got
}

type piece struct {
	Stream  Stream
	Section string
	Text    string
	Partial bool
}

func pieces(list []Event) []piece {
	var out []piece
	for _, e := range list {
		out = append(out, piece{e.Stream, e.Section, e.Text, e.Partial})
	}
	return out
}

func TestLinesAreSplit(t *testing.T) {
	tests := []struct {
		name   string
		chunks []string
		want   []string
	}{
		{"one line", []string{"a\n"}, []string{"a"}},
		{"nothing", nil, nil},
		{"empty lines", []string{"\n\n"}, []string{"", ""}},
		{"a line in pieces", []string{"a", "b", "\nc", "\n"}, []string{"ab", "c"}},
		{"no last line break", []string{"a\nb"}, []string{"a", "b"}},
		{"carriage return", []string{"a\r\nb\r", "\n"}, []string{"a", "b"}},
		{"broken utf-8", []string{"a\xff\xfeb\n"}, []string{"a\uFFFD\uFFFDb"}},
		{"a character in two chunks", []string{"\xe2\x82", "\xac\n"}, []string{"€"}},
		{"a secret in two chunks", []string{"pass hun", "ter2!\n"}, []string{"pass ***!"}},
		{"a secret beside a broken byte", []string{"\xffhunter2\n"}, []string{"\uFFFD***"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := collect("hunter2", func(l *Lines) {
				for _, c := range tt.chunks {
					l.Write(Stdout, "", []byte(c))
				}
			})
			var text []string
			for _, p := range got {
				if p.Partial || p.Stream != Stdout || p.Step != "build" || p.Attempt != 2 {
					t.Errorf("event %+v", p)
				}
				text = append(text, p.Text)
			}
			if diff := cmp.Diff(tt.want, text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStreamsAndSectionsKeepTheirLines(t *testing.T) {
	got := pieces(collect("", func(l *Lines) {
		l.Write(Stdout, "vet", []byte("half"))
		l.Write(Stderr, "vet", []byte("err\n"))
		l.Write(Stdout, "vet", []byte(" line\nopen"))
		l.Write(Stdout, "test", []byte("next\n"))
	}))
	want := []piece{
		{Stderr, "vet", "err", false},
		{Stdout, "vet", "half line", false},
		{Stdout, "vet", "open", false},
		{Stdout, "test", "next", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// opens is a masker of one secret of several lines.
type opens struct{ masks }

func (m opens) Open(lines []byte) int {
	for at := max(0, len(lines)-len(m.secret)+1); at < len(lines); at++ {
		if strings.HasPrefix(m.secret, string(lines[at:])) {
			return at
		}
	}
	return len(lines)
}

// Lines in which a secret of several lines may begin wait for what follows, and only they.
func TestSecretsOfSeveralLines(t *testing.T) {
	tests := []struct {
		name   string
		writes []string
		want   [][]string // after each write, and at the end
	}{
		{"whole", []string{"x\nab\ncd\nef\ny\n"}, [][]string{{"x", "***", "y"}, nil}},
		{"line by line", []string{"ab\n", "cd\n", "ef", "\n"}, [][]string{nil, nil, nil, {"***"}, nil}},
		{"within lines", []string{"<ab\ncd\n", "ef>\n"}, [][]string{nil, {"<***>"}, nil}},
		{"only its beginning", []string{"ab\n", "cd\n", "no\n"}, [][]string{nil, nil, {"ab", "cd", "no"}, nil}},
		{"the end comes first", []string{"ab\ncd\n"}, [][]string{nil, {"ab", "cd"}}},
		{"begins again", []string{"ab\n", "ab\n", "cd\nef\n"}, [][]string{nil, {"ab"}, {"***"}, nil}},
		{"twice", []string{"ab\ncd\nefab\ncd\nef\n"}, [][]string{{"******"}, nil}},
		{"carriage returns stay apart", []string{"ab\r\ncd\r\n"}, [][]string{{"ab", "cd"}, nil}},
		{"an empty line after it began", []string{"ab\n", "\n"}, [][]string{nil, {"ab", ""}, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			l := NewBus("r1", opens{masks{"ab\ncd\nef"}}, func(e Event) { got = append(got, e.Text) }).Lines("build", 1)
			for i, want := range tt.want {
				if i < len(tt.writes) {
					l.Write(Stdout, "", []byte(tt.writes[i]))
				} else {
					l.Flush()
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("after write %d: %s", i+1, diff)
				}
				got = nil
			}
		})
	}
}

// A secret whose every line begins another one does not keep output in memory.
func TestWaitingLinesAreBounded(t *testing.T) {
	secret := strings.Repeat("aaaaaa\n", 50) + "b"
	var out strings.Builder
	l := NewBus("r1", opens{masks{secret}}, func(e Event) { out.WriteString(e.Text + "\n") }).Lines("build", 1)
	for range 20_000 {
		l.Write(Stdout, "", []byte("aaaaaa\n"))
		if held := len(l.open[0].text); held > MaxPiece+3*len(secret) {
			t.Fatalf("%d bytes wait", held)
		}
	}
	l.Flush()
	if want := strings.Repeat("aaaaaa\n", 20_000); out.String() != want {
		t.Errorf("%d bytes came out of %d", out.Len(), len(want))
	}
}

// A line that is cut reads the same as a whole: nothing is lost, no character is broken, and
// no secret is seen in halves, whatever the chunks.
func TestLongLinesAreCutWhereNothingLies(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var long strings.Builder
	for long.Len() < 6000 {
		long.WriteByte(byte('A' + rnd.IntN(26)))
	}
	for _, secret := range []string{"", "hunter2", long.String()} {
		var line strings.Builder
		for line.Len() < 5*MaxPiece {
			switch rnd.IntN(4) {
			case 0:
				line.WriteString(secret)
			case 1:
				line.WriteString("grüße €")
			case 2:
				line.WriteByte(byte(rnd.IntN(256)))
			default:
				line.WriteString(strings.Repeat("x", rnd.IntN(500)))
			}
		}
		text := strings.NewReplacer("\n", "_", "\r", "_").Replace(line.String())
		got := collect(secret, func(l *Lines) {
			for rest := []byte(text + "\n"); len(rest) > 0; {
				n := min(len(rest), 1+rnd.IntN(9000))
				l.Write(Stderr, "", rest[:n])
				rest = rest[n:]
			}
		})
		var joined strings.Builder
		for i, e := range got {
			joined.WriteString(e.Text)
			if e.Partial != (i < len(got)-1) || !utf8.ValidString(e.Text) {
				t.Errorf("piece %d of %d: partial %t, valid %t", i, len(got), e.Partial, utf8.ValidString(e.Text))
			}
		}
		want := replaceInvalid(masks{secret}.Mask(text))
		if joined.String() != want {
			t.Errorf("secret of %d bytes: the pieces do not make the line", len(secret))
		}
		if len(got) < 3 {
			t.Errorf("%d pieces of a line of %d bytes", len(got), len(text))
		}
	}
}

func TestSecretsEverywhereAreNeverSeen(t *testing.T) {
	got := collect("hunter2", func(l *Lines) {
		l.Write(Stdout, "", bytes.Repeat([]byte("hunter2"), 20000))
	})
	for _, e := range got {
		if strings.Contains(e.Text, "hunter") || strings.Contains(e.Text, "unter2") {
			t.Fatalf("a piece shows %q", e.Text)
		}
	}
}

func TestALineWithoutEndKeepsMemoryFlat(t *testing.T) {
	var bytesSeen, events int
	b := NewBus("r1", masks{"hunter2"}, func(e Event) { bytesSeen += len(e.Text); events++ })
	l := b.Lines("build", 1)
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 2048)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const size = 100 << 20
	for n := 0; n < size; n += len(chunk) {
		l.Write(Stdout, "", chunk)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	l.Flush()
	if bytesSeen != size {
		t.Errorf("%d bytes came out of %d", bytesSeen, size)
	}
}

func TestBusMasksEverything(t *testing.T) {
	var got Event
	b := NewBus("r1", masks{"hunter2"}, func(e Event) { got = e })
	b.Publish(Event{Type: StepFinished, Reason: "bad hunter2", Section: "hunter2", Text: "hunter2", Value: []byte(`{"a":"hunter2"}`)})
	if got.Reason != "bad ***" || got.Section != "***" || got.Text != "***" || string(got.Value) != `{"a":"***"}` {
		t.Errorf("%+v", got)
	}
	if !b.Hides("x hunter2") || b.Hides("hunter") {
		t.Error("Hides")
	}
}

func BenchmarkLines(b *testing.B) {
	bus := NewBus("r1", masks{"hunter2"}, func(Event) {})
	chunk := bytes.Repeat([]byte("ok  github.com/pipelang/pipe/lang/value 0.123s\n"), 700)
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		l := bus.Lines("build", 1)
		l.Write(Stdout, "test", chunk)
	}
}
