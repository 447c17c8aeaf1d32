package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/gotestsum/testjson"
)

// told is what the events of a package come to.
type told struct {
	Passed, Skipped, Failed int
	Lines                   map[string][]string // of each failure, by the number and the name of the run
	Elapsed                 float64
}

func toldByUs(events []goEvent) told {
	all := goPackages{}
	for _, e := range events {
		all.add(e)
	}
	all.end()
	p := all["p"]
	out := told{len(p.passed), p.skipped, len(p.failed), map[string][]string{}, p.elapsed.Seconds()}
	for _, r := range withoutParents(p.failed) {
		out.Lines[fmt.Sprint(r.number, " ", r.test, " ", r.neverEnded)] = append([]string{}, p.lines(r)...)
	}
	out.Lines["package"] = append([]string{}, p.lines(&goRun{})...)
	return out
}

func toldByTestjson(t *testing.T, events []goEvent) told {
	var text bytes.Buffer
	for _, e := range events {
		if err := json.NewEncoder(&text).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: &text})
	if err != nil {
		t.Fatal(err)
	}
	p := exec.Package("p")
	out := told{len(p.Passed), len(p.Skipped), len(p.Failed), map[string][]string{}, p.Elapsed().Seconds()}
	for _, tc := range testjson.FilterFailedUnique(p.Failed) {
		out.Lines[fmt.Sprint(tc.ID, " ", tc.Test, " ", tc.Elapsed < 0)] = append([]string{}, p.OutputLines(tc)...)
	}
	out.Lines["package"] = append([]string{}, p.OutputLines(testjson.TestCase{})...)
	return out
}

// someEvents are of a package whose tests begin, speak and end in any order; a subtest fails only while the test
// around it runs, without which testjson counts a failure that has no name.
func someEvents(r *rand.Rand) (out []goEvent) {
	running := map[string]bool{}
	for i := range 5 + r.IntN(40) {
		e := goEvent{Package: "p", Test: []string{"", "T", "T/a", "T/a/b", "T/c", "U", "U/a"}[r.IntN(7)]}
		e.Action = []string{"run", "run", "output", "output", "bench", "pause", "cont", "pass", "fail", "skip"}[r.IntN(10)]
		if e.Action == "fail" && e.Test != rootOf(e.Test) && !running[rootOf(e.Test)] {
			e.Action = "pass"
		}
		switch e.Action {
		case "output", "bench":
			e.Output = fmt.Sprintf("%s %d\n", []string{"says", "panic: test timed out after", "--- FAIL"}[r.IntN(3)], i)
		case "pass", "fail", "skip":
			e.Elapsed = float64(r.IntN(9)) / 4
		}
		running[e.Test] = e.Action != "pass" && e.Action != "fail" && e.Action != "skip"
		out = append(out, e)
	}
	return out
}

// What is said of tests is what gotestsum says of them.
func TestGoRunsAreThoseOfTestjson(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	failures := 0
	for range 3000 {
		events := someEvents(r)
		ours, theirs := toldByUs(events), toldByTestjson(t, events)
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Fatalf("%v\n%s", events, diff)
		}
		failures += ours.Failed
	}
	if failures < 3000 {
		t.Errorf("only %d failures were compared", failures)
	}
}
