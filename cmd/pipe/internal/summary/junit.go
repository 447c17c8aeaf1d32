package summary

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
)

// The elements of JUnit XML, as the tools that read it agree on.
type (
	testsuites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		counts
		Suite testsuite `xml:"testsuite"`
	}
	testsuite struct {
		Name      string `xml:"name,attr"`
		ID        string `xml:"id,attr"`
		Timestamp string `xml:"timestamp,attr"`
		counts
		Cases []testcase `xml:"testcase"`
	}
	counts struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"`
	}
	testcase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Time    string   `xml:"time,attr"`
		Failure *verdict `xml:"failure,omitempty"`
		Error   *verdict `xml:"error,omitempty"`
		Skipped *verdict `xml:"skipped,omitempty"`
	}
	verdict struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// Output gives the end of what the last attempt of a step wrote, line by line.
type Output func(s *Step) []string

// JUnit writes a run as JUnit XML: each step a case, a failure with its reason and the end of
// what it wrote. A failure that is allowed counts as skipped, since the run is green with it. A `for`
// and a called pipeline stand for what is in them, and are cases only where they failed by themselves.
func JUnit(w io.Writer, r *Run, output Output) error {
	suite := testsuite{Name: ui.Line(r.Pipeline), ID: r.ID, Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05")}
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Whole && (s.Status != failed || s.Cause == "step-failed") {
			continue
		}
		suite.Cases = append(suite.Cases, suite.add(r, s, output))
	}
	suite.Tests = len(suite.Cases)
	if !r.Ended.IsZero() {
		suite.Time = seconds(r.Ended.Sub(r.Started))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(testsuites{Name: "pipe", counts: suite.counts, Suite: suite}); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add makes the case of a step and counts it.
func (t *testsuite) add(r *Run, s *Step, output Output) testcase {
	c := testcase{Name: ui.Line(s.Path), Class: ui.Line(r.Pipeline), Time: seconds(s.Duration)}
	v := &verdict{Message: ui.Line(s.Reason), Type: s.Cause}
	switch {
	case s.Status == "succeeded":
	case s.Status == failed && !s.Allowed:
		t.Failures++
		v.Text = strings.Join(output(s), "\n")
		c.Failure = v
	case s.Status == "cancelled" || s.Status == "interrupted":
		t.Errors++
		c.Error = v
	default:
		t.counts.Skipped++
		v.Message = strings.TrimSuffix(s.Status+": "+v.Message, ": ")
		if s.Allowed {
			v.Message = "allowed to fail, " + v.Message
		}
		c.Skipped = v
	}
	return c
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
