package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// steps runs 1,000 commands that do nothing, through pipe and its peers, two at a time where
// they can. pipe writes its journal and logs, and draws its live display on a terminal.
func steps(pipe, dir string) {
	const n = 1000
	dir = filepath.Join(dir, "steps")
	must(os.MkdirAll(dir, 0o755))
	write(dir, "pipe.toml", "pipe = \"0.1\"\n")
	var p, ninja, mk, justfile strings.Builder
	p.WriteString("pipeline main() {\n")
	ninja.WriteString("rule r\n  command = true\n")
	justfile.WriteString("all:")
	for i := range n {
		fmt.Fprintf(&p, "  s%d = op { inputs []; run `true` }\n", i)
		fmt.Fprintf(&ninja, "build s%d: r\n", i)
		fmt.Fprintf(&mk, "all: s%d\ns%d:\n\t@true;\n", i, i)
		fmt.Fprintf(&justfile, " s%d", i)
	}
	justfile.WriteString("\n")
	for i := range n {
		fmt.Fprintf(&justfile, "s%d:\n    @true\n", i)
	}
	p.WriteString("}\n")
	file := write(dir, "steps.pipe", p.String())
	write(dir, "build.ninja", ninja.String())
	write(dir, "Makefile", ".PHONY: all\n"+mk.String())
	write(dir, "justfile", justfile.String())

	rivals := []timed{
		onTerminal("pipe run, on a terminal", dir, pipe, "run", file, "--jobs", "2"),
		command("pipe run, into a pipe", dir, nil, pipe, "run", file, "--jobs", "2"),
		command("pipe plan (compilation)", dir, nil, pipe, "plan", file, "--format", "json"),
		{name: "bare loop of sh -c true, 2 at a time", run: func() (time.Duration, float64) { return bareLoop(n), 0 }},
	}
	for _, c := range [][]string{{"ninja", "-j2"}, {"make", "-j2"}} {
		if _, err := exec.LookPath(c[0]); err == nil {
			rivals = append(rivals, command(strings.Join(c, " "), dir, nil, c[0], c[1:]...))
		} else {
			fmt.Printf("%s is not here and was left out\n", c[0])
		}
	}
	if path, err := just(); err == nil {
		rivals = append(rivals, command("just", dir, nil, path, "all"))
	} else {
		fmt.Printf("just was left out: %v\n", err)
	}
	rows := inTurn(rounds, rivals...)
	fmt.Println("\n== 1,000 steps of true, with journal and logs")
	for _, r := range rows {
		fmt.Printf("%-42s %8.1f ms\n", r.name, ms(r.median()))
	}
	fmt.Printf("%-42s %8.1f MB\n", "pipe run, peak memory", rows[0].rss())
	fmt.Println("ratios are medians of pairs; of pipe the compilation is taken off where it says so")
	for _, r := range rows[3:] {
		fmt.Printf("  against %-32s %8.2f × whole, %.2f × after compilation, %.2f × after compilation and not on a terminal\n", r.name,
			middle(pairs(rows[0], r)), middle(pairs(rows[0].less(rows[2]), r)), middle(pairs(rows[1].less(rows[2]), r)))
	}
	fmt.Println("targets: 1.2 bare loop, 1.5 ninja and make, 0.5 just")
	againstDagster(rows[0], dir, n)
}

// less takes what another took off each wall of the same round.
func (t timed) less(o timed) timed {
	out := timed{name: t.name}
	for i := range t.walls {
		out.walls = append(out.walls, t.walls[i]-o.walls[i])
	}
	return out
}

func middle(ratios []float64) float64 { return ratios[len(ratios)/2] }

