package ui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/event"
)

// glass is a terminal that remembers what it showed, and what was done to it.
type glass struct {
	t        *testing.T
	mu       sync.Mutex
	vt       *vt.Emulator
	answered chan struct{} // closed when nobody reads its answers any more
	writes   int
	// scrolled says which text may never leave the screen upwards.
	scrolled string
}

func newGlass(t *testing.T, columns, rows int) *glass {
	g := &glass{t: t, vt: vt.NewEmulator(columns, rows), answered: make(chan struct{}), scrolled: "─ "}
	g.vt.SetScrollbackSize(1 << 20)
	go func() { // what it answers to questions
		defer close(g.answered)
		_, _ = io.Copy(io.Discard, g.vt)
	}()
	t.Cleanup(g.close)
	return g
}

// frames is how often something was written.
func (g *glass) frames() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.writes
}

// close ends the answers, whose reader does not look at the emulator's own mark of being closed
// under any lock.
func (g *glass) close() {
	g.vt.InputPipe().(io.Closer).Close()
	<-g.answered
}

var up = regexp.MustCompile(`\x1b\[(\d+)A`)

// Write shows p as a terminal does whose driver makes line breaks whole.
func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes++
	rows := bytes.Count(p, []byte(eraseAbove))
	for _, m := range up.FindAllSubmatch(p, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		rows += n
	}
	if rows >= g.vt.Height() {
		g.t.Errorf("a frame begins %d rows above the cursor on a terminal of %d", rows, g.vt.Height())
	}
	if at := bytes.Index(p, []byte(eraseBelow)); at >= 0 && !bytes.Contains(p[:at], []byte("\n")) {
		g.t.Errorf("%q erases from where the block began, which some terminals keep", p)
	}
	g.vt.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), nil
}

func (g *glass) size() (int, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.vt.Width(), g.vt.Height()
}

// screen is what is to be seen, and all is that with what has scrolled away.
func (g *glass) screen() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return trimmed(g.vt.String())
}

func (g *glass) all() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var b strings.Builder
	for _, l := range g.vt.Scrollback().Lines() {
		b.WriteString(l.String() + "\n")
	}
	return trimmed(b.String() + g.vt.String())
}

// trimmed is without blanks at the ends of lines and lines at the end.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// stage runs a display in a bubble of its own time.
func stage(t *testing.T, columns, rows int, steps []string, play func(g *glass, l *Live, bus *event.Bus)) {
	synctest.Test(t, func(t *testing.T) {
		g := newGlass(t, columns, rows)
		l := NewLive(Terminal{Out: g, Size: g.size}, "r1", steps)
		l.Start()
		play(g, l, event.NewBus("r1", noMask{}, l.Sink))
		l.Stop()
		if err := l.Err(); err != nil {
			t.Error(err)
		}
		g.close()
	})
}

type noMask struct{}

func (noMask) Mask(s string) string { return s }

func start(bus *event.Bus, step string) {
	bus.Publish(event.Event{Type: event.StepStarted, Step: step, Attempt: 1})
}

func say(bus *event.Bus, step, text string) {
	bus.Publish(event.Event{Type: event.StepOutput, Step: step, Attempt: 1, Stream: event.Stdout, Text: text})
}

func end(bus *event.Bus, step, outcome, reason string) {
	bus.Publish(event.Event{Type: event.StepFinished, Step: step, Attempt: 1, Outcome: outcome, Reason: reason, Duration: 2 * time.Second})
}

