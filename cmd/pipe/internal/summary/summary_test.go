package summary

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/journal"
)

// evil is what a stranger may choose: it ends XML, Markdown, tables, fences and lines.
const evil = "a|b`c``` ]]> </failure><script>x</script> \x00\x1b[31m\u202e\xff\r\n### [l](http://x) ![i](y) @you"

func at(seconds int) time.Time { return time.Unix(1_000_000+int64(seconds), 0) }

// run is a run of steps that took from begin to end, ready when the first of the two says.
func run(steps ...Step) *Run {
	return &Run{Run: journal.Run{Info: journal.Info{ID: "r1", Pipeline: "main", Started: at(0)}, Status: "failed", Reason: evil, Ended: at(60)}, Steps: steps}
}

func step(path, status string, ready, begin, end int) Step {
	return Step{Step: journal.Step{Path: path, Status: status, Started: at(begin), Ended: at(end), Duration: at(end).Sub(at(begin))}, Ready: at(ready)}
}

func TestCriticalPath(t *testing.T) {
	skipped := step("skipped", "skipped", 0, 0, 5)
	skipped.Started, skipped.Ready = time.Time{}, time.Time{}
	clean := step("clean", "succeeded", 31, 31, 33)
	steps := []Step{
		step("lint", "succeeded", 0, 0, 3), step("build", "succeeded", 0, 1, 10), step("build/x", "succeeded", 0, 0, 12), skipped,
		step("other", "succeeded", 0, 0, 11), step("test", "succeeded", 10, 12, 30), step("test[0]", "succeeded", 10, 12, 40), step("docs", "succeeded", 3, 3, 20),
		step("ship", "succeeded", 30, 30, 31), clean,
	}
	main := []string{"lint", "build", "other", "skipped", "test", "docs", "ship"}
	waits := map[string][]string{"lint": nil, "build": nil, "other": nil, "skipped": {"build"}, "test": {"skipped"}, "docs": {"lint"},
		"ship": {"docs", "test"}, "clean": main, "never": {"ship"}}
	run := Run{Steps: steps}
	run.Follow(waits)
	if diff := cmp.Diff([]string{"build", "test", "ship", "clean"}, run.Critical); diff != "" {
		t.Error(diff)
	}
	run.Follow(nil)
	if run.Critical != nil {
		t.Errorf("the path of nothing is %v", run.Critical)
	}
	run.Follow(map[string][]string{"build": {"ship"}, "ship": {"build"}})
	if diff := cmp.Diff([]string{"build", "ship"}, run.Critical); diff != "" {
		t.Error(diff)
	}
}

func TestReportsIn(t *testing.T) {
	const report = `{"passed":1,"failed":1,"errors":0,"skipped":0,"flaky":0,"total":2,"duration":"1s","failures":[{"name":"t","file":"f.go","line":3,"message":"m"}]}`
	for text, want := range map[string]string{
		report:                            ":t f.go:3",
		`{"all":{"unit":` + report + `}}`: "all.unit:t f.go:3",
		`[` + report + `,` + report + `]`: ":t f.go:3 :t f.go:3",
		`{"failures":[]}`:                 "",
		`null`:                            "",
		`"failures"`:                      "",
		`{"failures":`:                    "",
	} {
		var got []string
		for _, r := range ReportsIn([]byte(text)) {
			for _, f := range r.Failures {
				got = append(got, fmt.Sprintf("%s:%s %s:%d", r.Field, f.Name, f.File, f.Line))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has %v, want %q", text, got, want)
		}
	}
}

func evilRun() *Run {
	bad := step(evil, "failed", 0, 0, 2)
	bad.Reason, bad.Cause = evil, "exit"
	bad.Reports = []Report{{Failed: 1, Total: 1, Failures: []Failure{{Name: evil, File: evil, Line: 3, Message: evil}}}}
	allowed := step("allowed", "failed", 0, 0, 1)
	allowed.Allowed = true
	whole := step("whole", "failed", 0, 0, 2)
	whole.Whole, whole.Cause = true, "step-failed"
	return run(bad, allowed, whole, step("fine", "succeeded", 0, 0, 1), step("gone", "cancelled", 0, 0, 1))
}

func evilOutput(*Step) []string { return []string{ui.Plain(evil), "````", ui.Plain(evil)} }

// JUnit XML is well-formed whatever the texts, and counts what it holds.
func TestJUnit(t *testing.T) {
	var b strings.Builder
	if err := JUnit(&b, evilRun(), evilOutput); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x1b\u202e") {
		t.Errorf("it holds what acts: %q", text)
	}
	got := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if e, ok := tok.(xml.StartElement); ok {
			got[e.Name.Local]++
		}
	}
	for name, want := range map[string]int{"testsuites": 1, "testsuite": 1, "testcase": 4, "failure": 1, "skipped": 1, "error": 1, "script": 0} {
		if got[name] != want {
			t.Errorf("%d <%s>, want %d", got[name], name, want)
		}
	}
	if !strings.Contains(text, `tests="4" failures="1" errors="1" skipped="1" time="60.000"`) {
		t.Errorf("counts:\n%s", text)
	}
}

