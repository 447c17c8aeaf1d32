package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/pipelang/pipe/lang/value"
)

// maxEventLine is the longest line that testjson's scanner takes; longer ones are cut up.
const maxEventLine = 60 << 10

// GoTest reads the output of go test -json, also of several runs one after the other.
// Subtests count as tests of their own; a test that failed only through a subtest is counted
// but not listed. A package that does not build or fails outside its tests is an error, and
// so is a test that never ended in a package that did. A test that failed and passed again in
// a package that passed in the end is flaky. Lines that are no events are kept as output and
// explain failures of packages. Output that ends before its packages do is an error.
func GoTest(data []byte) (value.Record, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("test output is larger than %d MiB", MaxBytes>>20)
	}
	lines, err := eventLines(data)
	if err != nil {
		return nil, err
	}
	w := &goWatcher{ended: map[string]string{}, failedBuild: map[string]string{}, build: map[string][]string{}}
	w.loose = lines.loose
	if err := w.watch(lines.events); err != nil {
		return nil, err
	}
	exec, err := testjson.ScanTestOutput(testjson.ScanConfig{Stdout: joined(lines.events)})
	if err != nil {
		return nil, err
	}
	return w.tally(exec).record(), nil
}

// goEvent is what is read of an event here; testjson reads the rest.
type goEvent struct {
	Action, Package, Test, Output, ImportPath, FailedBuild string
}

// goLines are the lines of a test's output, parted.
type goLines struct {
	events [][]byte // one JSON object each, none over maxEventLine
	loose  []string // what is no event, with line breaks
}

// eventLines parts events from what other programs wrote in between.
func eventLines(data []byte) (goLines, error) {
	var out goLines
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for len(data) > 0 {
		line, rest, ended := bytes.Cut(data, []byte("\n"))
		data = rest
		line = bytes.TrimRight(line, "\r")
		var e goEvent
		err := json.Unmarshal(line, &e)
		switch {
		case len(line) == 0:
		case err == nil && e.Action != "" && len(line) > maxEventLine:
			out.events = append(out.events, splitEvent(line, e)...)
		case err == nil && e.Action != "":
			out.events = append(out.events, line)
		case !ended && bytes.HasPrefix(line, []byte(`{"`)):
			return out, errors.New("the test output is cut off in the middle of its last line")
		default:
			out.loose = append(out.loose, string(line)+"\n")
		}
	}
	if len(out.events) == 0 && len(out.loose) > 0 {
		return out, errors.New("not the output of go test -json: no line is an event")
	}
	return out, nil
}

// splitEvent makes several events of one with a very long output.
func splitEvent(line []byte, e goEvent) [][]byte {
	var fields map[string]any
	if json.Unmarshal(line, &fields) != nil {
		return nil
	}
	var out [][]byte
	for piece := range slices.Chunk([]rune(e.Output), 8<<10) {
		fields["Output"] = string(piece)
		part, err := json.Marshal(fields)
		if err == nil && len(part) <= maxEventLine {
			out = append(out, part)
		}
	}
	return out
}

func joined(events [][]byte) io.Reader { return bytes.NewReader(bytes.Join(events, []byte("\n"))) }

// goWatcher notes what testjson does not keep: how packages ended and why builds failed.
type goWatcher struct {
	order       []string          // packages as they turn up
	ended       map[string]string // package → its last pass, fail or skip; "" while it runs
	failedBuild map[string]string // package → the build that it failed for
	build       map[string][]string
	buildFails  []string
	loose       []string
}

func (w *goWatcher) watch(events [][]byte) error {
	for _, line := range events {
		var e goEvent
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		w.note(e)
	}
	for _, pkg := range w.order {
		if w.ended[pkg] == "" {
			return fmt.Errorf("the test output is cut off: package %s never ended", pkg)
		}
	}
	return nil
}

func (w *goWatcher) note(e goEvent) {
	switch e.Action {
	case "build-output":
		w.build[e.ImportPath] = append(w.build[e.ImportPath], e.Output)
		return
	case "build-fail":
		w.buildFails = append(w.buildFails, e.ImportPath)
		return
	}
	if _, known := w.ended[e.Package]; !known {
		w.order = append(w.order, e.Package)
		w.ended[e.Package] = ""
	}
	if e.Test != "" {
		return
	}
	switch e.Action {
	case "start":
		w.ended[e.Package] = ""
	case "pass", "fail", "skip":
		w.ended[e.Package] = e.Action
	}
	if e.FailedBuild != "" {
		w.failedBuild[e.Package] = e.FailedBuild
	}
}

