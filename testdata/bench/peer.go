package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/session"
	"github.com/pipelang/pipe/stdlib"
)

// peerModule is the checker of GitHub's workflows that ours is measured beside.
const (
	peerModule  = "github.com/rhysd/actionlint"
	peerVersion = "v1.7.12"
)

// peerProgram lints the forms of a file one after the other in one process, each as soon as it is told its path, and
// says how many nanoseconds it took, and what the processors have spent on it.
const peerProgram = `package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/rhysd/actionlint"
)

func main() {
	var linter *actionlint.Linter
	for forms := bufio.NewScanner(os.Stdin); forms.Scan(); {
		text, err := os.ReadFile(forms.Text())
		if err != nil {
			panic(err)
		}
		before, start := spent(), time.Now()
		if linter == nil {
			if linter, err = actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{}); err != nil {
				panic(err)
			}
		}
		found, err := linter.Lint(forms.Text(), text, nil)
		wall := time.Since(start)
		if err != nil || len(found) > 0 {
			panic(fmt.Sprint(err, found))
		}
		fmt.Println(wall.Nanoseconds(), spent()-before)
	}
}

// spent is the processors' time of this process so far, in nanoseconds.
func spent() int64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return r.Utime.Nano() + r.Stime.Nano()
}
`

// warmRounds is how often a file is checked in a process that has checked it before, each time after one edit.
// What comes before, uncounted, are rounds of this many steps together: until then heaps grow, and each check pays for
// memory that the process has never had.
const (
	warmRounds = 41
	warmedBy   = 2000
)

// peers measures checks of pipelines and workflows of the same shape and size, cold and warm.
func peers(pipe, dir string) {
	fmt.Printf("\n== beside actionlint %s, without shellcheck and pyflakes\n", peerVersion)
	scratch := filepath.Join(dir, "peer")
	cold, warm, err := buildPeer(scratch)
	if err != nil {
		fmt.Printf("LEFT OUT: actionlint cannot be built here: %v\n", err)
		return
	}
	fmt.Printf("%-38s %12s %12s %8s\n", "steps", "ours", "its", "ratio")
	for _, n := range []int{10, 100, 1000} {
		ours := write(scratch, fmt.Sprintf("shape%d.pipe", n), shapedPipeline(n))
		its := write(scratch, fmt.Sprintf("shape%d.yaml", n), shapedWorkflow(n))
		rows := inTurn(rounds,
			command("pipe check", scratch, nil, pipe, "check", "--strict", ours),
			command("actionlint", scratch, nil, cold, "-shellcheck=", "-pyflakes=", its))
		whole := pair{n, rows[0], rows[1]}
		whole.row("cold, the whole process")
		whole.processors("  processors' time")
		first := pair{n: n}
		first.ours, first.its = firstChecks(ours, its, warm)
		first.row("cold, the first check of a process")
		for _, w := range []struct {
			what  string
			batch int
		}{{"warm, one after the other", warmRounds}, {"warm, each after a pause", 1}} {
			again := pair{n: n}
			again.ours, again.its = checkedAgain(ours, its, warm, n, w.batch)
			again.row(w.what)
			again.processors("  processors' time")
		}
	}
	floor(scratch, cold, filepath.Join(scratch, "shape10.yaml"))
	fmt.Print(`as many steps with the same guards, variables, expressions and scripts on both sides; ours parses the scripts, the peer does not
the time of a file by its steps, median; the ratio is the median of pairs, taken in turn; targets: 1.00 cold, 0.50 warm
the first check of a process: from the call to its end, without what the process takes to start
warm: in one process each, which has checked the file before; before each check one step is edited, its script or an
  expression in turn, another step each time and the same on both sides; ours is checked by one session, which holds
  nothing of the new form; one after the other: each side checks all forms before the other one does; after a pause: they take turns at
  each form, so that a process starts with what the other one left in the caches
`)
}

// pair is what was measured of both sides, with files of n steps.
type pair struct {
	n         int
	ours, its timed
}

