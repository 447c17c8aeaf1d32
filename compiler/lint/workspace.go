package lint

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// workspaces finds files that a step reads and does not get, paths that nothing makes, and steps
// that write the same file of the real tree at the same time.
var workspaces = rule{
	op: func(p *pass, o *check.Op) {
		p.undeclaredInputs(o)
		p.unnamedPaths(o)
	},
	pipeline: func(p *pass, l *check.Pipeline) { p.races(l) },
}

// undeclaredInputs looks at ops whose `inputs` narrow what they see.
func (p *pass) undeclaredInputs(o *check.Op) {
	in := attr(o.Items, "inputs")
	if in == nil || p.options.Matches == nil {
		return
	}
	folder, ok := runsIn(o)
	if !ok {
		return
	}
	globs, all := p.globs(o.Module, o.File.Source, in.Value), literalList(o.Module, in.Value)
	if !all {
		return
	}
	made, ok := mounted(o, folder)
	if !ok {
		return
	}
	for _, s := range p.scripts(o) {
		if s.read.Opaque || s.read.Unread {
			return
		}
		known, all := namedUntil(s.read.Commands)
		for _, f := range s.read.Paths {
			at := path.Join(folder, f.Path)
			switch {
			case f.Folder:
			case f.Write:
				made[at] = true
			case !all && f.At.Start >= known:
			case path.IsAbs(f.Path) || f.Path == "." || at == "." || strings.HasPrefix(at, "..") || under(made, at) || given(globs, at) || !p.options.Matches(escapeGlob(at)):
			default:
				made[at] = true // once
				p.report(finding{
					rule: diag.UndeclaredInput, file: s.file, at: s.span(f.At),
					message: fmt.Sprintf("the script reads %q, which inputs leaves out: it is not there when the step runs", f.Path),
					help:    fmt.Sprintf("add %q to inputs", asGlob(o.Module.Load.Folder, at)),
					related: []diag.Related{{File: o.File.Source, Span: within(o.File.Source, in), Message: "the step sees only these files"}},
				})
			}
		}
		if !all {
			return
		}
	}
}

// namedUntil is where the first of some commands ends that may make files without naming them: a build, an archive, a
// download. All says that there is none.
func namedUntil(list []shell.Command) (end int32, all bool) {
	for _, c := range list {
		if !writesByItself(c) && !fetches(c) {
			continue
		}
		last := c.At.End
		for _, a := range c.Args {
			last = max(last, a.At.End)
		}
		if end == 0 || last < end {
			end = last
		}
	}
	return end, end == 0
}

// fetches says that a command brings files from elsewhere.
func fetches(c shell.Command) bool {
	switch program(c.Name) {
	case "curl", "wget", "aria2c", "tar", "bsdtar", "unzip", "7z", "cpio", "patch", "rsync", "scp", "sftp", "rclone", "aws", "gsutil", "gcloud", "az", "gh", "glab",
		"oras", "openssl", "protoc", "buf", "dvc", "helm", "terraform", "tofu", "ansible-playbook":
		return true
	case "git":
		return !slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
			return a.Text == "status" || a.Text == "log" || a.Text == "diff" || a.Text == "describe" || a.Text == "rev-parse" || a.Text == "config"
		})
	}
	return false
}

// asGlob is how a file of a folder writes a path from the root.
func asGlob(folder, at string) string {
	if folder == "" || folder == "." {
		return at
	}
	if below, ok := strings.CutPrefix(at, folder+"/"); ok {
		return below
	}
	return "/" + at
}

// runsIn is the folder from the root that an op's scripts run in, where that is written out.
func runsIn(o *check.Op) (folder string, known bool) {
	folder = o.Module.Load.Folder
	dir := attr(o.Items, "workdir")
	if dir == nil {
		return folder, true
	}
	s, ok := ast.Unparen(dir.Value).(*ast.StringLit)
	if !ok {
		return "", false
	}
	return rooted(folder, s.Value), true
}

// within is where an item stands, when it stands in the file; defaults may, too.
func within(f *source.File, a *ast.Attr) source.Span {
	if int(a.Range.End) > len(f.Text) {
		return source.Span{}
	}
	return a.Key.Range
}

func attr(items []ast.Item, word string) *ast.Attr {
	for _, it := range items {
		if a, ok := it.(*ast.Attr); ok && a.Key.Text == word && a.Value != nil {
			return a
		}
	}
	return nil
}

