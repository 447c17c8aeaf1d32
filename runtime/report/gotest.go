package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/value"
)

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
	w := &goWatcher{packages: goPackages{}, ended: map[string]string{}, failedBuild: map[string]string{}, build: map[string][]string{}}
	w.loose = lines.loose
	if err := w.watch(lines.events); err != nil {
		return nil, err
	}
	return w.tally().record(), nil
}

// goEvent is what is read of an event.
type goEvent struct {
	Action, Package, Test, Output, ImportPath, FailedBuild string
	Elapsed                                                float64 // in seconds
}

// goLines are the lines of a test's output, parted.
type goLines struct {
	events []goEvent
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
		case err == nil && e.Action != "":
			out.events = append(out.events, e)
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

// goWatcher notes how packages ended and why builds failed.
type goWatcher struct {
	packages    goPackages
	order       []string          // packages as they turn up
	ended       map[string]string // package → its last pass, fail or skip; "" while it runs
	failedBuild map[string]string // package → the build that it failed for
	build       map[string][]string
	buildFails  []string
	loose       []string
}

func (w *goWatcher) watch(events []goEvent) error {
	for _, e := range events {
		w.note(e)
	}
	w.packages.end()
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
	w.packages.add(e)
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

func (w *goWatcher) tally() *tally {
	t := &tally{}
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(w.packages)) {
		pkg := w.packages[name]
		t.duration += pkg.elapsed
		w.tests(t, name, pkg)
		if build := w.failedBuild[name]; build != "" && w.ended[name] == "fail" {
			used[build] = true
			t.errors++
			t.fail(w.buildFailure(name, build))
		} else if w.ended[name] == "fail" && len(pkg.failed) == 0 {
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

func (w *goWatcher) tests(t *tally, name string, pkg *goPackage) {
	passedLater := map[string]int{} // the last run that passed
	for _, r := range pkg.passed {
		passedLater[r.test] = max(passedLater[r.test], r.number)
	}
	flaky := map[string]bool{}
	var failed []*goRun
	for _, r := range pkg.failed {
		if w.ended[name] == "pass" && passedLater[r.test] > r.number {
			flaky[r.test] = true
			continue
		}
		failed = append(failed, r)
	}
	t.passed += len(pkg.passed)
	t.skipped += pkg.skipped
	t.failed += len(failed)
	t.flaky += len(flaky)
	for _, r := range withoutParents(failed) {
		t.fail(testFailure(name, pkg, r))
	}
}

func testFailure(name string, pkg *goPackage, r *goRun) failure {
	f := failure{name: fullName(name, r.test)}
	f.message = message(pkg.lines(r))
	if r.neverEnded && f.message == "" {
		f.message = "never ended" + suffix(message(pkg.lines(&goRun{})))
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

func (w *goWatcher) packageFailure(name string, pkg *goPackage) failure {
	f := failure{name: name, message: message(pkg.lines(&goRun{}))}
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
