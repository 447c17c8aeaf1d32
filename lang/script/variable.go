package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// shape is what is known of the values that a place gives a variable.
type shape uint8

const (
	anything shape = iota
	oneWord        // nothing that splits or is a pattern: a number, a plain literal
	words          // a literal of several words: whoever leaves it unquoted wants them apart
)

// Sets says that the shell gives a variable its value itself, or that it is always there.
func (d Dialect) Sets(name string) bool {
	switch name {
	case "IFS", "OPTIND", "OPTARG", "PATH", "PWD", "PPID", "LINENO", "PS1", "PS2", "PS4", "OLDPWD":
		return true
	}
	return d == Bash && (bashSets[name] || strings.HasPrefix(name, "BASH_"))
}

var bashSets = map[string]bool{
	"BASH": true, "BASHPID": true, "DIRSTACK": true, "EPOCHREALTIME": true, "EPOCHSECONDS": true, "EUID": true, "FUNCNAME": true,
	"GROUPS": true, "HOSTNAME": true, "HOSTTYPE": true, "MACHTYPE": true, "OPTERR": true, "OSTYPE": true, "PIPESTATUS": true,
	"RANDOM": true, "REPLY": true, "SECONDS": true, "SHELLOPTS": true, "SHLVL": true, "SRANDOM": true, "UID": true,
	"MAPFILE": true, "COPROC": true, "COMP_WORDBREAKS": true, "TERM": true, "SHELL": true,
}

// counts says that a variable of the shell itself holds a number.
func (d Dialect) counts(name string) bool {
	switch name {
	case "OPTIND", "PPID", "LINENO":
		return true
	case "BASHPID", "EPOCHSECONDS", "EUID", "RANDOM", "SECONDS", "SHLVL", "SRANDOM", "UID", "OPTERR", "BASH_SUBSHELL", "COLUMNS", "LINES":
		return d == Bash
	}
	return false
}

func (w *walker) read(name string, at source.Span, guarded bool) {
	w.script.Reads = append(w.script.Reads, Variable{Name: name, At: at, Guarded: guarded, function: w.functions > 0, shell: w.shell})
}

// letQuoted is let "x = 1", which the grammar takes for a text.
func (w *walker) letQuoted(x syntax.ArithmExpr) {
	word, ok := x.(*syntax.Word)
	if !ok {
		return
	}
	text := w.arg(word)
	if name, _, sets := strings.Cut(text.Text, "="); sets && text.Static {
		w.assigned(strings.TrimSpace(name), text.At, false, anything)
	}
}

func (w *walker) assigned(name string, at source.Span, exported bool, v shape) {
	if syntax.ValidName(name) {
		w.script.Assigns = append(w.script.Assigns, Assign{Name: name, At: at, Exported: exported, value: v, lives: lives{
			from: max(at.End, w.assigning.from), until: w.assigning.until, loop: w.loop, shell: w.shell, function: w.functions > 0, local: w.assigning.local && w.functions > 0,
		}})
	}
}

// guards says that an expansion says what happens when its variable is unset.
func guards(e *syntax.Expansion) bool {
	if e == nil {
		return false
	}
	switch e.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull,
		syntax.ErrorUnset, syntax.ErrorUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
		return true
	}
	return false
}

func (w *walker) param(p *syntax.ParamExp, c context) {
	if p.Param == nil {
		return
	}
	name, at, guarded := p.Param.Value, spanOf(p.Param), guards(p.Exp)
	switch {
	case p.Names != 0:
	case syntax.ValidName(name):
		w.read(name, at, guarded)
	case name == "!":
		w.waits = true
	case name == "#" && !c.function:
		w.given = true
	case name != "0" && name[0] >= '0' && name[0] <= '9' && !guarded && !c.function:
		w.positional = append(w.positional, positional{name, spanOf(p), c.branch})
	}
	if p.Exp != nil {
		if p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull {
			w.assigned(name, at, false, shapeOf(p.Exp.Word))
		}
		w.word(p.Exp.Word, c.lost(), whole)
	}
	if p.Index != nil {
		w.subscript(p.Index, c)
	}
	if p.Slice != nil {
		w.arith(p.Slice.Offset, c)
		w.arith(p.Slice.Length, c)
	}
	if p.Repl != nil {
		w.word(p.Repl.Orig, c.lost(), whole)
		w.word(p.Repl.With, c.lost(), whole)
	}
}

