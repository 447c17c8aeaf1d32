package report

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// detail is what a failure or error element says.
type detail struct{ message, kind, text string }

// detail reads up to the end of a failure or error element.
func (r *junitReader) detail(start xml.StartElement) (*detail, error) {
	d := &detail{message: attr(start, "message"), kind: attr(start, "type")}
	var text strings.Builder
	for depth := r.depth; r.depth >= depth; {
		tok, err := r.next()
		if err != nil {
			return nil, err
		}
		// Enough to find a place near the end of a long traceback, and no more.
		if data, ok := tok.(xml.CharData); ok && text.Len() < 1<<20 {
			text.Write(data)
		}
	}
	d.text = text.String()
	return d, nil
}

// failure says what happened, and where as far as the report tells.
func (d *detail) failure(name, file string, line int) failure {
	f := failure{name: name, file: file, line: line, message: d.message}
	if vague(f.message) {
		f.message = strings.TrimSpace(d.text)
	}
	if f.message == "" {
		f.message = strings.TrimSpace(d.message + " " + d.kind)
	}
	if at, n, ok := place(d.text); ok {
		f.file, f.line = at, n
	} else if at, n, ok := place(d.message); ok {
		f.file, f.line = at, n
	}
	return f
}

// vague reports whether a message says no more than that something failed.
func vague(message string) bool {
	switch strings.ToLower(strings.TrimSpace(message)) {
	case "", "failed", "failure", "error", "null", "undefined":
		return true
	}
	return false
}

// The forms in which runners name a place, the most telling first: Go's log lines, the last
// line of pytest's tracebacks, JavaScript's stack frames, GoogleTest's and the plain one.
var (
	goPlace     = lazily(`(?m)^\s*(\S+\.go):(\d+):(?:\d+:)? `)
	goFrame     = lazily(`(?m)^\t(\S+\.go):(\d+)(?: \+0x[0-9a-f]+)?$`)
	pythonPlace = lazily(`(?m)^(\S[^\n:]*\.py):(\d+): `)
	scriptPlace = lazily(`(?m)^\s+at (?:[^\n]*\()?(?:file://)?([^\s()]+\.[cm]?[jt]sx?):(\d+):\d+\)?$`)
	plainPlace  = lazily(`(?m)^([^\s:][^\n:]*\.\w+):(\d+)(?::|$)`)
)

// maxPlaces bounds what is searched for places, in bytes.
const maxPlaces = 64 << 10

// mentions are the lines that have a colon before a digit, as every place has.
func mentions(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if len(line) <= 4<<10 && colonDigit(line) {
			b.WriteString(line)
		}
		if b.Len() > maxPlaces {
			break
		}
	}
	return b.String()
}

func colonDigit(line string) bool {
	for {
		i := strings.IndexByte(line, ':')
		if i < 0 || i+1 == len(line) {
			return false
		}
		if line = line[i+1:]; '0' <= line[0] && line[0] <= '9' {
			return true
		}
	}
}

// place finds the file and line of a failure in its text.
func place(text string) (file string, line int, ok bool) {
	if text = mentions(text); text == "" {
		return "", 0, false
	}
	if m := goPlace().FindStringSubmatch(text); m != nil {
		return located(m)
	}
	for _, m := range goFrame().FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[1], "/src/runtime/") && !strings.Contains(m[1], "/src/testing/") {
			return located(m)
		}
	}
	// The innermost frame stands last.
	if all := pythonPlace().FindAllStringSubmatch(text, -1); all != nil {
		return located(all[len(all)-1])
	}
	for _, m := range scriptPlace().FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[1], "node_modules/") && !strings.HasPrefix(m[1], "node:") {
			return located(m)
		}
	}
	if m := plainPlace().FindStringSubmatch(text); m != nil {
		return located(m)
	}
	return "", 0, false
}

func located(m []string) (string, int, bool) {
	line, err := strconv.ParseInt(m[2], 10, 32)
	return m[1], int(line), err == nil
}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
