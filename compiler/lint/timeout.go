package lint

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// timeouts finds pipelines whose own timeout, or that of their call, is shorter than what their steps are given.
var timeouts = rule{
	pipeline: func(p *pass, l *check.Pipeline) {
		if limit, at := timeoutOf(l.Head); limit > 0 {
			p.timeLimit(l, l, limit, at, "the pipeline")
		}
	},
	step: func(p *pass, l *check.Pipeline, s *check.Step) {
		if limit, at := timeoutOf(s.Modifiers); limit > 0 && s.Pipeline != nil {
			p.timeLimit(l, s.Pipeline, limit, at, fmt.Sprintf("step %q", s.Name))
		}
	},
}

// timeLimit looks at a pipeline whose steps are given some time by a place of a file, which is what they end after.
func (p *pass) timeLimit(in, l *check.Pipeline, limit time.Duration, at source.Span, what string) {
	f := finding{
		rule: diag.ShortTimeout, file: in.File.Source, at: at,
		help: "raise the limit, or lower the timeouts of the steps",
	}
	if what == "the pipeline" {
		f.help = "raise the pipeline's timeout, or lower those of the steps"
	}
	if long := longAttempt(l, limit, 0); long.total > limit {
		f.message = fmt.Sprintf("one attempt of step %q may take %s, and %s ends after %s", strings.Join(long.steps, "/"), spell(long.total), what, spell(limit))
		if long.at.End > 0 {
			f.related = []diag.Related{{File: long.file, Span: long.at, Message: "the step's timeout"}}
		}
		p.report(f)
		return
	}
	if longest := longestWay(l, 0); longest.total > limit {
		f.hint = true
		f.message = fmt.Sprintf("%s may take %s, attempts and delays included, and %s ends after %s", longest.named(), spell(longest.total), what, spell(limit))
		p.report(f)
	}
}

// longAttempt is the first attempt of a pipeline's steps, or of those that it calls, that is given more than a limit.
func longAttempt(l *check.Pipeline, limit time.Duration, depth int) way {
	for _, s := range l.Steps {
		one, at := attemptOf(s)
		if one > limit {
			return way{total: one, steps: []string{s.Name}, at: at, file: s.File.Source}
		}
		if one > 0 || s.Pipeline == nil || depth == maxCalls || tooLarge(s.Pipeline) {
			continue
		}
		if head, at := timeoutOf(s.Pipeline.Head); head > limit {
			return way{total: head, steps: []string{s.Name}, at: at, file: s.Pipeline.File.Source}
		} else if head > 0 {
			continue
		}
		if inner := longAttempt(s.Pipeline, limit, depth+1); inner.total > 0 {
			inner.steps = append([]string{s.Name}, inner.steps...)
			return inner
		}
	}
	return way{}
}

// longestWay is the slowest way through a pipeline.
func longestWay(l *check.Pipeline, depth int) way {
	w := worst{graph: map[string]*check.Step{}, known: map[string]arrival{}, depth: depth}
	for _, s := range l.Steps {
		w.graph[s.Name] = s
	}
	var longest arrival
	for _, s := range l.Steps {
		if a := w.until(s.Name); a.total > longest.total {
			longest = a
		}
	}
	return way{total: longest.total, steps: longest.by.names()}
}

// way is a way to the end of a step.
type way struct {
	total time.Duration
	steps []string
	// of a single timeout, where it stands
	at   source.Span
	file *source.File
}

// worst finds slowest ways, as far as timeouts are written out.
type worst struct {
	graph map[string]*check.Step
	known map[string]arrival
	depth int // of calls
}

// arrival is when a step has ended at the latest, and the last step with a timeout on the slowest way there.
type arrival struct {
	total time.Duration
	by    *link
}

// link is a step of a way and what stands before it, which ways share: those of a chain would be as long as it is, each.
type link struct {
	name   string
	before *link
}

func (l *link) names() (out []string) {
	for ; l != nil; l = l.before {
		out = append(out, l.name)
	}
	slices.Reverse(out)
	return out
}

func (w *worst) until(name string) arrival {
	if done, ok := w.known[name]; ok {
		return done
	}
	w.known[name] = arrival{} // a cycle has been reported
	s := w.graph[name]
	if s == nil {
		return arrival{}
	}
	var out arrival
	for _, edges := range [...][]string{s.ValueEdges, s.OrderEdges} {
		for _, e := range edges {
			if up := w.until(e); up.total > out.total {
				out = up
			}
		}
	}
	if own := saturated(w.callTime(s), instancesInRow(s)); own > 0 {
		out = arrival{min(out.total+own, eternity), &link{name, out.by}}
	}
	w.known[name] = out
	return out
}

