package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// emptyInputs finds globs in inputs that match no file: a typo, or files that have moved, and
// the step would run without them.
var emptyInputs = rule{op: func(p *pass, o *check.Op) {
	if p.options.Matches == nil {
		return
	}
	for _, it := range o.Items {
		a, ok := it.(*ast.Attr)
		if !ok || a.Key.Text != "inputs" || a.Value == nil {
			continue
		}
		for _, g := range p.globs(o.Module, o.File.Source, a.Value) {
			if !p.told[g.at] && doublestar.ValidatePattern(g.text) {
				p.emptyInput(g)
			}
		}
		p.emptyRounds(o, a.Value)
	}
}}

// emptyRounds finds globs that lets and loops make, and that match no file in some round.
func (p *pass) emptyRounds(o *check.Op, x ast.Expr) {
	list, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok {
		return
	}
	for _, e := range list.Elems {
		if _, written := ast.Unparen(e.Value).(*ast.StringLit); written {
			continue
		}
		for _, t := range o.Texts(e.Value, nil) {
			place := spot{t.File.Name, t.At}
			left, not := strings.CutPrefix(t.Value, "!")
			at := rooted(o.Module.Load.Folder, left)
			if p.told[place] || !usable(t.Value) || p.options.Matches(at) || not && !p.isNear(at) {
				continue
			}
			p.told[place] = true
			p.report(finding{
				rule: diag.EmptyInputs, file: t.File, at: t.At,
				message: fmt.Sprintf("inputs: %q matches no file%s", t.Value, t.Round),
				help:    startOf(o.Module.Load.Folder),
			})
		}
	}
}

func (p *pass) emptyInput(g glob) {
	f := finding{rule: diag.EmptyInputs, file: g.file, at: g.at.span, message: fmt.Sprintf("inputs: %q matches no file", g.text), help: startOf(g.folder)}
	left, not := strings.CutPrefix(g.text, "!")
	switch at := rooted(g.folder, left); {
	case p.options.Matches(at):
		if p.options.FoldersOnly == nil || !strings.ContainsAny(g.text, "*?[{") || strings.HasSuffix(g.text, "**") || !p.options.FoldersOnly(at) {
			return
		}
		f.message = fmt.Sprintf("inputs: %q matches folders, and no file", g.text)
		f.help = fmt.Sprintf("what is in them is %q", g.text+"/**")
	case not && !p.isNear(at):
		return // it is left out in case that it comes
	}
	p.told[g.at] = true
	p.report(f)
}

// isNear says that the first name of a path which nothing has is spelt almost as one that there is.
func (p *pass) isNear(at string) bool {
	if p.options.Entries == nil {
		return false
	}
	folder := ""
	for name := range strings.SplitSeq(at, "/") {
		switch {
		case strings.ContainsAny(name, `*?[]{},\`):
			return false
		case !p.options.Matches(folder + name):
			return len(name) > 2 && slices.ContainsFunc(p.options.Entries(folder), func(there string) bool { return almost(name, there) })
		}
		folder += name + "/"
	}
	return false
}

// almost says that two names differ by a letter, or by two in the other order.
func almost(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// glob is one that is written out. A leading "!" leaves out again what others choose.
type glob struct {
	text, folder string
	file         *source.File
	at           spot
}

// spot is a place in the program.
type spot struct {
	file string
	span source.Span
}

// globs are those of a list that is written out, or of a let of the module that holds one.
func (p *pass) globs(m *check.Module, f *source.File, x ast.Expr) (out []glob) {
	switch x := ast.Unparen(x).(type) {
	case *ast.ListLit:
		for _, e := range x.Elems {
			if s, ok := ast.Unparen(e.Value).(*ast.StringLit); ok && usable(s.Value) {
				out = append(out, glob{s.Value, m.Load.Folder, f, spot{f.Name, s.Range}})
			}
		}
	case *ast.Ident:
		for _, l := range m.Lets {
			if l.Name == x.Name {
				return p.globs(m, l.File.Source, l.Decl.Value)
			}
		}
	case *ast.Binary:
		if x.Op == "+" {
			return append(p.globs(m, f, x.X), p.globs(m, f, x.Y)...)
		}
	}
	return out
}

// usable leaves out what check has refused.
func usable(glob string) bool {
	return glob != "" && !strings.Contains(path.Clean("/"+glob)+"/", "/../")
}

// rooted is a glob from the repository's root.
func rooted(folder, glob string) string {
	if after, ok := strings.CutPrefix(glob, "/"); ok {
		return path.Clean(after)
	}
	return path.Join(folder, glob)
}

// startOf says where the paths of a file start.
func startOf(folder string) string {
	if folder == "" || folder == "." {
		return "paths start from the repository's root"
	}
	return fmt.Sprintf("paths start from %s, the folder of the file, and from the repository's root with a leading /", folder)
}
