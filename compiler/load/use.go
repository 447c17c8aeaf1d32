package load

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// imports loads what a module uses, depth first, so that done has imports before importers.
func (l *loader) imports(m *Module) {
	m.state = loading
	l.stack = append(l.stack, m)
	for _, f := range m.Files {
		uses := map[string]*Import{}
		m.Uses[f] = uses
		for _, d := range f.Decls {
			if u, ok := d.(*ast.Use); ok && u.Path != nil {
				l.use(m, f, u, uses)
			}
		}
	}
	l.stack = l.stack[:len(l.stack)-1]
	m.state = loaded
	l.done = append(l.done, m)
}

func (l *loader) use(m *Module, f *ast.File, u *ast.Use, uses map[string]*Import) {
	name, ok := l.namespace(f, u)
	if !ok {
		return
	}
	if old := uses[name.Text]; old != nil {
		l.diags.Add(diag.Diagnostic{
			Rule: diag.DuplicateName, File: f.Source, Span: name.Range,
			Message: fmt.Sprintf("namespace %q is in use twice in this file", name.Text),
			Help:    fmt.Sprintf("give one of them another name: use %q as other", u.Path.Value),
			Related: []diag.Related{{File: f.Source, Span: old.Decl.Range, Message: "first here"}},
		})
		return
	}
	uses[name.Text] = &Import{Decl: u, Name: name, Module: l.resolve(m, f, u)}
}

var identifier = lazily(`^[A-Za-z_][A-Za-z0-9_]*$`)

// namespace is the alias, or the path's last part without .pipe.
func (l *loader) namespace(f *ast.File, u *ast.Use) (ast.Name, bool) {
	if u.Alias.Text != "" {
		return u.Alias, true
	}
	name := strings.TrimSuffix(path.Base(path.Clean(u.Path.Value)), ".pipe")
	if name == "." || name == ".." || name == "/" || name == "" {
		name = "root"
	} else if isRemote(u.Path.Value) {
		name = strings.Trim(strings.SplitN(name, "@", 2)[0], "-")
	}
	if identifier().MatchString(name) {
		return ast.Name{Text: name, At: u.Path.At}, true
	}
	alias := regexp.MustCompile(`[^A-Za-z0-9_]+`).ReplaceAllString(name, "_")
	if !identifier().MatchString(alias) {
		alias = "m_" + alias
	}
	if isRemote(u.Path.Value) {
		return ast.Name{Text: alias, At: u.Path.At}, true
	}
	l.diags.Add(diag.Diagnostic{
		Rule: diag.ReservedName, File: f.Source, Span: u.Path.Range,
		Message: fmt.Sprintf("%q cannot be a namespace: it is no name", name),
		Help:    fmt.Sprintf("name it: use %q as %s", u.Path.Value, alias),
		Fixes: []diag.Fix{{
			Message: "add as " + alias,
			Edits:   []diag.Edit{{File: f.Source, Span: source.Span{Start: u.Path.Range.End, End: u.Path.Range.End}, Text: " as " + alias}},
		}},
	})
	return ast.Name{Text: alias, At: u.Path.At}, true
}

// resolve finds the module that a use names; nil has been reported.
func (l *loader) resolve(m *Module, f *ast.File, u *ast.Use) *Module {
	text, said := u.Path.Value, l.diags.Len()
	target, p := l.find(m, f, text)
	if p != nil {
		l.report(f.Source, u.Path.Range, text, p)
		return nil
	}
	switch target.state {
	case loading:
		l.diags.Add(diag.Diagnostic{
			Rule: diag.ImportCycle, File: f.Source, Span: u.Path.Range,
			Message: "modules use each other: " + l.chain(target),
			Help:    "move what both need into a module that uses neither",
		})
		return nil
	case 0:
		l.imports(target)
		if l.diags.Len() == said {
			target = l.shared(target)
		}
	}
	return target
}

// shared gives, for a module of which nothing was said, the one that an earlier load made of the same files.
func (l *loader) shared(m *Module) *Module {
	one := l.opts.Cache.module(l.root, m)
	l.modules[m.ID], l.done[len(l.done)-1] = one, one
	return one
}

// chain is the way from a module that is being loaded back to itself.
func (l *loader) chain(to *Module) string {
	var ids []string
	for _, m := range l.stack {
		if m == to || ids != nil {
			ids = append(ids, m.ID)
		}
	}
	return strings.Join(append(ids, to.ID), " → ")
}

func (l *loader) find(m *Module, f *ast.File, text string) (*Module, *problem) {
	name, std := strings.CutPrefix(text, "std/")
	switch {
	case text == "":
		return nil, &problem{rule: diag.UnknownModule, message: "has no path", help: `write a path such as "./ci/common.pipe" or "std/test"`}
	case std:
		return l.std(name)
	case isRemote(text):
		return nil, &problem{rule: diag.NotYet, message: "is remote, which this version does not support", help: `copy it into the repository and use "./path"`}
	case m.Std:
		return nil, &problem{rule: diag.UnknownModule, message: "is no part of the standard library"}
	case strings.Contains(text, `\`):
		return nil, &problem{rule: diag.UnknownModule, message: "has a backslash", help: "separate folders by /"}
	case strings.HasPrefix(text, "/"):
		return l.module(path.Clean("./" + text))
	case !strings.HasPrefix(text, "./") && !strings.HasPrefix(text, "../") && text != "." && text != "..":
		return nil, &problem{rule: diag.UnknownModule, message: "is neither a path nor in the standard library", help: fmt.Sprintf(`write "./%s" for a file or folder beside this one`, text)}
	}
	return l.module(path.Join(path.Dir(f.Source.Name), text))
}

// std loads std/NAME.
func (l *loader) std(name string) (*Module, *problem) {
	id := "std/" + name
	if m := l.modules[id]; m != nil {
		return m, nil
	}
	text, ok := "", false
	if identifier().MatchString(name) {
		text, ok = l.readStd(name)
	}
	if !ok {
		return nil, l.unknownStd(name)
	}
	m := &Module{ID: id, Std: true, Uses: map[*ast.File]map[string]*Import{}}
	m.Files = []*ast.File{l.parse(id, text, true)}
	l.modules[id] = m
	return m, nil
}

func (l *loader) unknownStd(name string) *problem {
	p := &problem{rule: diag.UnknownModule, message: "is not in the standard library"}
	if l.opts.Std == nil {
		return p
	}
	entries, _ := fs.ReadDir(l.opts.Std, ".")
	var names, all []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
			all = append(all, "std/"+e.Name())
		}
	}
	if s := diag.Suggest(name, names); s != "" {
		p.help = `did you mean "std/` + s + `"?`
	} else if len(all) > 0 {
		p.help = "there are " + strings.Join(all, ", ")
	}
	return p
}

// isRemote tells a module of another machine: a scheme, a host, or a version.
func isRemote(text string) bool {
	first, _, more := strings.Cut(text, "/")
	local := strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/")
	return strings.Contains(text, "://") || !local && (more && strings.Contains(first, ".") || strings.Contains(text, "@") || strings.Contains(first, ":"))
}