// callTime is how long one instance of a step may take; 0 when nothing says so.
func (w *worst) callTime(s *check.Step) time.Duration {
	if s.Pipeline == nil {
		return allAttempts(s)
	}
	if own, _ := timeoutOf(s.Modifiers); own > 0 {
		return own
	}
	if head, _ := timeoutOf(s.Pipeline.Head); head > 0 || w.depth == maxCalls || tooLarge(s.Pipeline) {
		return head
	}
	return longestWay(s.Pipeline, w.depth+1).total
}

// instancesInRow is how many instances of a step come one after the other, as far as that is written out.
func instancesInRow(s *check.Step) int {
	if len(s.Loops) != 1 || s.Loops[0].Decl == nil {
		return 1
	}
	list, ok := ast.Unparen(s.Loops[0].Decl.List).(*ast.ListLit)
	most, limited := ast.Unparen(s.Loops[0].Decl.Max).(*ast.IntLit)
	if !ok || !limited || most.Value < 1 || s.Loops[0].Decl.Where != nil {
		return 1
	}
	n := int64(len(list.Elems))
	side := min(most.Value, max(n, 1))
	return int(max((n+side-1)/side, 1))
}

// eternity is longer than anything that is compared; two of them are no overflow.
const eternity = math.MaxInt64 / 4

// saturated is so many times a duration, at most an eternity.
func saturated(d time.Duration, times int) time.Duration {
	if d > eternity/time.Duration(max(times, 1)) {
		return eternity
	}
	return d * time.Duration(times)
}

// allAttempts is how long a step may take with its retries; 0 when it has no timeout that is written out.
func allAttempts(s *check.Step) time.Duration {
	one, _ := attemptOf(s)
	if one == 0 {
		return 0
	}
	r := retryOf(s)
	if r == nil {
		return one
	}
	n, ok := ast.Unparen(r.Count).(*ast.IntLit)
	if !ok || n.Value < 0 || n.Value > 1000 {
		return one
	}
	return min(saturated(one, int(n.Value)+1)+delays(r, int(n.Value)), eternity)
}

// delays is how long a step waits before its further attempts.
func delays(r *ast.Retry, n int) (all time.Duration) {
	every, ok := ast.Unparen(r.Every).(*ast.DurationLit)
	if !ok {
		return 0
	}
	factor := 1.0
	switch f := ast.Unparen(r.Backoff).(type) {
	case *ast.IntLit:
		factor = float64(f.Value)
	case *ast.FloatLit:
		factor = f.Value
	}
	most := time.Duration(eternity / 1000)
	if d, ok := ast.Unparen(r.Max).(*ast.DurationLit); ok {
		most = min(most, d.Value)
	}
	delay := float64(every.Value)
	for range n {
		all += time.Duration(min(delay, float64(most)))
		delay *= max(factor, 1)
	}
	return all
}

// attemptOf is the timeout of one attempt, the step's or else the op's.
func attemptOf(s *check.Step) (time.Duration, source.Span) {
	if d, at := timeoutOf(s.Modifiers); d > 0 || s.Op == nil {
		return d, at
	}
	d, at := timeoutOf(s.Op.Items)
	if s.Op.File.Source != s.File.Source {
		at = source.Span{}
	}
	return d, at
}

func retryOf(s *check.Step) *ast.Retry {
	items := s.Modifiers
	if s.Op != nil {
		items = append(items[:len(items):len(items)], s.Op.Items...)
	}
	for _, it := range items {
		if r, ok := it.(*ast.Retry); ok {
			return r
		}
	}
	return nil
}

// timeoutOf is a timeout among items that is written out, and its place.
func timeoutOf(items []ast.Item) (time.Duration, source.Span) {
	for _, it := range items {
		a, ok := it.(*ast.Attr)
		if !ok || a.Key.Text != "timeout" || a.Value == nil {
			continue
		}
		if d, ok := ast.Unparen(a.Value).(*ast.DurationLit); ok {
			return d.Value, a.Value.Span()
		}
	}
	return 0, source.Span{}
}

// named are the steps of a way, or the only one.
func (w way) named() string {
	if len(w.steps) == 1 {
		return fmt.Sprintf("step %q", w.steps[0])
	}
	return "the steps " + chain(w.steps)
}
