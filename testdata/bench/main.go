// Command bench measures pipe as a whole process beside its peers, in turn, and prints medians
// and ratios. It knows nothing of pipe's insides but the phases that it times in process.
//
//	go run ./testdata/bench PIPE-BINARY [SECTION …]
//
// The sections are cold, phases, many, peers, steps, fanout, cached and containers; without one, all are measured.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/stdlib"
)

const rounds = 11

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench PIPE-BINARY [SECTION …]")
		os.Exit(2)
	}
	if len(os.Args) == 3 && os.Args[1] == firstCheck {
		checkFirst(os.Args[2])
		return
	}
	pipe := installed(os.Args[1])
	defer os.RemoveAll(filepath.Dir(pipe))
	dir, err := os.MkdirTemp("", "pipe-bench-")
	must(err)
	defer os.RemoveAll(dir)
	stores, err = os.MkdirTemp("", "pipe-bench-stores-")
	must(err)
	defer os.RemoveAll(stores)
	write(dir, "pipe.toml", "pipe = \"0.1\"\n")
	for _, s := range []struct {
		name    string
		measure func(pipe, dir string)
	}{{"cold", cold}, {"phases", phases}, {"many", many}, {"peers", peers}, {"steps", steps}, {"fanout", fanOut}, {"cached", cached}, {"containers", containers}} {
		if len(os.Args) == 2 || slices.Contains(os.Args[2:], s.name) {
			s.measure(pipe, dir)
		}
	}
}

// installed copies a program to a folder of its own, as users have it: the pages that a linker leaves in memory are
// smaller than those of a file that was written from its beginning to its end, and starting from them takes longer.
func installed(program string) string {
	text, err := os.ReadFile(program)
	must(err)
	dir, err := os.MkdirTemp("", "pipe-bench-bin-")
	must(err)
	copied := filepath.Join(dir, "pipe")
	must(os.WriteFile(copied, text, 0o755))
	return copied
}

// stores holds a store for each folder with pipelines, which lies in no repository: so it is for users.
var stores string