// A page has failed tests first, and nothing of a stranger's is anything but text in it.
func TestMarkdown(t *testing.T) {
	r := evilRun()
	r.Critical = []string{"a", evil}
	var b strings.Builder
	if err := Markdown(&b, r, evilOutput, "pipe resume r1"); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.ContainsAny(text, "\x00\x1b\u202e") || !utf8.ValidString(text) {
		t.Errorf("it holds what acts: %q", text)
	}
	tests, table := strings.Index(text, "#### 1 failed tests"), strings.Index(text, "| | step |")
	if tests < 0 || table < tests {
		t.Errorf("failed tests at %d, the table at %d", tests, table)
	}
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if mark := strings.TrimSuffix(line, "text"); strings.HasPrefix(line, "```") && strings.Trim(mark, "`") == "" {
			if fence == "" {
				fence = mark
			} else if mark == fence {
				fence = ""
			}
			continue
		}
		if fence != "" || strings.HasPrefix(line, "<") { // in a line of HTML nothing is Markdown
			continue
		}
		plain := withoutCode(line)
		for _, sign := range []string{"<script", "[l](", "![i]", " @you"} {
			if strings.Contains(plain, sign) {
				t.Errorf("%q means something in %q", sign, line)
			}
		}
		if strings.HasPrefix(line, "|") {
			if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); n != 5 && n != 6 {
				t.Errorf("a row of %d bars: %s", n, line)
			}
		}
	}
	if fence != "" {
		t.Error("a fence is not closed")
	}
	if !strings.Contains(text, "Go on with `pipe resume r1`") {
		t.Error("how to go on is missing")
	}
}

// withoutCode is a line without its spans of code, read as CommonMark does.
func withoutCode(line string) string {
	var out strings.Builder
	for line != "" {
		n := len(line) - len(strings.TrimLeft(line, "`"))
		if n == 0 {
			if strings.HasPrefix(line, "\\") && len(line) > 1 {
				line = line[2:]
				continue
			}
			out.WriteByte(line[0])
			line = line[1:]
			continue
		}
		fence, rest := line[:n], line[n:]
		end := -1
		for at := 0; at < len(rest); {
			run := len(rest[at:]) - len(strings.TrimLeft(rest[at:], "`"))
			if run == len(fence) {
				end = at
				break
			}
			at += max(run, 1)
		}
		if end < 0 {
			out.WriteString(fence)
			line = rest
			continue
		}
		line = rest[end+n:]
	}
	return out.String()
}

// A run of many steps has a page of bounded size that names what failed.
func TestMarkdownIsBounded(t *testing.T) {
	var steps []Step
	for i := range 5000 {
		steps = append(steps, step(fmt.Sprintf("many[%d]", i), "succeeded", 0, 0, 1))
	}
	bad := step("bad", "failed", 0, 0, 1)
	for i := range 1000 {
		bad.Reports = append(bad.Reports, Report{Failed: 1, Failures: []Failure{{Name: fmt.Sprint("t", i), Message: strings.Repeat("long ", 10_000)}}})
	}
	var b strings.Builder
	output := func(*Step) []string { return []string{strings.Repeat("x\n", 1<<20), strings.Repeat("y", 100)} }
	if err := Markdown(&b, run(append(steps, bad)...), output, ""); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 128<<10 {
		t.Errorf("%d bytes", b.Len())
	}
	for _, want := range []string{"| ❌ | `bad` |", "and 5000 more", "#### 1000 failed tests", "and 950 more"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
}
