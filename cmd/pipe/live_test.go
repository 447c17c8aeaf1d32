package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// console is a run of pipe on a terminal.
type console struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File // its master
	done chan struct{}

	mu  sync.Mutex
	vt  *vt.Emulator
	raw strings.Builder
}

// onTerminal runs pipe in a folder with one module, on a terminal of a size.
func onTerminal(t *testing.T, columns, rows int, module string, args ...string) *console {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.pipe"), []byte(module), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &console{t: t, cmd: exec.Command(exe, args...), done: make(chan struct{}), vt: vt.NewEmulator(columns, rows)}
	c.vt.SetScrollbackSize(1 << 20)
	go io.Copy(io.Discard, c.vt) // what it answers to questions
	c.cmd.Dir = dir
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name != "CI" && name != "NO_COLOR" && !strings.HasPrefix(name, "GITHUB_") {
			c.cmd.Env = append(c.cmd.Env, v)
		}
	}
	c.cmd.Env = append(c.cmd.Env, "PIPE_TEST_MAIN=1", "PIPE_STORE="+t.TempDir(), "TERM=xterm-256color")
	c.start(columns, rows)
	return c
}

// thenOn runs another command where one ran before.
func thenOn(t *testing.T, before *console, args ...string) *console {
	t.Helper()
	c := &console{t: t, cmd: exec.Command(before.cmd.Path, args...), done: make(chan struct{}), vt: vt.NewEmulator(100, 24)}
	go io.Copy(io.Discard, c.vt)
	c.cmd.Dir, c.cmd.Env = before.cmd.Dir, before.cmd.Env
	c.start(100, 24)
	return c
}

func (c *console) start(columns, rows int) {
	c.t.Helper()
	var err error
	if c.tty, err = pty.StartWithSize(c.cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		c.tty.Close()
		<-c.done
		c.vt.InputPipe().(io.Closer).Close()
	})
	go c.read()
}

func (c *console) read() {
	defer close(c.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.tty.Read(buf)
		c.mu.Lock()
		c.raw.Write(buf[:n])
		c.vt.Write(buf[:n])
		c.mu.Unlock()
		if err != nil { // EIO: the other side is closed
			return
		}
	}
}

