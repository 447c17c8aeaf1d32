package host_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

// daemons are ways in which a program gets away from its group; each writes the process ids of
// what it leaves.
func daemons(g gate) map[string]string {
	loop := "while test -d " + g.dir + "; do sleep 0.05; done"
	return map[string]string{
		"session":         "setsid sh -c 'echo $$ >> pids; " + loop + "' >/dev/null 2>&1 </dev/null &\nwhile ! test -s pids; do sleep 0.01; done",
		"double fork":     "python3 -c 'import os, sys, time\nif os.fork(): sys.exit()\nos.setsid()\nif os.fork(): os._exit(0)\nos.close(1); os.close(2)\nopen(\"pids\", \"a\").write(str(os.getpid()) + \"\\n\")\nwhile os.path.exists(\"" + g.dir + "\"): time.sleep(0.05)' \nwhile ! test -s pids; do sleep 0.01; done",
		"keeps output":    "setsid sh -c 'echo $$ >> pids; " + loop + "' &\nwhile ! test -s pids; do sleep 0.01; done",
		"ignores signals": "setsid sh -c 'trap \"\" INT TERM HUP; echo $$ >> pids; " + loop + "' >/dev/null 2>&1 </dev/null &\nwhile ! test -s pids; do sleep 0.01; done",
	}
}

// TestDaemonsEndWithTheStep starts daemons in steps that succeed.
func TestDaemonsEndWithTheStep(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		b := open(t, nil, kind)
		g := newGate(t)
		for name, text := range daemons(g) {
			t.Run(name, func(t *testing.T) {
				a := b.Shell(whole(), text+"\necho done")
				if a.Stdout() != "done" || a.Exit().Code != 0 {
					t.Errorf("got %+v, %q, %q", a.Exit(), a.Stdout(), a.Stderr())
				}
				pid, err := a.Text("pids")
				must(t, err)
				mustBeGone(t, pid)
				if want := "(process " + strings.TrimSpace(pid) + ")"; !strings.Contains(a.Exit().Left, want) || a.Exit().Stuck != "" {
					t.Errorf("left %q, expected %s, and stuck %q", a.Exit().Left, want, a.Exit().Stuck)
				}
			})
		}
	})
}

// TestDaemonsServeLaterScripts has a daemon that the next script of the step needs.
func TestDaemonsServeLaterScripts(t *testing.T) {
	b := open(t, nil)
	job := whole()
	job.Scripts = []target.Script{
		{Text: daemons(newGate(t))["session"]},
		{Text: "kill -0 $(cat pids) && echo served"},
	}
	a := b.Start(job)
	if a.Stdout() != "served" {
		t.Errorf("got %q, %q", a.Stdout(), a.Stderr())
	}
}

// TestParallelStepsKeepTheirDaemons ends a step while another one's daemon is at work.
func TestParallelStepsKeepTheirDaemons(t *testing.T) {
	b := open(t, nil)
	g := newGate(t)
	job := whole()
	job.Step = "long"
	job.Scripts = script(daemons(g)["session"] + "\n" + g.wait("amid") + "kill -0 $(cat pids) && echo alive")
	done := make(chan string)
	go func() {
		a, err := b.Session.Start(context.Background(), job, nil)
		if err != nil {
			panic(err)
		}
		said := a.Stdout() + a.Stderr()
		must(t, a.Close())
		done <- said
	}()
	g.reached(t, "amid")
	a := b.Shell(whole(), daemons(g)["double fork"])
	pid, err := a.Text("pids")
	must(t, err)
	mustBeGone(t, pid)
	g.open(t, "amid")
	if got := <-done; got != "alive\n" && got != "alive" {
		t.Errorf("got %q", got)
	}
}

// TestCancelReachesDaemons cancels steps whose processes have left their group.
func TestCancelReachesDaemons(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		b := open(t, nil, kind)
		g := newGate(t)
		for name, text := range daemons(g) {
			t.Run(name, func(t *testing.T) {
				job := whole()
				job.Grace = 200 * time.Millisecond
				job.Scripts = script(text + "\necho ready; while :; do sleep 0.01; done")
				a := startAndCancel(t, b, job)
				pid, err := a.Text("pids")
				must(t, err)
				mustBeGone(t, pid)
				if e := a.Exit(); !e.Cancelled || e.Left != "" || e.Stuck != "" {
					t.Errorf("got %+v", e)
				}
			})
		}
	})
}

// TestDaemonsHaveTheirGrace cancels a step whose daemon cleans up when it is told to end.
func TestDaemonsHaveTheirGrace(t *testing.T) {
	b := open(t, nil)
	job := whole()
	job.Grace = time.Minute
	job.Scripts = []target.Script{{Interpreter: "bash", Text: `
		setsid python3 -c '
import signal, sys, time
def clean(*_):
    time.sleep(0.2)
    open("done", "w").write("cleaned\n")
    sys.exit()
signal.signal(signal.SIGINT, clean)
open("there", "w")
while True: time.sleep(0.01)' >/dev/null 2>&1 </dev/null &
		while ! test -e there; do sleep 0.01; done
		trap 'exit 1' INT
		echo ready
		while :; do sleep 0.01; done`}}
	a := startAndCancel(t, b, job)
	if text, err := a.Text("done"); err != nil || text != "cleaned\n" {
		t.Errorf("got %q, %v", text, err)
	}
}
