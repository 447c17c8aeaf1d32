package lint

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// missingScripts finds files that an op's scripts run, or are told to read, and that nobody has: the repository lacks
// them, and nothing before could have made them.
var missingScripts = rule{around: true, op: func(p *pass, o *check.Op) { p.missingScripts(o) }}

func (p *pass) missingScripts(o *check.Op) {
	if p.options.Matches == nil || inPlace(o) { // where what git ignores is there, too
		return
	}
	folder, ok := runsIn(o)
	if !ok {
		return
	}
	p.missingProgram(o, folder)
	scripts := p.scripts(o)
	foreign := firstForeign(o)
	for i, s := range scripts {
		if s.read.Unread || s.src.Range.Start > foreign {
			return
		}
		for j, c := range s.read.Commands {
			if w := s.read.Writes; w > 0 && w <= c.At.Start {
				return // it may be that file
			}
			if f, asks := askedFor(s.read.Paths, c); asks && !c.Choice && !c.Elsewhere {
				n := needed{f, "the script", s.file, s.span(f.At)}
				if p.absent(o, f, folder) && !namedBefore(scripts[:i], s, f) {
					p.missingScript(n, folder)
					return // it ends there
				}
				if p.isPlain(n, folder) && !namedBefore(scripts[:i], s, f) && !named("chmod", scripts[:i], s, f) {
					p.notExecutable(n)
				}
			}
			if wraps := j+1 < len(s.read.Commands) && s.read.Commands[j+1].Wrapped; !wraps && !makesNothing(c) {
				return
			}
		}
		if s.read.Writes > 0 {
			return
		}
	}
}

// firstForeign is where the first script of an op stands that is no shell's, and may make any file.
func firstForeign(o *check.Op) int32 {
	for _, it := range o.Items {
		if r, ok := it.(*ast.Run); ok && r.Script != nil {
			if _, shells := shell.DialectOf(r.Script.Lang); !shells {
				return r.Script.Range.Start
			}
		}
	}
	return math.MaxInt32
}

// needed is a file that something needs.
type needed struct {
	path shell.Path
	by   string
	file *source.File
	at   source.Span
}

// missingProgram looks at the program of exec, and at the file that it is to run.
func (p *pass) missingProgram(o *check.Op, folder string) {
	c, ok := execOf(o)
	if !ok {
		return
	}
	f, asks := askedFor(shell.Named(c), c)
	n := needed{f, "exec", o.File.Source, f.At}
	switch {
	case asks && p.absent(o, f, folder):
		p.missingScript(n, folder)
	case asks && p.isPlain(n, folder):
		p.notExecutable(n)
	}
}

// isPlain says that something runs for certain what the repository has as a file that nobody may run.
func (p *pass) isPlain(n needed, folder string) bool {
	f := n.path
	return f.Runs && f.Sure && p.options.Plain != nil && !path.IsAbs(f.Path) && p.options.Plain(path.Join(folder, f.Path))
}

func (p *pass) notExecutable(n needed) {
	p.report(finding{
		rule: diag.NotExecutable, file: n.file, at: n.at,
		message: fmt.Sprintf("%s runs %q, which is no program: it is not executable", n.by, n.path.Path),
		help:    fmt.Sprintf("chmod +x %s and commit that, or name what reads it: sh %s", n.path.Path, n.path.Path),
	})
}

// askedFor is the file without which a command fails: the one that it runs, or whose content it is told to take.
func askedFor(paths []shell.Path, c shell.Command) (f shell.Path, asks bool) {
	only := false
	switch name := program(c.Name); name {
	case "cd", "cat", "wc", "sort", "cp", "sed", "head", "source", ".":
		only = true // a part of a text may well be asked for without need
	case "sh", "bash", "dash", "python", "python3", "node", "ruby", "perl", "psql", "pip", "pip3", "kubectl", "make", "helm":
	default:
		if !strings.Contains(c.Name, "/") {
			return f, false
		}
	}
	end := c.At.End
	if len(c.Args) > 0 {
		end = c.Args[len(c.Args)-1].At.End
	}
	for _, f := range paths {
		if !f.Write && f.At.Start >= c.At.Start && f.At.End <= end {
			return f, f.Sure || !only
		}
	}
	return f, false
}

