package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// endlessCommand looks for a command that never ends by itself.
func (w *walker) endlessCommand(s *syntax.Stmt, args []Arg) {
	if s.Background || len(args) < 2 || !waitsForEver(args) {
		return
	}
	w.script.Endless = append(w.script.Endless, spanAt(args[0].At.Start, args[len(args)-1].At.End-args[0].At.Start))
}

func waitsForEver(args []Arg) bool {
	switch nameOf(args) {
	case "sleep":
		return args[1].Text == "infinity" || args[1].Text == "inf"
	case "tail":
		for _, a := range args[1:] {
			if a.Text == "-f" || a.Text == "-F" || a.Text == "--follow" || strings.HasPrefix(a.Text, "-f") && !strings.HasPrefix(a.Text, "--") {
				return true
			}
		}
	}
	return false
}

// endlessLoop looks for a loop that asks again and again whether something has happened: it sleeps in
// between, and neither counts nor gives up.
func (w *walker) endlessLoop(s *syntax.Stmt, loop *syntax.WhileClause) {
	if s.Background || len(s.Redirs) > 0 || len(loop.Cond) != 1 {
		return
	}
	body := patience{}
	for _, list := range [][]*syntax.Stmt{loop.Cond, loop.Do} {
		for _, inner := range list {
			body.look(inner)
		}
	}
	forever := constantTrue(loop.Cond[0]) != loop.Until
	switch {
	case !body.sleeps || body.counts || body.leaves:
	case forever || asksOutside(loop.Cond[0]):
		at := spanOf(loop)
		if line := strings.IndexByte(w.text[at.Start:at.End], '\n'); line >= 0 {
			at.End = at.Start + int32(line)
		}
		w.script.Endless = append(w.script.Endless, at)
	}
}

// patience is how a loop waits.
type patience struct {
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
			switch name, _ := literal(n.Args[0].Parts); name {
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