// storeOf is the setting of the store for what runs in a folder.
func storeOf(dir string) string { return "PIPE_STORE=" + filepath.Join(stores, filepath.Base(dir)) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// cold times a check in a process of its own, beside `pipe version`.
func cold(pipe, dir string) {
	small := write(dir, "small.pipe", program(40))
	large := write(dir, "large.pipe", program(1000))
	rows := inTurn(rounds,
		command("pipe version", dir, nil, pipe, "version"),
		command(fmt.Sprintf("pipe check, %d lines", lines(small)), dir, nil, pipe, "check", small),
		command(fmt.Sprintf("pipe check, %d lines, 1,000 steps", lines(large)), dir, nil, pipe, "check", large))
	fmt.Println("\n== cold process")
	for _, r := range rows {
		fmt.Printf("%-42s %8.1f ms  peak %6.1f MB\n", r.name, ms(r.median()), r.rss())
	}
	fmt.Printf("%-42s %8.1f ms\n", "small check over version", ms(rows[1].median()-rows[0].median()))
}

// phases times the parts of a check in this process, warm.
func phases(_, dir string) {
	path := write(dir, "large.pipe", program(1000))
	text, err := os.ReadFile(path)
	must(err)
	f := source.NewFile("large.pipe", string(text))
	var diags diag.List
	lex := fastest(func() { token.Lex(f.Text) })
	parse := fastest(func() { parser.Parse(f, &diag.List{}) })
	var loaded *load.Program
	loading := fastest(func() {
		loaded, err = load.Load(path, load.Options{Std: stdlib.FS}, &diags)
		must(err)
	})
	var program *check.Program
	checking := fastest(func() { program = check.Check(loaded, &diags) })
	if diags.Len() > 0 {
		fmt.Println(diags.Sorted()[0].Message)
	}
	lowering := fastest(func() {
		d, err := lower.New(program, "main")
		must(err)
		p, _, err := d.Bind(lower.Values{Setting: func(string) (value.Value, bool) { return value.String("dev"), true }})
		must(err)
		_, err = plan.Encode(p)
		must(err)
	})
	linting := fastest(func() { lint.Lint(program, lint.Options{}, &diag.List{}) })
	total := loading + checking + linting
	fmt.Println("\n== phases of a check of 1,000 steps, warm, in process")
	share := func(name string, d time.Duration) {
		fmt.Printf("%-42s %8.1f ms  %4.0f%%\n", name, ms(d), 100*float64(d)/float64(total))
	}
	share("lexing", lex)
	share("parsing, lexing not counted", parse-lex)
	share("reading, roots, modules", max(0, loading-parse))
	share("checking", checking)
	share("linting", linting)
	share("(planning, beyond a check)", lowering)
}

// timed is something to measure and what was measured.
type timed struct {
	name   string
	run    func() (time.Duration, float64)
	walls  []time.Duration
	memory []float64
	cpu    *[]time.Duration // what all its processors spent, which is less noisy than walls; of a command
}

func (t timed) medianCPU() time.Duration {
	s := slices.Sorted(slices.Values(*t.cpu))
	return s[len(s)/2]
}

func (t timed) median() time.Duration {
	s := slices.Sorted(slices.Values(t.walls))
	return s[len(s)/2]
}

func (t timed) rss() float64 { return slices.Max(t.memory) }

// command measures a process: wall time and peak memory in MB. It sees the variables of env beside this
// process's own.
func command(name, dir string, env []string, argv0 string, args ...string) timed {
	cpu := new([]time.Duration)
	return timed{name: name, cpu: cpu, run: func() (time.Duration, float64) {
		c := exec.Command(argv0, args...)
		c.Dir = dir
		c.Env = append(append(os.Environ(), storeOf(dir)), env...)
		start := time.Now()
		out, err := c.CombinedOutput()
		wall := time.Since(start)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%.2000s\n", name, err, out)
			os.Exit(1)
		}
		*cpu = append(*cpu, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
		return wall, float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	}}
}

// inTurn runs all of them once uncounted, then A B C A B C …
func inTurn(n int, all ...timed) []timed {
	for round := range n + 1 {
		for i := range all {
			wall, mem := all[i].run()
			if round > 0 {
				all[i].walls = append(all[i].walls, wall)
				all[i].memory = append(all[i].memory, mem)
			}
		}
	}
	return all
}

func fastest(f func()) time.Duration {
	best := time.Hour
	for range 7 {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

func write(dir, name, text string) string {
	path := filepath.Join(dir, name)
	must(os.WriteFile(path, []byte(text), 0o644))
	return path
}

func lines(path string) int {
	text, err := os.ReadFile(path)
	must(err)
	return strings.Count(string(text), "\n")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// program is a pipeline of n steps with guards, interpolations and edges as people write them:
// about five lines and three and a half expressions a step.
func program(n int) string {
	var b strings.Builder
	b.WriteString(`/// Generated.
settings {
  environment: "dev" | "prod" = "dev"
  registry: string = "localhost:5000"
}
type Report {
  passed: int
  failed: int
}
op check(name: string, level: int = 1) -> Report {
  inputs ["src/**"]
  run ` + "`echo \"$name $level\"`" + `
  return { passed: exit_code == 0 ? level : 0, failed: exit_code }
}
pipeline main(version: string = "1.0") {
`)
	for i := range n {
		fmt.Fprintf(&b, "  s%d = check(name: \"${settings.registry}/app-%d:${version}\", level: %d + 1) {\n", i, i, i)
		switch {
		case i%3 == 1 && (i-1)%7 != 3:
			fmt.Fprintf(&b, "    require s%d.failed == 0 && s%d.passed > 0 else \"step ${version} failed\"\n", i-1, i-1)
		case i%7 == 3:
			b.WriteString("    when settings.environment == \"prod\"\n")
		default:
			b.WriteString("    retry 2 every 5s\n")
		}
		b.WriteString("    timeout 10m\n  }\n\n")
	}
	b.WriteString("}\n")
	return b.String()
}
