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
	if p.options.Matches == nil || slices.ContainsFunc(l.Steps, mayChangeTree) {
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

// mayChangeTree says that a step writes in the real tree, or may in a pipeline that it calls.
func mayChangeTree(s *check.Step) bool {
	if s.Pipeline != nil {
		return slices.ContainsFunc(s.Pipeline.Steps, mayChangeTree)
	}
	return s.Op != nil && inPlace(s.Op)
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
