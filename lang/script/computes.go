package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Computes says that a script does nothing but find values: each of its commands only looks at
// what is there, none is run for its failure, and what they print goes to $PIPE_OUTPUT, into a
// variable, or where the run is over with it. Prints says that it prints to stdout besides. It
// doubts: what it does not know is more than a computation. It reads the text again, so that it
// is asked for few scripts only.
func Computes(text string, d Dialect) (only, prints bool) {
	if len(text) > maxSize {
		return false, false
	}
	stmts, mistakes, ok := parse(text, d)
	if !ok || len(mistakes) > 0 {
		return false, false
	}
	c := computation{only: true}
	c.list(stmts, false)
	return c.only, c.prints
}

// computation is a script that may do nothing but compute.
type computation struct{ only, prints bool }

func (c *computation) list(stmts []*syntax.Stmt, caught bool) {
	for _, s := range stmts {
		c.stmt(s, caught, false)
	}
}

// stmt looks at a statement. Its output is caught when something takes what it prints, and it is
// asked when its status only chooses what comes next.
func (c *computation) stmt(s *syntax.Stmt, caught, asked bool) {
	if s.Background || s.Coprocess || s.Disown || s.Negated && !asked {
		c.only = false
	}
	for _, r := range s.Redirs {
		caught = c.redirect(r) || caught
	}
	if c.only && s.Cmd != nil {
		c.command(s.Cmd, caught, asked)
	}
}

// redirect says whether a redirection takes what is printed. Only some files are nobody's afterwards.
func (c *computation) redirect(r *syntax.Redirect) bool {
	switch r.Op {
	case syntax.RdrIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
		c.words(r.Word, r.Hdoc)
		return false
	case syntax.RdrOut, syntax.AppOut, syntax.RdrClob:
		c.only = c.only && (isOutput(r.Word) || isScratch(r.Word.Lit()))
		return toStdout(r)
	}
	c.only = false
	return false
}

// isScratch says that a file is one of the workspace, which ends with the step, or no file at all.
func isScratch(name string) bool {
	return name == "/dev/null" || name != "" && name[0] != '/' && name[0] != '~' && !strings.Contains(name, "..")
}

func (c *computation) command(cmd syntax.Command, caught, asked bool) {
	switch cmd := cmd.(type) {
	case *syntax.CallExpr:
		c.call(cmd, caught, asked)
	case *syntax.Block:
		c.list(cmd.Stmts, caught)
	case *syntax.Subshell:
		c.list(cmd.Stmts, caught)
	case *syntax.IfClause:
		c.branches(cmd, caught)
	case *syntax.ForClause:
		c.loop(cmd, caught)
	case *syntax.CaseClause:
		c.words(cmd.Word)
		for _, item := range cmd.Items {
			c.words(item.Patterns...)
			c.list(item.Stmts, caught)
		}
	case *syntax.BinaryCmd:
		c.stmt(cmd.X, caught || isPipe(cmd.Op), asked || !isPipe(cmd.Op) && cmd.Op != syntax.AndStmt)
		c.stmt(cmd.Y, caught, asked)
	case *syntax.DeclClause:
		for _, a := range cmd.Args {
			c.words(a.Value)
		}
	case *syntax.TestClause:
		c.only = c.only && asked
		c.inside(cmd)
	default:
		c.only = false
	}
}

func (c *computation) branches(cmd *syntax.IfClause, caught bool) {
	for ; cmd != nil; cmd = cmd.Else {
		for _, s := range cmd.Cond {
			c.stmt(s, caught, true)
		}
		c.list(cmd.Then, caught)
	}
}

func (c *computation) loop(cmd *syntax.ForClause, caught bool) {
	each, ok := cmd.Loop.(*syntax.WordIter)
	if !ok {
		c.only = false
		return
	}
	c.words(each.Items...)
	c.list(cmd.Do, caught)
}

func (c *computation) call(call *syntax.CallExpr, caught, asked bool) {
	for _, a := range call.Assigns {
		c.words(a.Value)
		if a.Array != nil {
			c.inside(a.Array)
		}
	}
	if len(call.Args) == 0 {
		return
	}
	c.words(call.Args...)
	name := call.Args[0].Lit()
	c.only = c.only && (looks(name, call.Args[1:]) || asked && asks[name])
	c.prints = c.prints || !caught && !asks[name] && !silent[name]
}

// words looks at what a word computes.
func (c *computation) words(list ...*syntax.Word) {
	for _, w := range list {
		if w != nil {
			c.inside(w)
		}
	}
}

// inside looks at the expansions of a node: what a substitution prints is a value, and a
// variable that ends the script when it is not set is a check.
func (c *computation) inside(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			c.list(n.Stmts, true)
			return false
		case *syntax.ProcSubst:
			c.only = false
		case *syntax.ParamExp:
			if n.Exp != nil && (n.Exp.Op == syntax.ErrorUnset || n.Exp.Op == syntax.ErrorUnsetOrNull) {
				c.only = false
			}
		}
		return c.only
	})
}

// silent are commands that print nothing.
var silent = map[string]bool{":": true, "true": true, "set": true, "unset": true, "shift": true, "export": true, "local": true, "readonly": true}

// asks are commands whose status is what they are run for.
var asks = map[string]bool{"test": true, "[": true, "grep": true, "command": true, "cmp": true}

// lookers are commands that change nothing, with the words that make them do so or fail on purpose.
var lookers = map[string]string{
	":": "", "true": "", "set": "", "unset": "", "shift": "", "export": "", "local": "", "readonly": "",
	"echo": "", "printf": "", "pwd": "", "basename": "", "dirname": "", "cat": "", "head": "", "tail": "-f -F --follow", "wc": "", "cut": "", "tr": "", "nl": "",
	"rev": "", "tac": "", "paste": "", "seq": "", "uname": "", "hostname": "-b -F", "whoami": "", "id": "", "nproc": "", "ls": "", "stat": "",
	"readlink": "", "realpath": "", "date": "-s --set", "sort": "-o --output -c -C --check", "sed": "-i -ni -Ei -ri --in-place", "uniq": "",
	"sha1sum": "-c --check", "sha256sum": "-c --check", "sha512sum": "-c --check", "md5sum": "-c --check", "jq": "-e -re -ce -ne --exit-status",
}

// gitLooks are the commands of git that only look, those that say so by failing left out.
var gitLooks = map[string]bool{"rev-parse": true, "describe": true, "log": true, "rev-list": true, "ls-files": true, "shortlog": true, "show": true, "name-rev": true}

// gitAsks are words by which a command of git fails when something is not so, or writes.
const gitAsks = "--verify --exact-match --error-unmatch --exit-code --output -q --quiet"

// looks says that a command only looks at what is there.
func looks(name string, args []*syntax.Word) bool {
	if name == "git" {
		return len(args) > 0 && gitLooks[args[0].Lit()] && !anyFlag(args, gitAsks)
	}
	refused, known := lookers[name]
	return known && !anyFlag(args, refused)
}

// anyFlag says that one of some words begins as one of the flags: -i.bak, --set=now.
func anyFlag(args []*syntax.Word, flags string) bool {
	return slices.ContainsFunc(args, func(w *syntax.Word) bool {
		text := w.Lit()
		for f := range strings.FieldsSeq(flags) {
			if strings.HasPrefix(text, f) {
				return true
			}
		}
		return false
	})
}