func TestLiveShowsWhatIsUnderWay(t *testing.T) {
	stage(t, 60, 12, []string{"build", "test", "ship", "late"}, func(g *glass, l *Live, bus *event.Bus) {
		start(bus, "build")
		say(bus, "build", "\x1b[31m10%\r\x1b[2K20%\x1b[0m\tdone 日本語")
		bus.Publish(event.Event{Type: event.StepFanout, Step: "test", Instances: 4})
		start(bus, "test[0]")
		end(bus, "test[0]", "succeeded", "")
		start(bus, "test[1]")
		say(bus, "test[1]", "no good")
		end(bus, "test[1]", "failed", "exit code 1")
		start(bus, "test[2]")
		bus.Publish(event.Event{Type: event.StepWaiting, Step: "ship", Reason: "waits for lock \"prod\", which is held by run 7"})
		time.Sleep(3*time.Second + frame)
		want := `test[1] ✗ failed in 2.0s: exit code 1
test[1] │ no good
▸ build       3s 20%     done 日本語
▸ test        3s ━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 2/4, 1 failed
▸ test[2]     3s
◌ ship        3s waits for lock "prod", which is held by r…
─ 0/4 steps, 2 running, 1 waiting, 1 failed, 3s`
		if diff := cmp.Diff(want, g.screen()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLiveLeavesOnlyWhatEnded(t *testing.T) {
	stage(t, 60, 12, []string{"a", "b"}, func(g *glass, l *Live, bus *event.Bus) {
		start(bus, "a")
		start(bus, "b")
		time.Sleep(time.Second)
		end(bus, "a", "succeeded", "")
		end(bus, "b", "cancelled", "interrupted")
		time.Sleep(time.Second)
		l.Stop()
		if diff := cmp.Diff("a ✓ succeeded in 2.0s\nb ◌ cancelled in 2.0s: interrupted", g.all()); diff != "" {
			t.Error(diff)
		}
	})
}

// Nothing is drawn when nothing changed, however long it takes, and little when much did.
func TestLiveDrawsNoMoreThanItMust(t *testing.T) {
	stage(t, 80, 24, []string{"a"}, func(g *glass, l *Live, bus *event.Bus) {
		start(bus, "a")
		time.Sleep(10*time.Second + 50*time.Millisecond)
		before := g.frames()
		if before > 12 {
			t.Errorf("%d frames in ten seconds in which nothing happened", before)
		}
		for i := range 10_000 {
			say(bus, "a", fmt.Sprint("line ", i))
			time.Sleep(100 * time.Microsecond)
		}
		if n := g.frames() - before; n < 5 || n > 20 {
			t.Errorf("%d frames in a second in which much happened", n)
		}
	})
}

// Whatever happens on terminals of every size, no frame is as high as the screen, nothing of a
// block is left behind, and what ended is there.
func TestLiveFitsEveryTerminal(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 10}, {200, 50}, {20, 5}, {12, 3}, {9, 2}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, uint64(size[0])))
			var steps []string
			for i := range 40 {
				steps = append(steps, fmt.Sprintf("step_%d", i))
			}
			stage(t, size[0], size[1], steps, func(g *glass, l *Live, bus *event.Bus) {
				var want []string
				bus.Publish(event.Event{Type: event.StepFanout, Step: "many", Instances: 200})
				for i := range 200 {
					path := fmt.Sprintf("many[%d]", i)
					if i < len(steps) {
						path = steps[i]
					}
					start(bus, path)
					if i%7 == 0 {
						bus.Publish(event.Event{Type: event.StepWaiting, Step: fmt.Sprintf("waits[%d]", i), Reason: "waits for approval: 日本 💩 " + strings.Repeat("long ", 30)})
					}
					for range rnd.IntN(4) {
						say(bus, path, strings.Repeat("日本語\t\x1b[32m👩‍👩‍👧‍👦x❤️\x1b[0m\x1b[3A\x1b[2J", rnd.IntN(20)))
						time.Sleep(time.Duration(rnd.IntN(60)) * time.Millisecond)
					}
					if i < len(steps) && i%2 == 0 {
						end(bus, path, "succeeded", "")
						want = append(want, path+" ✓")
					}
					if shown, height := g.screen(), g.vt.Height(); strings.Count(shown, "\n") >= height {
						t.Fatalf("%d lines on %d rows", strings.Count(shown, "\n")+1, height)
					}
				}
				time.Sleep(time.Second)
				l.Stop()
				all := strings.Join(strings.Fields(strings.ReplaceAll(g.all(), "\n", "")), "")
				for _, w := range want {
					if !strings.Contains(all, strings.ReplaceAll(w, " ", "")) {
						t.Errorf("%s is not there", w)
					}
				}
				for _, mark := range []string{"─", "▸", "━", "╌"} {
					if strings.Contains(all, mark) {
						t.Errorf("something of a block was left behind: %s in\n%s", mark, g.all())
						break
					}
				}
			})
		})
	}
}

// A block that a narrower terminal breaks into more rows is found again, and a lower one gets a lower block.
func TestLiveIsDrawnAnewWhenTheTerminalChanges(t *testing.T) {
	stage(t, 100, 30, []string{"a"}, func(g *glass, l *Live, bus *event.Bus) {
		bus.Publish(event.Event{Type: event.StepFanout, Step: "a", Instances: 30})
		for i := range 30 {
			start(bus, fmt.Sprintf("a[%d]", i))
		}
		time.Sleep(time.Second)
		for _, size := range [][2]int{{100, 12}, {160, 40}, {160, 8}, {60, 30}} {
			g.mu.Lock()
			g.vt.Resize(size[0], size[1])
			g.mu.Unlock()
			time.Sleep(2 * frame)
			lines := strings.Split(g.screen(), "\n")
			if len(lines) >= size[1] || !strings.HasPrefix(lines[len(lines)-1], "─ 0/1 steps, 30 running") {
				t.Errorf("at %v:\n%s", size, g.screen())
			}
		}
	})
	s := screen{cells: []int{99, 10, 0}}
	if n := s.rows(area{50, 24}); n != 4 {
		t.Errorf("lines of 99, 10 and no cells take %d rows of 50 columns, want 4", n)
	}
}

