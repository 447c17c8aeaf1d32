package lint

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// endlessWaits finds steps that wait for something outside, and that no timeout ends when it never comes.
var endlessWaits = rule{program: func(p *pass) {
	calls := map[*check.Pipeline][]call{}
	var all []*check.Pipeline
	for _, m := range p.program.Load.Modules {
		if module := p.program.Modules[m]; module != nil {
			all = append(all, pipelinesOf(module)...)
		}
	}
	for _, l := range all {
		for s := range steps(l) {
			if s.Pipeline != nil {
				calls[s.Pipeline] = append(calls[s.Pipeline], call{l, s})
			}
		}
	}
	for _, l := range all {
		if l.Module.Load.Std || !open(l, calls, map[*check.Pipeline]bool{}) {
			continue
		}
		for s := range steps(l) {
			if s.Op != nil && !timed(s.Modifiers) && !timed(s.Op.Items) && !s.Op.Module.Load.Std {
				p.endless(s)
			}
		}
	}
}}

// pipelinesOf are a module's, in the order of the text.
func pipelinesOf(m *check.Module) (out []*check.Pipeline) {
	for _, f := range m.Load.Files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.Pipeline); ok {
				if l := m.Pipelines[d.Name.Text]; l != nil && l.Decl == d {
					out = append(out, l)
				}
			}
		}
	}
	return out
}

// call is where a pipeline is called.
type call struct {
	in   *check.Pipeline
	step *check.Step
}

// open says that no timeout ends all of a pipeline, in one of the ways to it from those that nothing calls.
func open(l *check.Pipeline, calls map[*check.Pipeline][]call, seen map[*check.Pipeline]bool) bool {
	if timed(l.Head) || seen[l] {
		return false
	}
	seen[l] = true
	if len(calls[l]) == 0 {
		return true
	}
	for _, c := range calls[l] {
		if !timed(c.step.Modifiers) && open(c.in, calls, seen) {
			return true
		}
	}
	return false
}

func timed(items []ast.Item) bool {
	for _, it := range items {
		if a, ok := it.(*ast.Attr); ok && a.Key.Text == "timeout" {
			return true
		}
	}
	return false
}

func (p *pass) endless(s *check.Step) {
	for _, script := range p.scripts(s.Op) {
		for _, at := range script.read.Endless {
			p.endlessAt(s, script.file, script.span(at))
		}
	}
	if script, ok := p.execScript(s.Op); ok {
		for _, at := range script.read.Endless {
			p.endlessAt(s, script.file, script.span(at))
		}
	}
	if c, ok := execOf(s.Op); ok && c.Endless() {
		p.endlessAt(s, s.Op.File.Source, c.At.Join(c.Args[len(c.Args)-1].At))
	}
}

// endlessAt tells of a place once, whichever steps run it.
func (p *pass) endlessAt(s *check.Step, f *source.File, at source.Span) {
	place := spot{f.Name, at}
	if p.told[place] {
		return
	}
	p.told[place] = true
	p.report(finding{
		rule: diag.EndlessWait, file: f, at: at,
		message: fmt.Sprintf("nothing ends this when it waits in vain: step %q, its op and its pipeline have no timeout", s.Name),
		help:    "give the op or the step a timeout, such as timeout 5m",
	})
}
