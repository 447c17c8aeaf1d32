package lint

import (
	"fmt"
	"path"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
)

// missingScripts finds files that an op's scripts run, or are told to read, and that nobody has: the repository lacks
// them, and nothing before could have made them.
func (p *pass) missingScripts(o *check.Op) {
	if p.options.Matches == nil || inPlace(o) { // where what git ignores is there, too
		return
	}
	folder, ok := runsIn(o)
	if !ok {
		return
	}
	made, ok := mounted(o, folder)
	if !ok {
		return
	}
	scripts := p.scripts(o)
	for i, s := range scripts {
		if s.read.Opaque || s.read.Unread {
			return
		}
		for _, c := range s.read.Commands {
			if f, asks := askedFor(s, c); asks && !c.Choice && !c.Elsewhere && !made[path.Join(folder, f.Path)] && !namedBefore(scripts[:i], s, f) {
				p.missingScript(s, f, folder)
			}
			if !makesNothing(c) {
				return
			}
		}
	}
}

// askedFor is the file without which a command fails: the one that it runs, or whose content it is told to take.
func askedFor(s *script, c shell.Command) (f shell.Path, asks bool) {
	switch name := program(c.Name); name {
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
	for _, f := range s.read.Paths {
		if !f.Write && f.At.Start >= c.At.Start && f.At.End <= end {
			return f, true
		}
	}
	return f, false
}

// namedBefore says that a script names a file before, so that it may make it there, or ask whether it is there.
func namedBefore(earlier []*script, s *script, f shell.Path) bool {
	name := path.Base(f.Path)
	for _, e := range earlier {
		if strings.Contains(e.src.Text, name) {
			return true
		}
	}
	return strings.Contains(s.src.Text[:f.At.Start], name)
}

// makesNothing says that a command makes no file that another could run.
func makesNothing(c shell.Command) bool {
	switch c.Name {
	case "cd", "set", "export", "echo", "printf", "test", "[", "true", ":", "umask", "trap", "command", "which", "date", "pip", "pip3", "apt-get", "apt", "apk",
		"chmod", "unset", "readonly", "local", "declare", "sleep", "pwd", "ls", "cat", "shift", "mkdir", "sudo", "env", "psql", "kubectl":
		return true
	}
	return false
}

// missingScript tells of a file that is not there, where others like it are: in its folder, or of its name elsewhere.
func (p *pass) missingScript(s *script, f shell.Path, folder string) {
	at := path.Join(folder, f.Path)
	if path.IsAbs(f.Path) || f.Path == "." || strings.HasPrefix(at, "..") || p.options.Matches(escapeGlob(at)) || p.isFolder(at) {
		return
	}
	dir, name := path.Split(at)
	elsewhere := p.options.Matches("**/" + escapeGlob(name))
	if ext := path.Ext(name); !elsewhere && (ext == "" || !p.options.Matches(escapeGlob(dir)+"*"+escapeGlob(ext))) {
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
		rule: diag.MissingPath, file: s.file, at: s.span(f.At),
		message: fmt.Sprintf("the script needs %q, which the repository lacks", f.Path), help: help,
	})
}
