// Package report reads what test runners write: JUnit XML in its many dialects and the
// output of go test -json, both into one record. It knows nothing of where files are,
// of who ran the tests, and of what is done about the result.
//
// Every report has this shape, which expressions see as TestReport:
//
//	{ passed, failed, errors, skipped, flaky, total: int, duration: duration,
//	  failures: [{ name, file: string, line: int, message: string }] }
//
// total = passed + failed + errors + skipped. A flaky test failed at first and passed in the
// end: it is among the passed. file is "" and line 0 where the report does not say. Zero
// tests are a report with total 0, not an error.
package report

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/value"
)

const (
	// MaxBytes is the largest report that is read.
	MaxBytes = 64 << 20
	// MaxFailures is how many failures are listed; all are counted.
	MaxFailures = 1000
	// MaxMessage is the longest message of a failure, in bytes; the rest is cut.
	MaxMessage = 8 << 10
)

// failure is a test that did not pass.
type failure struct {
	name, file, message string
	line                int
}

// tally is a report in the making.
type tally struct {
	passed, failed, errors, skipped, flaky int
	duration                               time.Duration
	failures                               []failure
}

func (t *tally) fail(f failure) {
	if len(t.failures) < MaxFailures {
		f.message = clip(strings.TrimSpace(f.message))
		t.failures = append(t.failures, f)
	}
}

func (t *tally) add(u *tally) {
	t.passed += u.passed
	t.failed += u.failed
	t.errors += u.errors
	t.skipped += u.skipped
	t.flaky += u.flaky
	t.duration += u.duration
	room := MaxFailures - len(t.failures)
	t.failures = append(t.failures, u.failures[:min(room, len(u.failures))]...)
}

func (t *tally) record() value.Record {
	failures := value.List{}
	for _, f := range t.failures {
		failures = append(failures, value.Record{
			"name":    value.String(f.name),
			"file":    value.String(f.file),
			"line":    value.Int(f.line),
			"message": value.String(f.message),
		})
	}
	return value.Record{
		"passed":   value.Int(t.passed),
		"failed":   value.Int(t.failed),
		"errors":   value.Int(t.errors),
		"skipped":  value.Int(t.skipped),
		"flaky":    value.Int(t.flaky),
		"total":    value.Int(t.passed + t.failed + t.errors + t.skipped),
		"duration": value.Duration(t.duration),
		"failures": failures,
	}
}

// clip cuts a text at MaxMessage, between characters.
func clip(s string) string {
	if len(s) <= MaxMessage {
		return s
	}
	end := MaxMessage
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
