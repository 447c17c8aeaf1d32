package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// endlessCommand looks for a command that never ends by itself.
func (w *walker) endlessCommand(s *syntax.Stmt, args []Arg) {
	if s.Background || len(args) < 2 || !waitsForEver(nameOf(args), args[1:]) {
		return
	}
	w.script.Endless = append(w.script.Endless, spanAt(args[0].At.Start, args[len(args)-1].At.End-args[0].At.Start))
}

// Endless says that a command never ends by itself.
func (c *Command) Endless() bool { return waitsForEver(c.Name, c.Args) }

func waitsForEver(name string, args []Arg) bool {
	for _, a := range args {
		switch name {
		case "sleep":
			return a.Text == "infinity" || a.Text == "inf"
		case "tail", "journalctl":
			if a.Text == "-F" || a.Text == "--follow" || strings.HasPrefix(a.Text, "-f") && !strings.HasPrefix(a.Text, "--") {
				return true
			}
		case "watch":
			return true
		}
	}
	return false
}

// endlessFor looks for bash's for ((;;)) that asks again and again.
func (w *walker) endlessFor(s *syntax.Stmt, loop *syntax.ForClause) {
	head, ok := loop.Loop.(*syntax.CStyleLoop)
	if !ok || head.Cond != nil || s.Background || len(s.Redirs) > 0 {
		return
	}
	body := patience{w: w}
	for _, inner := range loop.Do {
		body.look(inner)
	}
	if body.sleeps && !body.counts && !body.leaves {
		w.endless(spanOf(loop))
	}
}

// endless keeps a loop by its first line.
func (w *walker) endless(at source.Span) {
	if line := strings.IndexByte(w.text[at.Start:at.End], '\n'); line >= 0 {
		at.End = at.Start + int32(line)
	}
	w.script.Endless = append(w.script.Endless, at)
}

// endlessLoop looks for a loop that asks again and again whether something has happened: it sleeps in
// between, and neither counts nor gives up.
func (w *walker) endlessLoop(s *syntax.Stmt, loop *syntax.WhileClause) {
	if s.Background || len(s.Redirs) > 0 || len(loop.Cond) != 1 {
		return
	}
	body := patience{w: w}
	for _, list := range [][]*syntax.Stmt{loop.Cond, loop.Do} {
		for _, inner := range list {
			body.look(inner)
		}
	}
	forever := constantTrue(loop.Cond[0]) != loop.Until
	switch {
	case !body.sleeps || body.counts || body.leaves:
	case forever || asksOutside(loop.Cond[0]):
		w.endless(spanOf(loop))
	}
}

// patience is how a loop waits.
type patience struct {
	w      *walker
	sleeps bool
	counts bool // a variable is assigned, or numbers or time are compared
	leaves bool // the script, the function, or an outer loop may be left
}

func (p *patience) look(s *syntax.Stmt) {
	syntax.Walk(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign, *syntax.ArithmCmd, *syntax.ArithmExp, *syntax.LetClause:
			p.counts = true
		case *syntax.CallExpr:
			if len(n.Args) == 0 {
				break
			}
			switch p.w.tool(n) {
			case "sleep":
				p.sleeps = true
			case "exit", "return", "kill", "timeout", "read":
				p.leaves = true
			}
		}
		return true
	})
}

// constantTrue says that a condition is true, :, or [ 1 ].
func constantTrue(s *syntax.Stmt) bool {
	call := plainCall(s)
	if call == nil {
		return false
	}
	name, _ := literal(call.Args[0].Parts)
	return len(call.Args) == 1 && (name == "true" || name == ":")
}

// asksOutside says that a condition is a command whose answer the script does not make itself.
func asksOutside(s *syntax.Stmt) bool {
	found := false
	syntax.Walk(s, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			name, static := literal(call.Args[0].Parts)
			found = found || static && !quiet[name] && name != "echo"
		}
		return true
	})
	return found
}
