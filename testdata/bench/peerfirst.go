package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/stdlib"
)

// firstCheck is the argument by which this program is a process that checks one file, once.
const firstCheck = "first-check"

// collectsAt is from how much memory on `pipe check` collects what it has allocated, in percent of Go's smallest goal.
const collectsAt = 1600

// checkFirst checks a file and says how many nanoseconds it took, and what the processors have spent on it.
func checkFirst(path string) {
	debug.SetGCPercent(collectsAt)
	text, err := os.ReadFile(path)
	must(err)
	before, start := processors(), time.Now()
	found := checkedOnce(path, string(text))
	wall := time.Since(start)
	if len(found) > 0 {
		panic(found[0].Message)
	}
	fmt.Println(wall.Nanoseconds(), (processors() - before).Nanoseconds())
}

// checkedOnce is what `pipe check` does with one file, which is read already as the peer's is.
func checkedOnce(path, text string) []diag.Diagnostic {
	var diags diag.List
	loaded, err := load.Load(path, load.Options{Std: stdlib.FS, Overlay: map[string]string{path: text}}, &diags)
	must(err)
	var scripts script.Cache
	defer lint.ReadAhead(loaded, &scripts)()
	program := check.Check(loaded, &diags)
	lint.Lint(program, lint.Options{Scripts: &scripts, Beside: true}, &diags)
	return loaded.Report(diags.Sorted())
}

// inProcess measures the first check of a process of its own by what that process says of it.
func inProcess(first func() (wall, cpu time.Duration)) timed {
	all := new([]time.Duration)
	return timed{cpu: all, run: func() (time.Duration, float64) {
		wall, cpu := first()
		*all = append(*all, cpu)
		return wall, 0
	}}
}

// firstChecks are those of ours and of the peer, each in a fresh process, in turn.
func firstChecks(ours, its, program string) (a, b timed) {
	self, err := os.Executable()
	must(err)
	rows := inTurn(rounds,
		inProcess(func() (wall, cpu time.Duration) {
			out, err := exec.Command(self, firstCheck, ours).Output()
			must(err)
			_, err = fmt.Sscan(string(out), &wall, &cpu)
			must(err)
			return wall, cpu
		}),
		inProcess(func() (wall, cpu time.Duration) {
			peer := startPeer(program)
			defer peer.end()
			walls, spent := peer.lint([]string{its})
			return walls[0], spent[0]
		}))
	return rows[0], rows[1]
}

// emptyProgram links the libraries that pipe is built upon by decision, and does nothing.
const emptyProgram = `package main

import (
	_ "github.com/alecthomas/participle/v2"
	_ "github.com/docker/docker/client"
	_ "github.com/google/cel-go/cel"
)

func main() {}
`

// floor measures the start of a program that has nothing of ours beside a whole check of the peer's.
func floor(scratch, peer, workflow string) {
	program := filepath.Join(scratch, "empty")
	c := exec.Command("go", "build", "-o", program, write(scratch, "empty.go", emptyProgram))
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		fmt.Printf("LEFT OUT: the empty program cannot be built here: %v: %s\n", err, strings.TrimSpace(string(out)))
		return
	}
	empty := installed(program)
	defer os.RemoveAll(filepath.Dir(empty))
	rows := inTurn(rounds,
		command("empty", scratch, nil, empty),
		command("actionlint", scratch, nil, peer, "-shellcheck=", "-pyflakes=", workflow))
	ratios := pairs(rows[0], rows[1])
	fmt.Printf("floor: an empty program that links only cel-go, participle and the Docker client takes %.1f ms, actionlint with 10 steps %.1f ms: %.2f×\n",
		ms(rows[0].median()), ms(rows[1].median()), ratios[len(ratios)/2])
}