// While a person is asked nothing is written, and nothing is lost.
func TestLiveAsks(t *testing.T) {
	stage(t, 60, 12, []string{"a", "b"}, func(g *glass, l *Live, bus *event.Bus) {
		start(bus, "a")
		start(bus, "b")
		time.Sleep(time.Second)
		if err := l.Ask("Approve? [y/N] "); err != nil {
			t.Fatal(err)
		}
		end(bus, "a", "succeeded", "")
		time.Sleep(5 * time.Second)
		if got := g.screen(); got != "Approve? [y/N]" {
			t.Errorf("while asking:\n%s", got)
		}
		g.Write([]byte("y\n")) // as the terminal echoes it
		l.Answered(true)
		time.Sleep(time.Second + frame)
		want := "Approve? [y/N] y\na ✓ succeeded in 2.0s\n▸ b     7s\n─ 1/2 steps, 1 running, 7s"
		if diff := cmp.Diff(want, g.screen()); diff != "" {
			t.Error(diff)
		}
		if err := l.Ask("Sure? "); err != nil {
			t.Fatal(err)
		}
		l.Answered(false)
		time.Sleep(time.Second)
		fmt.Fprintln(l.Above(g), "pipe: told by others")
		time.Sleep(time.Second + frame)
		want = "Approve? [y/N] y\na ✓ succeeded in 2.0s\nSure?\npipe: told by others\n▸ b     9s\n─ 1/2 steps, 1 running, 9s"
		if diff := cmp.Diff(want, g.screen()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLiveOpensFailures(t *testing.T) {
	stage(t, 60, 200, []string{"a", "b"}, func(g *glass, l *Live, bus *event.Bus) {
		start(bus, "a")
		for i := range 120 {
			say(bus, "a", fmt.Sprint("line ", i))
		}
		end(bus, "a", "failed", "exit code 2")
		bus.Publish(event.Event{Type: event.StepFanout, Step: "b", Instances: 1000})
		for i := range 1000 {
			step := fmt.Sprintf("b[%d]", i)
			start(bus, step)
			say(bus, step, "oops")
			end(bus, step, "failed", "exit code 1")
		}
		l.Stop()
		all := g.all()
		for text, want := range map[string]int{"line ": tailLines, "70 lines before: pipe logs r1 a": 1, "line 119": 1, "line 70\n": 1,
			"✗ failed in 2.0s: exit code 1": mostTold, "oops": mostOpened} {
			if n := strings.Count(all, text); n != want {
				t.Errorf("%q is there %d times, want %d", text, n, want)
			}
		}
	})
}

// A terminal that is gone ends the drawing, not the run.
func TestLiveGivesUpOnAnError(t *testing.T) {
	l := NewLive(Terminal{Out: gone{}, Size: func() (int, int) { return 80, 24 }}, "r1", nil)
	l.Start()
	bus := event.NewBus("r1", noMask{}, l.Sink)
	start(bus, "a")
	end(bus, "a", "succeeded", "")
	l.Stop()
	l.Stop()
	if !errors.Is(l.Err(), io.ErrClosedPipe) {
		t.Errorf("error %v", l.Err())
	}
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestGlance(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                              "plain",
		"10%\r20%\r":                         "20%",
		"\r\x1b[2K 30% \x1b[32m✓\x1b[0m":     " 30% ✓",
		"a\tb\t日本\tc":                        "a       b       日本    c",
		"\x1b]0;title\x07x\x1b[3Ay\x1b":      "xy",
		"\u202eevil\x07":                     `\u{202e}evil\x07`,
		"":                                   "",
		strings.Repeat("é", glanced) + "end": strings.Repeat("é", glanced/2),
	} {
		if got := Glance(text); got != want {
			t.Errorf("Glance(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCutCells(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"e\u0301e\u0301e\u0301", 2, "e\u0301…"}, {"x", 0, ""}, {"❤️", 1, "…"}} {
		if got := CutCells(tt.text, tt.width); got != tt.want {
			t.Errorf("%q cut to %d is %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}
