package ui

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/runtime/engine"
)

// mostInstances is how many rows of a `for` a table shows; beyond it those that went well are
// one row, and so are failures beyond as many.
const mostInstances = 20

// folded is rows in which what stands below a long `for` is short.
func folded(steps []engine.StepResult) []row {
	var out []row
	for i := 0; i < len(steps); {
		base, ok := loopOf(steps[i].Path)
		end := i + 1
		for ok && end < len(steps) && strings.HasPrefix(steps[end].Path, base+"[") {
			end++
		}
		out = append(out, foldedLoop(base, steps[i:end])...)
		i = end
	}
	return out
}

// loopOf is the outermost `for` that a path is below of.
func loopOf(path string) (string, bool) {
	base, _, ok := strings.Cut(path, "[")
	return base, ok
}

func foldedLoop(base string, steps []engine.StepResult) []row {
	var out []row
	short, count, left := len(steps) <= mostInstances, map[engine.Outcome]int{}, 0
	for _, s := range steps {
		if short || s.Outcome == engine.Failed && len(out) < mostInstances {
			out = append(out, rowOf(s))
			continue
		}
		count[s.Outcome]++
		left++
	}
	if left == 0 {
		return out
	}
	rest := row{name: Line(base) + "[…]", mark: "…", outcome: fmt.Sprintf("%d more", left), reason: counted(count)}
	return append(out, rest)
}

// counted says how many ended how, in the order in which that matters.
func counted(count map[engine.Outcome]int) string {
	var parts []string
	for _, o := range []engine.Outcome{engine.Failed, engine.Cancelled, engine.Abandoned, engine.Waiting, engine.Succeeded, engine.Skipped} {
		if n := count[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
			delete(count, o)
		}
	}
	for o, n := range count { // of a run under way: one status at most beside those
		parts = append(parts, fmt.Sprintf("%d %s", n, o))
	}
	return strings.Join(parts, ", ")
}
