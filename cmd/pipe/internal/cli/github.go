package cli

import (
	"strconv"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/summary"
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/event"
)

// mostAnnotations is how many tests a run points at: GitHub shows ten of a step, and lists more.
const mostAnnotations = 50

// onGitHub reports whether the lines of a run are read by GitHub.
func (a *app) onGitHub() bool { return a.getenv("GITHUB_ACTIONS") == "true" }

// annotations gives, for the events of one run, commands that point at failed steps and tests.
// root is the repository's, which names of files may begin with.
func annotations(root string) func(event.Event) []string {
	whole, left := map[string]bool{}, mostAnnotations
	return func(e event.Event) []string {
		if e.Type == event.StepFanout {
			whole[e.Step] = true
		}
		if at := strings.LastIndexByte(e.Step, '/'); at > 0 {
			whole[e.Step[:at]] = true // its steps have said what it returns
		}
		if e.Type != event.StepFinished {
			return nil
		}
		var out []string
		for _, report := range summary.ReportsIn(e.Value) {
			if whole[e.Step] {
				break
			}
			for _, f := range report.Failures[:min(len(report.Failures), left)] {
				left--
				out = append(out, testAnnotation(f, e.Step, root))
			}
		}
		if e.Outcome == "failed" && !e.Allowed && e.Cause != "step-failed" {
			out = append(out, ui.Command("error", e.Reason, "title", e.Step+" failed"))
		}
		return out
	}
}

func testAnnotation(f summary.Failure, step, root string) string {
	line := ""
	if f.Line > 0 && f.File != "" {
		line = strconv.Itoa(f.Line)
	}
	message := f.Message
	if message == "" {
		message = "failed"
	}
	return ui.Command("error", message, "file", strings.TrimPrefix(f.File, root+"/"), "line", line, "title", step+": "+f.Name)
}