// bareLoop forks and execs the same shell as a step does, and does nothing else.
func bareLoop(n int) time.Duration {
	start := time.Now()
	var wg sync.WaitGroup
	jobs := make(chan struct{}, n)
	for range n {
		jobs <- struct{}{}
	}
	close(jobs)
	for range 2 {
		wg.Go(func() {
			for range jobs {
				must(exec.Command("sh", "-c", "true").Run())
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// dagsterProgram has the same steps as ops of one job and runs it in process, as Dagster's own
// tests do: without a web server and with an instance that forgets. It prints the seconds of the run.
const dagsterProgram = `import subprocess, sys, time, logging
from dagster import DagsterInstance, job, op

def step(i):
    @op(name=f"s{i}")
    def run():
        subprocess.run(["sh", "-c", "true"], check=True)
    return run

@job
def main():
    for i in range(int(sys.argv[1])):
        step(i)()

logging.disable(logging.CRITICAL)
with DagsterInstance.ephemeral() as instance:
    start = time.monotonic()
    assert main.execute_in_process(instance=instance).success
    print(time.monotonic() - start)
`

// againstDagster runs the same graph as ops of Dagster, in one process and once: it takes long enough.
func againstDagster(ours timed, dir string, n int) {
	python, err := dagster()
	if err != nil {
		fmt.Printf("Dagster was left out: %v\n", err)
		return
	}
	c := exec.Command(python, write(dir, "ops.py", dagsterProgram), fmt.Sprint(n))
	c.Dir = dir
	c.Env = append(os.Environ(), "DAGSTER_DISABLE_TELEMETRY=yes")
	c.Stderr = io.Discard
	out, err := c.Output()
	if err != nil {
		fmt.Printf("Dagster was left out: %v\n", err)
		return
	}
	var seconds float64
	if _, err := fmt.Sscan(string(out), &seconds); err != nil {
		fmt.Printf("Dagster was left out: it printed %.100q\n", out)
		return
	}
	fmt.Printf("%-42s %8.1f ms, its start not counted; pipe run on a terminal against it %.3f ×, target 0.1\n",
		"Dagster "+dagsterVersion+", the same in process", seconds*1000, ours.median().Seconds()/seconds)
}

// onTerminal measures a process whose output is a terminal of 100 columns, read as fast as it comes.
func onTerminal(name, dir, argv0 string, args ...string) timed {
	return timed{name: name, run: func() (time.Duration, float64) {
		screen, tty, err := terminal()
		must(err)
		read := make(chan struct{})
		go func() {
			_, _ = io.Copy(io.Discard, screen) // it ends with an error when the other side is closed
			close(read)
		}()
		c := exec.Command(argv0, args...)
		c.Dir, c.Stdout, c.Stderr = dir, tty, tty
		c.Env = append(os.Environ(), storeOf(dir), "TERM=xterm-256color")
		start := time.Now()
		err = c.Run()
		wall := time.Since(start)
		must(err)
		tty.Close()
		<-read
		screen.Close()
		return wall, float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	}}
}

// terminal opens a new pseudo terminal: what is written to tty is read from screen.
func terminal() (screen, tty *os.File, err error) {
	if screen, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	fd := int(screen.Fd())
	if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	if err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100}); err != nil {
		return nil, nil, err
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	return screen, tty, err
}

// fanOut runs one step over many elements, with everything on, and takes off what the processes alone cost.
func fanOut(pipe, dir string) {
	dir = filepath.Join(dir, "fanout")
	must(os.MkdirAll(dir, 0o755))
	write(dir, "pipe.toml", "pipe = \"0.1\"\n")
	file := write(dir, "fan.pipe", "pipeline main(n: int) {\n  all = op {\n    for i in lists.range(n)\n    inputs []\n    run `true`\n  }\n}\n")
	fmt.Println("\n== one step over n elements, with journal, logs and live display")
	for _, n := range []int{1000, 3000, 10000} {
		rows := inTurn(3,
			onTerminal(fmt.Sprintf("%d instances", n), dir, pipe, "run", file, fmt.Sprintf("n=%d", n), "--jobs", "2"),
			timed{run: func() (time.Duration, float64) { return bareLoop(n), 0 }})
		ours := rows[0].less(rows[1]).median()
		fmt.Printf("%-42s %8.1f ms  %8.3f ms an instance beyond its process  peak %6.1f MB\n", rows[0].name, ms(rows[0].median()), ms(ours)/float64(n), rows[0].rss())
	}
	fmt.Println("targets: 1 ms an instance, 250 MB, linear")
}