// mounted are the paths from the root that an op's mounts may fill; ok is false when nobody knows them.
func mounted(o *check.Op, folder string) (made map[string]bool, ok bool) {
	made = map[string]bool{}
	for _, it := range o.Items {
		m, is := it.(*ast.Mount)
		if !is {
			continue
		}
		for _, e := range m.Entries {
			s, written := ast.Unparen(e.Path).(*ast.StringLit)
			if !written || strings.Trim(s.Value, "./") == "" {
				return nil, false
			}
			made[rooted(o.Module.Load.Folder, s.Value)], made[rooted(folder, s.Value)] = true, true
		}
	}
	return made, true
}

// literalList says that every element of a list is written out.
func literalList(m *check.Module, x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.ListLit:
		return !slices.ContainsFunc(x.Elems, func(e ast.ListElem) bool {
			_, ok := ast.Unparen(e.Value).(*ast.StringLit)
			return !ok
		})
	case *ast.Ident:
		for _, l := range m.Lets {
			if l.Name == x.Name {
				return literalList(m, l.Decl.Value)
			}
		}
	case *ast.Binary:
		return x.Op == "+" && literalList(m, x.X) && literalList(m, x.Y)
	}
	return false
}

// given says that globs let a file through, or something below a folder: the last one that knows it decides.
func given(globs []glob, file string) (in bool) {
	for _, g := range globs {
		text, not := strings.CutPrefix(g.text, "!")
		pattern := rooted(g.folder, text)
		switch ok, err := doublestar.Match(pattern, file); {
		case err != nil:
			return true
		case ok || strings.HasPrefix(file, pattern+"/"):
			in = !not
		case !not && strings.HasPrefix(pattern, file+"/"): // a folder of which some files are there
			in = true
		}
	}
	return in
}

// under says that a path or a folder around it is among some.
func under(made map[string]bool, file string) bool {
	for ; file != "." && file != "/" && file != ""; file = path.Dir(file) {
		if made[file] {
			return true
		}
	}
	return false
}

// escapeGlob is a glob that matches a path as it stands.
func escapeGlob(path string) string { return globEscapes.Replace(path) }

