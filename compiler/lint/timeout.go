package lint

import (
	"fmt"
	"time"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// timeouts finds pipelines whose own timeout is shorter than what their steps are given.
var timeouts = rule{pipeline: func(p *pass, l *check.Pipeline) {
	limit, at := timeoutOf(l.Head)
	if limit == 0 {
		return
	}
	graph := map[string]*check.Step{}
	for _, s := range l.Steps {
		graph[s.Name] = s
	}
	w := worst{graph: graph, known: map[string]way{}}
	var longest way
	for _, s := range l.Steps {
		one, own := attemptOf(s)
		if one > limit {
			p.tooShort(l, at, own, fmt.Sprintf("one attempt of step %q may take %s, and the pipeline ends after %s", s.Name, spell(one), spell(limit)), false)
			return
		}
		if way := w.until(s.Name); way.total > longest.total {
			longest = way
		}
	}
	if longest.total > limit {
		p.tooShort(l, at, source.Span{}, fmt.Sprintf("%s may take %s, attempts and delays included, and the pipeline ends after %s",
			longest.named(), spell(longest.total), spell(limit)), true)
	}
}}

func (p *pass) tooShort(l *check.Pipeline, at, own source.Span, message string, hint bool) {
	f := finding{
		rule: diag.ShortTimeout, file: l.File.Source, at: at, message: message, hint: hint,
		help: "raise the pipeline's timeout, or lower those of the steps",
	}
	if own.End > 0 {
		f.related = []diag.Related{{File: l.File.Source, Span: own, Message: "the step's timeout"}}
	}
	p.report(f)
}

// way is the slowest way to the end of a step.
type way struct {
	total time.Duration
	steps []string
}

// worst finds slowest ways, as far as timeouts are written out.
type worst struct {
	graph map[string]*check.Step
	known map[string]way
}

func (w *worst) until(name string) way {
	if done, ok := w.known[name]; ok {
		return done
	}
	w.known[name] = way{} // a cycle has been reported
	s := w.graph[name]
	if s == nil {
		return way{}
	}
	var before way
	for _, edges := range [][]string{s.ValueEdges, s.OrderEdges} {
		for _, e := range edges {
			if up := w.until(e); up.total > before.total {
				before = up
			}
		}
	}
	own := allAttempts(s)
	out := way{total: before.total + own, steps: before.steps[:len(before.steps):len(before.steps)]}
	if own > 0 {
		out.steps = append(out.steps, name)
	}
	w.known[name] = out
	return out
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
	delay := time.Duration(0)
	if d, ok := ast.Unparen(r.Every).(*ast.DurationLit); ok && r.Every != nil {
		delay = d.Value
	}
	return one + time.Duration(n.Value)*(one+delay)
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
