package build

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Error is a build that failed.
type Error struct {
	Reason string // one line, with its place where there is one
	Stage  string // of the instruction that failed, "" for none
	Line   int    // in the Dockerfile, from 1; 0 for none
	Exit   int    // exit code of a RUN; 0 for none
	// Final says that another try would end the same way.
	Final bool
	Err   error
}

func (e *Error) Error() string { return e.Reason }

// Unwrap gives the builder's error.
func (e *Error) Unwrap() error { return e.Err }

// exited is how engines without typed errors say that a program failed.
var exited = lazily(`exit code: (\d+)`)

// failure says where and why a build failed.
func (r *Request) failure(ctx context.Context, e *docker.Engine, err error, w *watch, s *solve) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if engine := e.Failure(ctx, err); engine != err {
		return engine
	}
	if strings.Contains(err.Error(), "the Dockerfile cannot be empty") {
		return &Error{Reason: r.Display + ": the file is empty", Final: true, Err: err}
	}
	out := &Error{Err: err, Line: lineOf(err)}
	failed := w.failed()
	if failed != nil {
		out.Stage, out.Line = failed.section, max(out.Line, s.warnings.line(failed.id))
	}
	if out.Exit = exitOf(err, failed); out.Exit != 0 && failed != nil {
		out.Reason = fmt.Sprintf("%s failed with exit code %d%s", instruction(failed.title), out.Exit, failed.in())
		if failed.foreign {
			out.Exit = 0
			out.Reason = fmt.Sprintf("%s runs a program for another processor%s%s", instruction(failed.title), failed.in(), runnable(ctx, e))
		}
	} else {
		out.Reason = message(err)
	}
	out.Final = out.Exit == 0 && !passing(out.Reason)
	if out.Line > 0 {
		out.Reason = fmt.Sprintf("%s:%d: %s", r.Display, out.Line, out.Reason)
	} else if syntax(err) {
		out.Reason = r.Display + ": " + out.Reason
	}
	return out
}

// runnable says what the engine runs, and what to do about the rest.
func runnable(ctx context.Context, e *docker.Engine) string {
	runs := "programs of its own platform"
	if list, err := e.Platforms(ctx); err == nil && len(list) > 0 {
		runs = strings.Join(list, ", ")
	}
	return ", and the engine runs " + runs + ": choose one of these in platforms and FROM, or let the engine emulate that processor"
}

// in names the stage of an instruction, where there are several.
func (s *step) in() string {
	if s.section == alone {
		return ""
	}
	return " in stage " + s.section
}

// failed is the instruction that failed, nil where none did.
func (w *watch) failed() *step {
	for _, s := range w.steps {
		if s.err != "" && !strings.Contains(s.err, "context canceled") && s.section != "internal" {
			return s
		}
	}
	return nil
}

// instruction is a step's title without its number, cut to a readable length.
func instruction(title string) string {
	if first, rest, ok := strings.Cut(title, " "); ok && strings.Contains(first, "/") {
		title = rest
	}
	if title = strings.Join(strings.Fields(title), " "); len(title) > 100 {
		title = title[:97] + "…"
	}
	return title
}

func exitOf(err error, failed *step) int {
	var typed *gatewayapi.ExitError
	if errors.As(err, &typed) && typed.ExitCode != 0 {
		return int(typed.ExitCode)
	}
	texts := []string{err.Error()}
	if failed != nil {
		texts = append(texts, failed.err)
	}
	for _, t := range texts {
		if m := exited().FindStringSubmatch(t); m != nil {
			n, _ := strconv.Atoi(m[1])
			return n
		}
	}
	return 0
}

// lineOf is the line of a Dockerfile that an error is about, 0 for none.
func lineOf(err error) int {
	var at *parser.LocationError
	if errors.As(err, &at) && len(at.Locations) > 0 && len(at.Locations[0]) > 0 {
		return at.Locations[0][0].Start.Line
	}
	for _, s := range errdefs.Sources(err) {
		if len(s.Ranges) > 0 && s.Ranges[0].Start != nil {
			return int(s.Ranges[0].Start.Line)
		}
	}
	return 0
}

func syntax(err error) bool { return strings.Contains(err.Error(), "dockerfile parse error") }

// wrapping is what layers of the builder put before what went wrong.
var wrapping = lazily(`^(rpc error: code = \w+ desc = |failed to run Build function: |failed to solve: |failed to solve with frontend [\w.]+: |failed to build LLB: |failed to read dockerfile: |dockerfile parse error on line \d+: |dockerfile parse error: )+`)

// missing is how a builder says that COPY found nothing.
var missing = lazily(`failed to (?:compute|calculate).*? "([^"]+)":? not found`)

// message is the builder's own, without what it wraps around.
func message(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if m := missing().FindStringSubmatch(text); m != nil {
		return m[1] + " is not in the context, or its ignore file leaves it out"
	}
	for _, u := range unsupported {
		if strings.Contains(text, u.says) {
			return u.means
		}
	}
	text = wrapping().ReplaceAllString(text, "")
	for _, m := range mistakes {
		if says := m.says(); says.MatchString(text) {
			return says.ReplaceAllString(text, m.means)
		}
	}
	return text
}

// mistakes are those of users in the builder's words, with ours and the way out.
var mistakes = []struct {
	says  func() *regexp.Regexp
	means string
}{
	{lazily(`^.*target stage "([^"]*)" could not be found$`), `target: there is no stage "$1": name one that the Dockerfile has, FROM … AS $1`},
	{lazily(`secret ([^ :]+)(: | )not found(: not found)?$`), `secret $1 is not there: hand it over, secrets: {"$1": …}`},
	{lazily(`^failed to parse target platform ([^:]*): .*$`), `platforms: $1 is no platform: write it as linux/arm64`},
	{lazily(`^registry cache importer requires ref$`), `cache_from: type=registry lacks its ref: write type=registry,ref=…`},
}

// unsupported is what engines cannot do, in their words and in ours.
var unsupported = []struct{ says, means string }{
	{"exporting multiple references to image store", "the engine keeps an image for one platform: build for each by itself, under a name of its own"},
	{"unknown cache exporter", "the engine keeps layers in images alone: write type=inline in cache_to, and push the image"},
}

// passing says that a failure may pass by itself: of the network, of a registry.
func passing(text string) bool {
	for _, sign := range []string{"unexpected status", "500 ", "502 ", "503 ", "504 ", "EOF", "connection re", "timeout", "no such host", "temporary failure"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// lazily compiles a pattern when it is first asked for: most commands of pipe never are.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