var globEscapes = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`, "}", `\}`)

// readers are the functions of `return` that read a path which a script must have made.
var readers = map[string]bool{"file": true, "dir": true, "text": true, "json": true, "yaml": true, "junit": true, "gotest": true}

// unnamedPaths gives a hint about results that are read from where no script of the op writes, as
// far as its text tells.
func (p *pass) unnamedPaths(o *check.Op) {
	paths := resultPaths(o)
	if len(paths) == 0 {
		return
	}
	var text strings.Builder
	for _, it := range o.Items {
		switch it := it.(type) {
		case *ast.Run:
			if it.Script != nil {
				text.WriteString(it.Script.Text)
			}
		case *ast.Attr:
			if it.Key.Text == "exec" || it.Key.Text == "inputs" && it.Value != nil {
				text.WriteString(o.File.Source.Slice(clamp(o.File.Source, it.Range)))
			}
		case *ast.Env, *ast.Mount:
			text.WriteString(o.File.Source.Slice(clamp(o.File.Source, it.Span())))
		}
	}
	if text.Len() == 0 {
		return
	}
	builds := slices.ContainsFunc(p.commands(o), writesByItself)
	written := sync.OnceValue(func() []string { return p.written(o) })
	named := sync.OnceValue(func() []string { return fileNames(text.String()) })
	for i, s := range paths {
		name := path.Base(path.Clean(s.Value))
		if slices.ContainsFunc(paths[:i], func(before *ast.StringLit) bool { return before.Value == s.Value }) {
			continue
		}
		if strings.ContainsAny(name, "*?[{") || name == "." || name == "/" || strings.Contains(text.String(), name) {
			continue
		}
		if p.options.Matches != nil && p.options.Matches(escapeGlob(rooted(o.Module.Load.Folder, s.Value))) {
			continue
		}
		help := diag.DidYouMean(name, written())
		if builds && help == "" {
			continue
		}
		if help == "" {
			if near := diag.Suggest(name, named()); near != "" {
				help = fmt.Sprintf("they name %q; a program that writes there by its own configuration is fine", near)
			}
		}
		p.report(finding{
			rule: diag.UnnamedPath, file: o.File.Source, at: s.Range,
			message: fmt.Sprintf("no script of %s names %q, which is read when it has ended", owner(o), s.Value),
			help:    cmp.Or(help, "check the path; a program that writes there by its own configuration is fine"),
		})
	}
}

// fileNames are the words of a text that look like names of files, with something behind a dot.
func fileNames(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	words = slices.DeleteFunc(words, func(w string) bool { return strings.Trim(path.Ext(w), ".") == "" })
	slices.Sort(words)
	return slices.Compact(words)
}

func clamp(f *source.File, at source.Span) source.Span {
	return source.Span{Start: min(at.Start, int32(len(f.Text))), End: min(at.End, int32(len(f.Text)))}
}

// written are the last parts of the paths that an op's scripts write.
func (p *pass) written(o *check.Op) (names []string) {
	for _, s := range p.scripts(o) {
		for _, f := range s.read.Paths {
			if f.Write {
				names = append(names, path.Base(f.Path))
			}
		}
	}
	return names
}

// isBuilder says that a program writes where its own configuration says.
func isBuilder(name string) bool {
	switch name {
	case "npm", "npx", "yarn", "pnpm", "bun", "bunx", "deno", "make", "gmake", "just", "task", "rake", "gradle", "gradlew", "mvn", "mvnw", "ant", "sbt",
		"lein", "cargo", "cmake", "ninja", "meson", "bazel", "bazelisk", "buck2", "poetry", "hatch", "pdm", "uv", "flit", "tox", "nox", "maturin",
		"goreleaser", "webpack", "vite", "rollup", "esbuild", "tsc", "dotnet", "msbuild", "swift", "xcodebuild", "stack", "cabal", "mix", "mkdocs",
		"sphinx-build", "hugo", "jekyll", "docker", "podman", "nix", "mage", "bundle", "composer", "pre-commit":
		return true
	}
	return false
}

// writesByItself says that a command may write anywhere without naming it: a build tool, or a program
// of the project.
func writesByItself(c shell.Command) bool {
	return isBuilder(program(c.Name)) || strings.Contains(c.Name, "/") || c.Name == "python" || c.Name == "python3" || c.Name == "node" ||
		c.Name == "go" && len(c.Args) > 0 && (c.Args[0].Text == "run" || c.Args[0].Text == "generate")
}

// resultPaths are the literal paths in `return` and `keep`.
func resultPaths(o *check.Op) (out []*ast.StringLit) {
	for _, it := range o.Items {
		switch it := it.(type) {
		case *ast.Return:
			ast.Inspect(it, func(n ast.Node) bool {
				if c, ok := n.(*ast.Call); ok && c.Target == nil && readers[c.Name.Text] && len(c.Args) == 1 {
					if s, ok := ast.Unparen(c.Args[0]).(*ast.StringLit); ok {
						out = append(out, s)
					}
				}
				return true
			})
		case *ast.Attr:
			if l, ok := ast.Unparen(it.Value).(*ast.ListLit); ok && it.Key.Text == "keep" {
				for _, e := range l.Elems {
					if s, ok := ast.Unparen(e.Value).(*ast.StringLit); ok {
						out = append(out, s)
					}
				}
			}
		}
	}
	return out
}

// races finds two `in place` steps that write one path and wait for each other in no way: which of
// them comes last is chance.
func (p *pass) races(l *check.Pipeline) {
	type write struct {
		step *check.Step
		path string
	}
	var writes []write
	for _, s := range l.Steps {
		if s.Op == nil || !inPlace(s.Op) {
			continue
		}
		seen := map[string]bool{}
		for _, sc := range p.scripts(s.Op) {
			for _, f := range sc.read.Paths {
				at := rooted(s.Op.Module.Load.Folder, f.Path)
				if f.Write && !path.IsAbs(f.Path) && !seen[at] && !p.isFolder(at) {
					seen[at] = true
					writes = append(writes, write{s, at})
				}
			}
		}
	}
	if len(writes) < 2 {
		return
	}
	g := p.graph(l)
	for i, b := range writes {
		for _, a := range writes[:i] {
			if a.path != b.path || a.step == b.step || g.ordered(a.step, b.step) {
				continue
			}
			p.report(finding{
				rule: diag.InPlaceRace, file: l.File.Source, at: b.step.Decl.Name.Range,
				message: fmt.Sprintf("steps %q and %q both write %s in place, and neither waits for the other", a.step.Name, b.step.Name, a.path),
				help:    fmt.Sprintf("order them: after %s", a.step.Name),
				related: []diag.Related{{File: l.File.Source, Span: a.step.Decl.Name.Range, Message: "the other step"}},
			})
		}
	}
}

// isFolder says that a path from the root is a folder of the repository: who is given one, as formatters are, writes
// some files in it.
func (p *pass) isFolder(at string) bool {
	return at == "." || p.options.Matches != nil && p.options.Matches(escapeGlob(at)+"/**")
}