// assign walks an assignment.
func (w *walker) assign(a *syntax.Assign, c context, exported bool) {
	if a.Index != nil {
		w.subscript(a.Index, c)
	}
	v := shapeOf(a.Value)
	if a.Array != nil || a.Index != nil {
		v = anything
	}
	if a.Append && v == oneWord {
		v = words // what is appended to may hold the rest
	}
	if a.Name != nil {
		w.assigning.from = int32(a.End().Offset())
		w.assigned(a.Name.Value, spanOf(a.Name), exported, v)
		w.assigning.from = 0
	}
	w.word(a.Value, c, whole)
	if a.Array != nil {
		for _, e := range a.Array.Elems {
			if e.Index != nil {
				w.subscript(e.Index, c)
			}
			w.word(e.Value, c.lost(), whole) // an array is filled from words that are to be split
		}
	}
	w.fills(a)
}

// shapeOf is what a word gives to a variable.
func shapeOf(word *syntax.Word) shape {
	if word == nil {
		return oneWord
	}
	return shapeOfParts(word.Parts)
}

func shapeOfParts(parts []syntax.WordPart) shape {
	known := oneWord
	for _, part := range parts {
		switch v := shapeOfPart(part); {
		case v == words:
			return words
		case v == anything:
			known = anything
		}
	}
	return known
}

func shapeOfPart(part syntax.WordPart) shape {
	switch p := part.(type) {
	case *syntax.Lit:
		return shapeOfText(p.Value)
	case *syntax.SglQuoted:
		return shapeOfText(p.Value)
	case *syntax.DblQuoted:
		return shapeOfParts(p.Parts)
	case *syntax.ArithmExp:
		return oneWord
	case *syntax.ParamExp:
		if p.Length || p.Param != nil && strings.Contains("#?$!-", p.Param.Value) {
			return oneWord
		}
	case *syntax.CmdSubst:
		if givesOneWord(p) {
			return oneWord
		}
	}
	return anything
}

func shapeOfText(s string) shape {
	switch {
	case strings.ContainsAny(s, " \t\n"):
		return words
	case strings.ContainsAny(s, "*?["):
		return anything
	}
	return oneWord
}

// shapeOfItems is what a loop gives to its variable.
func shapeOfItems(items []*syntax.Word) shape {
	for _, item := range items {
		for _, part := range item.Parts {
			switch part.(type) {
			case *syntax.ParamExp, *syntax.CmdSubst:
				continue // split on white space already
			}
			if v := shapeOfPart(part); v != oneWord {
				return anything
			}
		}
	}
	if len(items) == 0 {
		return anything
	}
	return oneWord
}

// oneWordCommands print a number, a name or a path that mktemp made.
var oneWordCommands = map[string]bool{"nproc": true, "id": true, "arch": true, "expr": true, "mktemp": true}

// givesOneWord says that a substitution prints nothing that splits.
func givesOneWord(s *syntax.CmdSubst) bool {
	if len(s.Stmts) != 1 {
		return false
	}
	last := s.Stmts[0]
	if b, ok := last.Cmd.(*syntax.BinaryCmd); ok && isPipe(b.Op) {
		last = b.Y
	}
	call, ok := last.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	name, _ := literal(call.Args[0].Parts)
	second := ""
	if len(call.Args) > 1 {
		second, _ = literal(call.Args[1].Parts)
	}
	switch {
	case oneWordCommands[name]:
		return true
	case name == "wc":
		return len(call.Args) == 1 || len(call.Args) == 2 && strings.HasPrefix(second, "-")
	case name == "uname":
		return second != "-a"
	case name == "git":
		return second == "rev-parse" && !strings.Contains(allText(call.Args), "show-toplevel") || second == "describe"
	case name == "date":
		return strings.HasPrefix(second, "+") && !strings.Contains(second, " ")
	case name == "grep":
		return strings.HasPrefix(second, "-c")
	}
	return false
}

func allText(args []*syntax.Word) string {
	var b strings.Builder
	for _, a := range args {
		literalTo(&b, a.Parts, false)
		b.WriteByte(' ')
	}
	return b.String()
}