// text is all that the terminal shows and showed.
func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, l := range c.vt.Scrollback().Lines() {
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	for l := range strings.Lines(c.vt.String()) {
		b.WriteString(strings.TrimRight(l, " \r\n") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// until waits for the terminal to show something.
func (c *console) until(want string) {
	c.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		last := c.over() || time.Now().After(deadline)
		text := c.text()
		switch {
		case strings.Contains(text, want):
			return
		case last:
			c.t.Fatalf("no %q on the terminal:\n%s", want, text)
		}
	}
}

// over reports whether pipe has ended.
func (c *console) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// end waits for pipe to end and checks what holds for every run: frames fit, nothing of a block is left.
func (c *console) end(code, rows int) string {
	c.t.Helper()
	err := c.cmd.Wait()
	<-c.done
	if got := c.cmd.ProcessState.ExitCode(); got != code {
		c.t.Errorf("exit code %d (%v), want %d\n%s", got, err, code, c.text())
	}
	frames := strings.Split(c.raw.String(), "\x1b[?2026h")[1:]
	for _, frame := range frames {
		up := strings.Count(frame, "\x1b[A")
		for _, m := range regexp.MustCompile(`\x1b\[(\d+)A`).FindAllStringSubmatch(frame, -1) {
			n, _ := strconv.Atoi(m[1])
			up += n
		}
		if up >= rows {
			c.t.Errorf("a frame begins %d rows above the cursor on a terminal of %d", up, rows)
		}
	}
	if len(frames) == 0 {
		c.t.Error("no frame was drawn")
	}
	text := c.text()
	for _, mark := range []string{"─ ", "▸ ", "━", "╌"} {
		if strings.Contains(text, mark) {
			c.t.Errorf("%q of a block was left behind:\n%s", mark, text)
		}
	}
	return text
}

const manySteps = `op one(n: int) {
  inputs []
  run ` + "`printf '%s\\n' \"日本語 $n 💩\"; test $n != 117`" + `
}

pipeline main() {
  bar = op {
    inputs []
    run ` + "`for i in 1 2 3 4 5 6; do printf '\\r\\033[2K%d0%% 日本語' $i; sleep 0.12; done; printf '\\nand\\tthen\\033[3A\\n'`" + `
  }
  many = one(n: n) {
    for n in ` + "LIST" + `
  }
  quiet = op {
    needs bar
    inputs []
    run ` + "`sleep 0.3`" + `
  }
}
`

func TestLiveOnATerminal(t *testing.T) {
	var list []string
	for i := range 200 {
		list = append(list, strconv.Itoa(i))
	}
	module := strings.Replace(manySteps, "LIST", "["+strings.Join(list, ", ")+"]", 1)
	for _, size := range [][2]int{{80, 24}, {40, 10}, {200, 50}} {
		t.Run(strconv.Itoa(size[0]), func(t *testing.T) {
			c := onTerminal(t, size[0], size[1], module, "run", "p.pipe", "--jobs", "4")
			c.until("0% 日本語") // of a line that has not ended
			text := c.end(1, size[1])
			flat := strings.Join(strings.Fields(text), "")
			for _, want := range []string{"many[117] ✗ failed", "many[117] │ 日本語 117 💩", "bar ✓ succeeded", "quiet ✓ succeeded", "many[…] … 199 more 199 succeeded"} {
				if !strings.Contains(flat, strings.ReplaceAll(want, " ", "")) {
					t.Errorf("%q is not on the terminal:\n%s", want, text)
				}
			}
			if n := strings.Count(flat, "many["); n > 12 {
				t.Errorf("instances are told of %d times:\n%s", n, text)
			}
		})
	}
}

func TestLiveWhenInterrupted(t *testing.T) {
	c := onTerminal(t, 80, 24, "pipeline main() {\n  a = op {\n    inputs []\n    grace 1s\n    run `echo ready; sleep 4243`\n  }\n  finally {\n    b = op {\n      inputs []\n      run `echo cleaned`\n    }\n  }\n}\n", "run", "p.pipe")
	before, err := term.GetState(int(c.tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	c.until("ready")
	if _, err := c.tty.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	c.until("interrupted; steps may end")
	text := c.end(130, 24)
	for _, want := range []string{"pipe: interrupted; steps may end", "a ◌ cancelled", "b ✓ succeeded", "◌ cancelled in"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the terminal:\n%s", want, text)
		}
	}
	after, err := term.GetState(int(c.tty.Fd()))
	if err == nil && *after != *before {
		t.Error("the terminal is not as it was")
	}
	for _, kept := range []string{"\x1b[?25l", "\x1b[?1049h"} {
		if strings.Contains(c.raw.String(), kept) {
			t.Errorf("%q changes the terminal beyond the run", kept)
		}
	}
}

// A question stays where it is until it is answered, and what went on meanwhile comes behind it.
func TestLiveAsksOnATerminal(t *testing.T) {
	c := onTerminal(t, 80, 24, "pipeline main() {\n  first = op {\n    inputs []\n    run `sleep 0.5`\n  }\n  ship = op {\n    needs first\n    inputs []\n    approve \"Deploy to prod?\"\n    run `echo shipped`\n  }\n  other = op {\n    inputs []\n    run `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do echo $i; sleep 0.1; done`\n  }\n}\n", "run", "p.pipe")
	c.until("2 running")
	if _, err := c.tty.Write([]byte("y\n")); err != nil { // of somebody who has seen no question
		t.Fatal(err)
	}
	c.until("Approve? [y/N]")
	time.Sleep(200 * time.Millisecond) // several frames, had they been drawn
	if lines := strings.Split(c.text(), "\n"); lines[len(lines)-1] != "Approve? [y/N]" {
		t.Errorf("the question is not at the end:\n%s", c.text())
	}
	if _, err := c.tty.Write([]byte("y\n")); err != nil {
		t.Fatal(err)
	}
	text := c.end(0, 24)
	asked, shipped := strings.Index(text, "Approve? [y/N] y"), strings.Index(text, "ship  ✓ succeeded")
	if asked < 0 || shipped < asked || !strings.Contains(text, "other ✓ succeeded") {
		t.Errorf("on the terminal:\n%s", text)
	}
}