func (w *goWatcher) tally(exec *testjson.Execution) *tally {
	t := &tally{}
	used := map[string]bool{}
	for _, name := range exec.Packages() {
		pkg := exec.Package(name)
		if name == "" && pkg.Total == 0 {
			continue // events of builds belong to no package
		}
		t.duration += pkg.Elapsed()
		w.tests(t, name, pkg)
		if build := w.failedBuild[name]; build != "" && w.ended[name] == "fail" {
			used[build] = true
			t.errors++
			t.fail(w.buildFailure(name, build))
		} else if w.ended[name] == "fail" && len(pkg.Failed) == 0 {
			t.errors++
			t.fail(w.packageFailure(name, pkg))
		}
	}
	w.orphans(t, used)
	return t
}

// orphans are failed builds that no package's end names.
func (w *goWatcher) orphans(t *tally, used map[string]bool) {
	for _, build := range w.buildFails {
		if !used[build] {
			t.errors++
			t.fail(w.buildFailure(build, build))
		}
	}
}

// testKey is one test over all of its runs.
type testKey string

func (w *goWatcher) tests(t *tally, name string, pkg *testjson.Package) {
	passedLater := map[testKey]int{} // the last run that passed
	for _, tc := range pkg.Passed {
		passedLater[testKey(tc.Test)] = max(passedLater[testKey(tc.Test)], tc.ID)
	}
	flaky := map[testKey]bool{}
	var failed []testjson.TestCase
	for _, tc := range pkg.Failed {
		if key := testKey(tc.Test); w.ended[name] == "pass" && passedLater[key] > tc.ID {
			flaky[key] = true
			continue
		}
		failed = append(failed, tc)
	}
	t.passed += len(pkg.Passed)
	t.skipped += len(pkg.Skipped)
	t.failed += len(failed)
	t.flaky += len(flaky)
	for _, tc := range testjson.FilterFailedUnique(failed) {
		t.fail(testFailure(name, pkg, tc))
	}
}

func testFailure(name string, pkg *testjson.Package, tc testjson.TestCase) failure {
	f := failure{name: fullName(name, tc.Test.Name())}
	lines := pkg.OutputLines(tc)
	f.message = message(lines)
	if tc.Elapsed < 0 && f.message == "" {
		f.message = "never ended" + suffix(message(pkg.OutputLines(testjson.TestCase{})))
	}
	f.file, f.line, _ = place(f.message)
	return f
}

func suffix(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

func (w *goWatcher) buildFailure(name, build string) failure {
	f := failure{name: name, message: message(w.build[build])}
	if f.message == "" {
		f.message = message(w.loose)
	}
	f.file, f.line, _ = place(f.message)
	if f.message == "" {
		f.message = "build failed"
	}
	return f
}

func (w *goWatcher) packageFailure(name string, pkg *testjson.Package) failure {
	f := failure{name: name, message: message(pkg.OutputLines(testjson.TestCase{}))}
	if len(w.loose) > 0 && (f.message == "" || strings.Contains(f.message, "[build failed]") || strings.Contains(f.message, "[setup failed]")) {
		f.message = message(w.loose)
	}
	f.file, f.line, _ = place(f.message)
	if f.message == "" {
		f.message = "the package failed outside its tests"
	}
	return f
}

// message leaves out the lines that go test prints around what a test says.
func message(lines []string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(strings.Join(lines, ""), "\n") {
		if !framing(line) {
			b.WriteString(line)
		}
	}
	return strings.TrimSpace(b.String())
}

func framing(line string) bool {
	line = strings.TrimSpace(line)
	for _, prefix := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME", "--- FAIL", "--- PASS", "--- SKIP", "# ", "FAIL\t", "ok  \t", "coverage:", "exit status "} {
		if strings.HasPrefix(line, prefix) {
			return !strings.Contains(line, "[build failed]") && !strings.Contains(line, "[setup failed]")
		}
	}
	return line == "FAIL" || line == "PASS"
}
