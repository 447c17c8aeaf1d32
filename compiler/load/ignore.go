package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Report is what people are shown of the findings about a program: those that no comment
// `// pipe:ignore rule-name reason` silences, with pipe.toml's severities, and the comments
// that silence nothing. Of a program in a newer language nothing else is said: what it means
// is not known. It is asked once, when every pass has run.
func (p *Program) Report(list []diag.Diagnostic) []diag.Diagnostic {
	if i := slices.IndexFunc(list, func(d diag.Diagnostic) bool { return d.Rule == diag.NewerLanguage }); i >= 0 {
		return list[i : i+1]
	}
	ignores := p.ignores()
	var out diag.List
	for _, d := range list {
		if !silenced(d, ignores) {
			out.Add(d)
		}
	}
	for _, g := range ignores {
		if !g.used {
			out.Add(g.unused())
		}
	}
	return p.Config.Apply(out.Sorted())
}

// ignore is one comment that silences a rule.
type ignore struct {
	file *source.File
	span source.Span
	line int
	rule string
	used bool
	// refused says that the rule stood there and is an error, which nothing silences.
	refused bool
}

func (p *Program) ignores() []*ignore {
	var out []*ignore
	seen := map[*ast.File]bool{}
	for _, m := range p.Modules {
		for _, f := range m.Files {
			if m.Std || seen[f] {
				continue
			}
			seen[f] = true
			for _, c := range f.Comments {
				if g := parseIgnore(f.Source, c); g != nil {
					out = append(out, g)
				}
			}
		}
	}
	return out
}

func parseIgnore(f *source.File, c ast.Comment) *ignore {
	words := strings.Fields(strings.TrimLeft(c.Text, "/"))
	if len(words) == 0 || words[0] != "pipe:ignore" {
		return nil
	}
	g := &ignore{file: f, span: c.Range, line: f.Position(c.Range.Start).Line}
	if len(words) > 1 {
		g.rule = words[1]
	}
	return g
}

func silenced(d diag.Diagnostic, ignores []*ignore) bool {
	for _, g := range ignores {
		if g.rule != d.Rule || g.file != d.File {
			continue
		}
		if line := d.File.Position(d.Span.Start).Line; line != g.line && line != g.line+1 {
			continue
		}
		if d.Severity == diag.Error {
			g.refused = true
			continue
		}
		g.used = true
		return true
	}
	return false
}

func (g *ignore) unused() diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.UnusedIgnore, Severity: diag.Warning, File: g.file, Span: g.span}
	_, known := diag.Natural(g.rule)
	switch {
	case g.rule == "":
		d.Message, d.Help = "this ignore names no rule", "write // pipe:ignore rule-name reason"
	case !known:
		d.Message = fmt.Sprintf("there is no rule %q", g.rule)
		d.Help = diag.DidYouMean(g.rule, diag.Rules())
	case g.refused:
		d.Message = fmt.Sprintf("%s is an error, and only warnings and hints can be ignored", g.rule)
	default:
		d.Message = fmt.Sprintf("this ignore silences nothing: no %s on its line or the next", g.rule)
		d.Help = "remove it"
	}
	return d
}
