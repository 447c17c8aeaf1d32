package main

import (
	"os/exec"
	"strings"
	"testing"
)

const asks = "pipeline main() {\n  ship = op {\n    inputs []\n    approve \"Deploy to prod?\"\n    run `echo shipped`\n  }\n}\n"

// TestAnswerOnATerminal: what a person types at the question decides, and is written down.
func TestAnswerOnATerminal(t *testing.T) {
	for _, tt := range []struct {
		typed, word string
		code        int
	}{{"y\n", "approved", 0}, {"\n", "denied", 1}, {"no\n", "denied", 1}} {
		c := onTerminal(t, 100, 24, asks, "run", "p.pipe")
		c.until("Approve? [y/N]")
		if _, err := c.tty.Write([]byte(tt.typed)); err != nil {
			t.Fatal(err)
		}
		_ = c.cmd.Wait() // the code is looked at
		<-c.done
		if got := c.cmd.ProcessState.ExitCode(); got != tt.code {
			t.Errorf("%q: exit code %d\n%s", tt.typed, got, c.text())
		}
		show := exec.Command(c.cmd.Path, "audit", "--format", "json")
		show.Dir, show.Env = c.cmd.Dir, c.cmd.Env
		out, err := show.Output()
		if err != nil || !strings.Contains(string(out), `"what": "`+tt.word+`"`) || !strings.Contains(string(out), `"step": "ship"`) {
			t.Errorf("%q: %v\n%s", tt.typed, err, out)
		}
	}
}

// TestApproveAsksOnATerminal: `pipe approve` shows the question, and asks where somebody can answer.
func TestApproveAsksOnATerminal(t *testing.T) {
	c := onTerminal(t, 100, 24, asks, "version")
	_ = c.cmd.Wait() // only its folder and store are wanted
	<-c.done
	wait := exec.Command(c.cmd.Path, "run", "p.pipe")
	wait.Dir, wait.Env = c.cmd.Dir, c.cmd.Env
	if out, _ := wait.CombinedOutput(); wait.ProcessState.ExitCode() != 4 {
		t.Fatalf("exit code %d\n%s", wait.ProcessState.ExitCode(), out)
	}
	d := thenOn(t, c, "approve", "latest", "ship")
	d.until("Approve? [y/N]")
	if _, err := d.tty.Write([]byte("y\n")); err != nil {
		t.Fatal(err)
	}
	_ = d.cmd.Wait() // what it says is looked at
	<-d.done
	if !strings.Contains(d.text(), "ship asks: Deploy to prod?") || !strings.Contains(d.text(), "ship is approved by") {
		t.Errorf("on the terminal:\n%s", d.text())
	}
	resume := exec.Command(c.cmd.Path, "resume")
	resume.Dir, resume.Env = c.cmd.Dir, c.cmd.Env
	if out, err := resume.CombinedOutput(); err != nil || !strings.Contains(string(out), "shipped") {
		t.Errorf("%v\n%s", err, out)
	}
}