// namedBefore says that a script names a file before, so that it may make it there, or ask whether it is there.
func namedBefore(earlier []*script, s *script, f shell.Path) bool {
	return named(path.Base(f.Path), earlier, s, f)
}

// named says that a word stands in the scripts before a path.
func named(word string, earlier []*script, s *script, f shell.Path) bool {
	for _, e := range earlier {
		if strings.Contains(e.src.Text, word) {
			return true
		}
	}
	return strings.Contains(s.src.Text[:f.At.Start], word)
}

// makesNothing says that a command makes no file that another could run.
func makesNothing(c shell.Command) bool {
	switch c.Name {
	case "pip", "pip3":
		return follows(leading(c), "install") && !slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
			return a.Text == "-t" || a.Text == "--target" || a.Text == "--prefix" || a.Text == "--root" || a.Text == "--src"
		})
	case "apt-get", "apt":
		words := leading(c)
		return !follows(words, "download") && !follows(words, "source")
	case "kubectl":
		return !follows(leading(c), "cp") && !follows(leading(c), "cluster-info")
	case "psql":
		return !slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
			return strings.HasPrefix(a.Text, "-f") || strings.HasPrefix(a.Text, "--file") || strings.HasPrefix(a.Text, "-o") || strings.HasPrefix(a.Text, "--output")
		})
	case "mkdir":
		return !slices.ContainsFunc(c.Args, func(a shell.Arg) bool { return !a.Static })
	case "cd", "set", "export", "echo", "printf", "test", "[", "true", ":", "umask", "trap", "command", "which", "date", "apk",
		"chmod", "unset", "readonly", "local", "declare", "sleep", "pwd", "ls", "cat", "shift", "sudo", "env":
		return true
	}
	return false
}

// absent says that a path is nowhere when an op starts.
func (p *pass) absent(o *check.Op, f shell.Path, folder string) bool {
	at := path.Join(folder, f.Path)
	if path.IsAbs(f.Path) || f.Path == "." || strings.HasPrefix(at, "..") || p.options.Matches(escapeGlob(at)) || p.isFolder(at) || p.treeChanges() {
		return false
	}
	made, known := mounted(o, folder)
	return known && !under(made, at) && !leadsTo(made, at)
}

// leadsTo says that a folder holds one of some paths.
func leadsTo(made map[string]bool, folder string) bool {
	for file := range made {
		if strings.HasPrefix(file, folder+"/") {
			return true
		}
	}
	return false
}

// isSketch says that the root is no repository of git that holds anything: a text that somebody tries out. Where .git is
// a file, it says which repository a worktree, or a submodule, is of.
func (p *pass) isSketch() bool {
	if p.sketch == nil {
		holds := p.options.Matches(".git/index") || p.options.Matches(".git") && !p.isFolder(".git")
		sketch := !holds
		p.sketch = &sketch
	}
	return *p.sketch
}

// missingScript tells of a file that is not there and without which the script fails for certain; else where others
// like it are: in its folder, or of its name elsewhere.
func (p *pass) missingScript(f needed, folder string) {
	at := path.Join(folder, f.path.Path)
	dir, name := path.Split(at)
	elsewhere := p.options.Named != nil && p.options.Named(name)
	if ext := path.Ext(name); (!f.path.Sure || p.isSketch()) && !elsewhere && (ext == "" || !p.options.Matches(escapeGlob(dir)+"*"+escapeGlob(ext))) {
		return
	}
	where := "the repository's root"
	if folder != "" && folder != "." {
		where = folder
	}
	help := "it runs in " + where + ", without what git ignores"
	if elsewhere {
		help = fmt.Sprintf("another folder has %q; the script runs in %s", name, where)
	}
	p.report(finding{
		rule: diag.MissingPath, file: f.file, at: f.at,
		message: fmt.Sprintf("%s needs %q, which the repository lacks", f.by, f.path.Path), help: help,
	})
}
