package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// ends keeps what a script changes last of its own shell, with which it is gone.
func (w *walker) ends(stmts []*syntax.Stmt) {
	if len(stmts) == 0 {
		return
	}
	last := stmts[len(stmts)-1]
	switch cmd := last.Cmd.(type) {
	case *syntax.DeclClause:
		if cmd.Variant.Value == "export" && len(cmd.Args) > 0 && !last.Negated {
			w.script.Ends = Name{"export", spanOf(cmd)}
		}
	case *syntax.CallExpr:
		if len(cmd.Args) < 2 || last.Negated || last.Background || len(last.Redirs) > 0 {
			return
		}
		name := w.tool(cmd)
		switch name {
		case "cd":
			if dir, _ := literal(cmd.Args[1].Parts); dir == "-" || strings.HasPrefix(dir, "..") || w.changesFolder(spanOf(last).Start) {
				return
			}
		case "export":
		case ".", "source":
			if file, _ := literal(cmd.Args[1].Parts); !strings.HasSuffix(file, "activate") {
				return
			}
		default:
			return
		}
		w.script.Ends = Name{name, spanOf(cmd)}
	}
}

// changesFolder says that a command before a place does.
func (w *walker) changesFolder(before int32) bool {
	for _, c := range w.script.Commands {
		if c.At.Start < before && (c.Name == "cd" || c.Name == "pushd") {
			return true
		}
	}
	return false
}

// lostFolder looks at a cd that is given to a shell, or to a program, that does nothing else: in a condition, it asks
// whether there is such a folder.
func (w *walker) lostFolder(inner *Script, p *unwrapping, c context) {
	if len(inner.Commands) != 1 || inner.Commands[0].Name != "cd" || !c.errexit && !c.leads {
		return
	}
	cd := inner.Commands[0]
	at := cd.At
	for _, a := range cd.Args {
		at.End = max(at.End, a.At.End)
	}
	w.risk(Risk{
		Kind: LostChange, At: p.span(at), Message: "this cd is all that the other shell does: what follows runs in the folder, and on the machine, of before",
		Help: "put what belongs to it between the same quotes: 'cd /srv && make'",
	})
}

// wrappedFolder looks at a cd that is to be run as a program.
func (w *walker) wrappedFolder(wrappers, args []Arg) {
	if nameOf(args) != "cd" || len(wrappers) == 0 || wrappers[0].Text == "command" || wrappers[0].Text == "builtin" {
		return
	}
	w.risk(Risk{
		Kind: LostChange, At: args[0].At, Message: shorten(wrappers[0].Text) + " cannot change the folder of this script: cd is a command of the shell, and no program",
		Help: "let a shell run all that is to happen there: " + wrappers[0].Text + " sh -c 'cd /srv && make'",
	})
}
