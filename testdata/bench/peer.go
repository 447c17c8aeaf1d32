package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		panic(err)
	}
	for forms := bufio.NewScanner(os.Stdin); forms.Scan(); {
		text, err := os.ReadFile(forms.Text())
		if err != nil {
			panic(err)
		}
		before, start := spent(), time.Now()
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
const warmRounds = 41

// peers measures checks of pipelines and workflows of the same shape and size, cold and warm.
func peers(pipe, dir string) {
	fmt.Printf("\n== beside actionlint %s, without shellcheck and pyflakes\n", peerVersion)
	scratch := filepath.Join(dir, "peer")
	cold, warm, err := buildPeer(scratch)
	if err != nil {
		fmt.Printf("LEFT OUT: actionlint cannot be built here: %v\n", err)
		return
	}
	fmt.Printf("%-22s %12s %12s %8s %14s %14s %8s\n", "steps", "cold, ours", "cold, its", "ratio", "warm, ours", "warm, its", "ratio")
	for _, n := range []int{10, 100, 1000} {
		ours := write(scratch, fmt.Sprintf("shape%d.pipe", n), shapedPipeline(n))
		its := write(scratch, fmt.Sprintf("shape%d.yaml", n), shapedWorkflow(n))
		rows := inTurn(rounds,
			command("pipe check", scratch, nil, pipe, "check", "--strict", ours),
			command("actionlint", scratch, nil, cold, "-shellcheck=", "-pyflakes=", its))
		ratios := pairs(rows[0], rows[1])
		a, b := checkedAgain(ours, its, warm, editedSteps(n))
		each := func(d time.Duration) string {
			return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000/float64(n))
		}
		row := func(what string, coldOurs, coldIts time.Duration, ratio float64, ours, its time.Duration, warm float64) {
			fmt.Printf("%-22s %9.1f ms %9.1f ms %7.2f× %14s %14s %7.2f×\n", what, ms(coldOurs), ms(coldIts), ratio, each(ours), each(its), warm)
		}
		coldOurs, coldIts := rows[0].medianCPU(), rows[1].medianCPU()
		again := pairs(a, b)
		row(strconv.Itoa(n), rows[0].median(), rows[1].median(), ratios[len(ratios)/2], a.median(), b.median(), again[len(again)/2])
		row("  processors' time", coldOurs, coldIts, float64(coldOurs)/float64(coldIts), a.medianCPU(), b.medianCPU(), float64(a.medianCPU())/float64(b.medianCPU()))
		firstOurs, firstIts := firstChecks(ours, its, warm)
		firsts := pairs(firstOurs, firstIts)
		fmt.Printf("%-22s %9.1f ms %9.1f ms %7.2f×\n", "  in process", ms(firstOurs.median()), ms(firstIts.median()), firsts[len(firsts)/2])
	}
	floor(scratch, cold, filepath.Join(scratch, "shape10.yaml"))
	fmt.Println("as many steps with the same guards, variables, expressions and scripts on both sides; ours parses the scripts, the peer does not")
	fmt.Println("cold: whole processes, in turn, medians, ratio the median of pairs; warm: a step, each in one process, in turn, medians, ratio the median of pairs; targets 1.00 and 0.50")
	fmt.Println("cold, in process: the first check of a process, from the call to its end, without what the process takes to start")
	fmt.Println("warm: before each round one step is edited, its script or an expression in turn, another step each time and the same on both sides; ours is checked by one session, which holds nothing of the round's form")
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

// checkedAgain is how long a check takes in a process that has done it before, after an edit of one of some steps,
// and how long one of the peer's does. They take turns.
func checkedAgain(ours, its, program string, steps []int) (a, b timed) {
	peer := startPeer(program)
	defer peer.end()
	var s session.Session
	check := func(form string) {
		checked, err := s.Check(ours, session.Options{Std: stdlib.FS, Overlay: map[string]string{ours: form}, Lint: lint.Options{Beside: true}})
		must(err)
		if len(checked.Found) > 0 {
			panic(checked.Found[0].Message)
		}
	}
	ourForms, itsForms := forms(ours, steps), forms(its, steps)
	a.cpu, b.cpu = new([]time.Duration), new([]time.Duration)
	for i, form := range ourForms {
		spent, start := processors(), time.Now()
		check(form)
		a.walls = append(a.walls, time.Since(start))
		*a.cpu = append(*a.cpu, processors()-spent)
		wall, cpu := peer.lint(write(filepath.Dir(its), "form.yaml", itsForms[i]))
		b.walls, *b.cpu = append(b.walls, wall), append(*b.cpu, cpu)
	}
	return a, b
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

func (p asked) lint(path string) (wall, cpu time.Duration) {
	_, err := fmt.Fprintln(p.forms, path)
	must(err)
	_, err = fmt.Fscanln(p.answers, &wall, &cpu)
	must(err)
	return wall, cpu
}

func (p asked) end() {
	must(p.forms.Close())
	must(p.program.Wait())
}

// editedSteps are the steps that are edited, each once where there are as many.
func editedSteps(n int) []int {
	steps := make([]int, warmRounds)
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