func (p pair) row(what string) {
	ratios := pairs(p.ours, p.its)
	p.print(what, p.ours.median(), p.its.median(), ratios[len(ratios)/2])
}

func (p pair) processors(what string) {
	ours, its := p.ours.medianCPU(), p.its.medianCPU()
	p.print(what, ours, its, float64(ours)/float64(its))
}

func (p pair) print(what string, ours, its time.Duration, ratio float64) {
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000/float64(p.n))
	}
	fmt.Printf("%5d %-32s %12s %12s %7.2f×\n", p.n, what, each(ours), each(its), ratio)
}

// buildPeer builds the peer's command, and a program that uses it as a library, in a folder of its own.
func buildPeer(dir string) (cold, warm string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", err
	}
	write(dir, "pipe.toml", "pipe = \"0.1\"\n")
	write(dir, "go.mod", "module peer\n\ngo 1.25\n")
	write(dir, "main.go", peerProgram)
	cold, warm = filepath.Join(dir, "actionlint"), filepath.Join(dir, "again")
	for _, args := range [][]string{
		{"get", peerModule + "/cmd/actionlint@" + peerVersion},
		{"build", "-o", cold, peerModule + "/cmd/actionlint"},
		{"build", "-o", warm, "."},
	} {
		c := exec.Command("go", args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if out, err := c.CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return cold, warm, nil
}

// checkedAgain is how long a check of n steps takes in a process that has done it before, after an edit of one of
// them, and how long one of the peer's does. They take turns at a batch of checks, and the first ones do not count.
func checkedAgain(ours, its, program string, n, batch int) (a, b timed) {
	peer := startPeer(program)
	defer peer.end()
	var s session.Session
	a.cpu, b.cpu = new([]time.Duration), new([]time.Duration)
	steps := editedSteps(n)
	ourForms, itsForms := forms(ours, steps), forms(its, steps)
	for i, text := range itsForms {
		itsForms[i] = write(filepath.Dir(its), fmt.Sprintf("form%d.yaml", i), text)
	}
	uncounted := len(steps) - warmRounds
	for i := 0; i < len(steps); {
		next := min(i+batch, len(steps))
		if i < uncounted {
			next = min(next, uncounted)
		}
		walls, cpu := checkForms(&s, ours, ourForms[i:next])
		theirWalls, theirCPU := peer.lint(itsForms[i:next])
		if i >= uncounted {
			a.walls, *a.cpu = append(a.walls, walls...), append(*a.cpu, cpu...)
			b.walls, *b.cpu = append(b.walls, theirWalls...), append(*b.cpu, theirCPU...)
		}
		i = next
	}
	return a, b
}

// checkForms checks forms of a file one after the other, and gives the time that each took.
func checkForms(s *session.Session, path string, forms []string) (walls, cpu []time.Duration) {
	for _, form := range forms {
		spent, start := processors(), time.Now()
		checked, err := s.Check(path, session.Options{Std: stdlib.FS, Overlay: map[string]string{path: form}, Lint: lint.Options{Beside: true}})
		walls, cpu = append(walls, time.Since(start)), append(cpu, processors()-spent)
		must(err)
		if len(checked.Found) > 0 {
			panic(checked.Found[0].Message)
		}
	}
	return walls, cpu
}

// asked is the peer's program while it waits for forms.
type asked struct {
	program *exec.Cmd
	forms   io.WriteCloser
	answers *bufio.Reader
}

func startPeer(program string) asked {
	c := exec.Command(program)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	must(err)
	out, err := c.StdoutPipe()
	must(err)
	must(c.Start())
	return asked{c, in, bufio.NewReader(out)}
}

// lint hands over all paths and then reads what each took.
func (p asked) lint(paths []string) (walls, cpu []time.Duration) {
	_, err := fmt.Fprintln(p.forms, strings.Join(paths, "\n"))
	must(err)
	for range paths {
		var wall, spent time.Duration
		_, err = fmt.Fscanln(p.answers, &wall, &spent)
		must(err)
		walls, cpu = append(walls, wall), append(cpu, spent)
	}
	return walls, cpu
}

func (p asked) end() {
	must(p.forms.Close())
	must(p.program.Wait())
}

// editedSteps are the steps that are edited, each once where there are as many in the rounds that count.
func editedSteps(n int) []int {
	steps := make([]int, warmedBy/n+warmRounds)
	for i := range steps {
		steps[i] = (i*n/warmRounds + i) % n
	}
	return steps
}

// forms are those of a pipeline or a workflow after each edit, one upon the other.
func forms(path string, steps []int) (out []string) {
	b, err := os.ReadFile(path)
	must(err)
	text := string(b)
	for round, step := range steps {
		what, by := fmt.Sprintf(`(?: --round \d+)? --level %d\n`, step), fmt.Sprintf(" --round %d --level %d\n", round, step)
		if round%2 > 0 {
			what, by = fmt.Sprintf(`app\d*-%d-`, step), fmt.Sprintf("app%d-%d-", round, step)
		}
		next := regexp.MustCompile(what).ReplaceAllString(text, by)
		if next == text {
			panic("nothing was edited: " + what)
		}
		text = next
		out = append(out, text)
	}
	return out
}

// processors is what they have spent on this process so far.
func processors() time.Duration {
	var r syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// inJob is how many steps a job of the workflow has, and how long a chain of ours is.
const inJob = 10

// shapedPipeline has in each step what shapedWorkflow has: a guard of two comparisons, two variables with
// an expression each, a timeout, a script of three lines, and one result.
func shapedPipeline(n int) string {
	var b strings.Builder
	b.WriteString("settings {\n  environment: \"dev\" | \"prod\" = \"dev\"\n}\npipeline main(version: string) {\n")
	for i := range n {
		needs, before := "", "version"
		if i%inJob > 0 {
			needs, before = fmt.Sprintf("    needs s%d\n", i-1), fmt.Sprintf("s%d.value", i-1)
		}
		fmt.Fprintf(&b, "  s%d = op {\n%s    inputs []\n    when settings.environment != \"dev\" || git.branch == \"main\"\n    env {\n      NAME = \"app-%d-${version}\"\n      BEFORE = %s\n    }\n    timeout 10m\n", i, needs, i, before)
		fmt.Fprintf(&b, "    run ```sh\n      echo \"building $NAME after $BEFORE\"\n      ./build.sh \"$NAME\" --level %d\n      echo \"value=%d\" >> \"$PIPE_OUTPUT\"\n    ```\n    return { value: outputs.value }\n  }\n", i, i)
	}
	return b.String() + "}\n"
}

func shapedWorkflow(n int) string {
	var b strings.Builder
	b.WriteString("on:\n  workflow_dispatch:\n    inputs:\n      environment:\n        type: choice\n        options: [dev, prod]\n        default: dev\n      version:\n        type: string\n        required: true\njobs:\n")
	for i := range n {
		before := "inputs.version"
		if i%inJob == 0 {
			fmt.Fprintf(&b, "  job%d:\n    runs-on: ubuntu-latest\n    steps:\n", i/inJob)
		} else {
			before = fmt.Sprintf("steps.s%d.outputs.value", i-1)
		}
		fmt.Fprintf(&b, "      - id: s%d\n        if: ${{ inputs.environment != 'dev' || github.ref_name == 'main' }}\n        env:\n          NAME: app-%d-${{ inputs.version }}\n          BEFORE: ${{ %s }}\n        timeout-minutes: 10\n", i, i, before)
		fmt.Fprintf(&b, "        run: |\n          echo \"building $NAME after $BEFORE\"\n          ./build.sh \"$NAME\" --level %d\n          echo \"value=%d\" >> \"$GITHUB_OUTPUT\"\n", i, i)
	}
	return b.String()
}
