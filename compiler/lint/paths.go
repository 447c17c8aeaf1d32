package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// missingPaths finds paths for ops of the standard library, which read them in the real tree, where nothing is. A
// step in place of the same pipeline may make it first.
var missingPaths = rule{pipeline: func(p *pass, l *check.Pipeline) {
	if p.options.Matches == nil || p.changesTree(l) {
		return
	}
	for _, s := range l.Steps {
		if s.Op == nil || !s.Op.Module.Load.Std {
			continue
		}
		for _, a := range s.Args {
			p.missingPath(l, s, a)
		}
	}
}}

// changesTree says that a step of a pipeline writes in the real tree, or may in a pipeline that it calls. Each
// pipeline is looked at once.
func (p *pass) changesTree(l *check.Pipeline) bool {
	changes, known := p.changing[l]
	if known {
		return changes
	}
	if p.changing == nil {
		p.changing = map[*check.Pipeline]bool{}
	}
	p.changing[l] = false // for those that call each other in a circle
	p.changing[l] = slices.ContainsFunc(l.Steps, func(s *check.Step) bool {
		return s.Pipeline != nil && p.changesTree(s.Pipeline) || s.Op != nil && inPlace(s.Op)
	})
	return p.changing[l]
}

func inPlace(o *check.Op) bool {
	return slices.ContainsFunc(o.Items, func(it ast.Item) bool { _, ok := it.(*ast.InPlace); return ok })
}

func (p *pass) missingPath(l *check.Pipeline, s *check.Step, a check.Arg) {
	lit, ok := ast.Unparen(a.Value).(*ast.StringLit)
	if !ok || a.Param == nil || a.Param.Type.Plain().Kind != types.Path || !usable(lit.Value) {
		return
	}
	at := rooted(l.Module.Load.Folder, lit.Value)
	if at == "." || at == "" || p.options.Matches(escapeGlob(at)) {
		return
	}
	help := startOf(l.Module.Load.Folder)
	text := a.Param.Name + "_text"
	if strings.Contains(lit.Value, "\n") && slices.ContainsFunc(s.Op.Params, func(p *check.Param) bool { return p.Name == text }) {
		help = fmt.Sprintf("for the text itself there is %s", text)
	}
	p.report(finding{
		rule: diag.MissingPath, file: l.File.Source, at: lit.Range,
		message: fmt.Sprintf("%s: there is no %q in the repository", a.Param.Name, lit.Value),
		help:    help,
	})
}
