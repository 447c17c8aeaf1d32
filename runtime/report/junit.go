package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/value"
)

// maxDepth is how deep elements may nest.
const maxDepth = 100

// JUnit reads a JUnit XML file: nested suites, failures, errors, skipped tests, Surefire's
// reruns, and the dialects of pytest, gotestsum, jest-junit, PHPUnit and GoogleTest. Tests
// are counted one by one; the counts that a suite declares matter only when it lists no
// tests. A file that is cut off, no XML, or no JUnit is an error.
func JUnit(data []byte) (value.Record, error) {
	t, err := readJUnit(data)
	if err != nil {
		return nil, err
	}
	return t.record(), nil
}

func readJUnit(data []byte) (*tally, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("report is larger than %d MiB", MaxBytes>>20)
	}
	text, err := decodeXML(data)
	if err != nil {
		return nil, err
	}
	r := &junitReader{dec: xml.NewDecoder(bytes.NewReader(text))}
	r.dec.CharsetReader = charsetReader
	return r.read()
}

// junitReader walks the elements of one file.
type junitReader struct {
	dec   *xml.Decoder
	depth int
}

// suite is a testsuites or testsuite element in the making.
type suite struct {
	tally
	name     string
	declared tally // by attributes
	time     time.Duration
	hasTime  bool
	listed   bool // holds tests or other suites
}

func (r *junitReader) read() (*tally, error) {
	root, err := r.root()
	if err != nil {
		return nil, err
	}
	if root.Name.Local != "testsuites" && root.Name.Local != "testsuite" {
		return nil, fmt.Errorf("not a JUnit report: expected <testsuites> or <testsuite>, found <%s>", root.Name.Local)
	}
	s, err := r.suite(root)
	if err != nil {
		return nil, err
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return &s.tally, nil
}

func (r *junitReader) root() (xml.StartElement, error) {
	for {
		tok, err := r.next()
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, errors.New("not a JUnit report: the file holds no element")
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := tok.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// end makes sure that nothing but comments and white space follows the root.
func (r *junitReader) end() error {
	for {
		tok, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			return fmt.Errorf("line %d: <%s> after the end of the report", r.line(), tok.Name.Local)
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return fmt.Errorf("line %d: text after the end of the report", r.line())
			}
		}
	}
}

func (r *junitReader) line() int {
	line, _ := r.dec.InputPos()
	return line
}

// next is a token; io.EOF only between elements.
func (r *junitReader) next() (xml.Token, error) {
	tok, err := r.dec.Token()
	if err != nil {
		return nil, r.explain(err)
	}
	switch tok.(type) {
	case xml.StartElement:
		if r.depth++; r.depth > maxDepth {
			return nil, fmt.Errorf("line %d: elements nest deeper than %d", r.line(), maxDepth)
		}
	case xml.EndElement:
		r.depth--
	}
	return tok, nil
}

func (r *junitReader) explain(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF"):
		return fmt.Errorf("line %d: the report is cut off", syntax.Line)
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: not well-formed XML: %s", syntax.Line, syntax.Msg)
	}
	return fmt.Errorf("line %d: %w", r.line(), err)
}

// suite reads up to the end of a testsuites or testsuite element.
func (r *junitReader) suite(start xml.StartElement) (*suite, error) {
	s := newSuite(start)
	for {
		tok, err := r.next()
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			s.finish()
			return s, nil
		case xml.StartElement:
			if err := r.member(s, tok); err != nil {
				return nil, err
			}
		}
	}
}

func (r *junitReader) member(s *suite, start xml.StartElement) error {
	switch start.Name.Local {
	case "testsuite", "testsuites":
		child, err := r.suite(start)
		if err != nil {
			return err
		}
		s.listed = true
		s.add(&child.tally)
	case "testcase":
		c, err := r.testcase(start)
		if err != nil {
			return err
		}
		s.listed = true
		s.count(c)
	case "error", "failure":
		detail, err := r.detail(start)
		if err != nil {
			return err
		}
		s.listed = true
		s.errors++
		s.fail(detail.failure(s.name, "", 0))
	default:
		return r.skip()
	}
	return nil
}

func newSuite(start xml.StartElement) *suite {
	s := &suite{name: attr(start, "name")}
	s.time, s.hasTime = seconds(attr(start, "time"))
	s.declared.failed = count(start, "failures")
	s.declared.errors = count(start, "errors")
	s.declared.skipped = count(start, "skipped") + count(start, "disabled")
	s.declared.passed = max(0, count(start, "tests")-s.declared.failed-s.declared.errors-s.declared.skipped)
	return s
}

func (s *suite) finish() {
	if !s.listed {
		s.add(&s.declared)
		if s.declared.failed+s.declared.errors > 0 {
			s.fail(failure{name: s.name, message: "the suite declares failures and lists no tests"})
		}
	}
	if s.hasTime && s.time > 0 {
		s.duration = s.time
	}
}

func (s *suite) count(c *testcase) {
	s.duration += c.time
	switch {
	case c.failure != nil:
		s.failed++
		s.fail(c.failure.failure(c.name, c.file, c.line))
	case c.err != nil:
		s.errors++
		s.fail(c.err.failure(c.name, c.file, c.line))
	case c.skipped:
		s.skipped++
	case c.flaky:
		s.flaky++
		s.passed++
	default:
		s.passed++
	}
}

// testcase is one test.
type testcase struct {
	name, file   string
	line         int
	time         time.Duration
	failure, err *detail
	skipped      bool
	flaky        bool
}

func (r *junitReader) testcase(start xml.StartElement) (*testcase, error) {
	c := newTestcase(start)
	for {
		tok, err := r.next()
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			return c, nil
		case xml.StartElement:
			if err := r.outcome(c, tok); err != nil {
				return nil, err
			}
		}
	}
}

func newTestcase(start xml.StartElement) *testcase {
	c := &testcase{name: fullName(attr(start, "classname"), attr(start, "name")), file: attr(start, "file")}
	c.line = count(start, "line")
	c.time, _ = seconds(attr(start, "time"))
	switch attr(start, "status") {
	case "notrun", "disabled", "skipped":
		c.skipped = true
	}
	c.skipped = c.skipped || attr(start, "result") == "skipped"
	return c
}

// outcome reads an element of a testcase. The first failure and the first error count.
func (r *junitReader) outcome(c *testcase, start xml.StartElement) error {
	kind := start.Name.Local
	switch kind {
	case "failure", "error":
		d, err := r.detail(start)
		if err != nil {
			return err
		}
		if kind == "failure" && c.failure == nil {
			c.failure = d
		}
		if kind == "error" && c.err == nil {
			c.err = d
		}
		return nil
	case "skipped":
		c.skipped = true
	case "flakyFailure", "flakyError":
		c.flaky = true
	}
	return r.skip()
}

// skip reads past the end of the element that has just started.
func (r *junitReader) skip() error {
	for depth := r.depth; r.depth >= depth; {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// fullName is how people find a test: its class, or package, and its name.
func fullName(class, name string) string {
	switch {
	case class == "" || strings.HasPrefix(name, class):
		return name
	case name == "":
		return class
	}
	return class + "." + name
}

func attr(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func count(start xml.StartElement, name string) int {
	n, err := strconv.Atoi(strings.TrimSpace(attr(start, name)))
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0
	}
	return n
}

// seconds reads a time attribute; Surefire groups thousands by commas.
func seconds(text string) (time.Duration, bool) {
	f, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), 64)
	if err != nil || !(f >= 0 && f < 1e9) {
		return 0, false
	}
	return time.Duration(f * float64(time.Second)), true
}
