package script

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// simple walks a simple command: assignments, words, and what the shell's own commands do.
func (w *walker) simple(s *syntax.Stmt, call *syntax.CallExpr, c context) {
	assignment := c
	if len(call.Args) > 0 {
		assignment = c.lost()
	}
	if len(call.Args) > 0 && len(call.Assigns) > 0 {
		if first, _ := literal(call.Args[0].Parts); !persists[first] {
			w.assigning.until = int32(call.Args[0].Pos().Offset())
		}
	}
	for _, a := range call.Assigns {
		w.assign(a, assignment, len(call.Args) > 0)
	}
	w.assigning.until = 0
	if len(call.Args) == 0 {
		return
	}
	args := w.arguments(call.Args)
	name := nameOf(args)
	w.callsFrom(name, c)
	own := w.defines(name, args[0].At.Start)
	if !own {
		w.slips(s, call, args)
	}
	inner := w.record(args, c)
	switch {
	case declares[name] && !own:
		w.declarationWords(s, call, args, c)
	case own:
		w.argumentWords(call.Args, "", c)
	default:
		w.argumentWords(call.Args, name, c)
	}
	if own {
		w.calls(name)
	}
	if own && len(inner) == len(args) {
		return
	}
	outer := len(args) - len(inner)
	w.inputMoved = w.inputMoved || name == "exec" && isFed(s)
	w.literalNames(call.Args[outer:], nameOf(inner))
	if !own && (len(inner) == len(args) || name != "timeout") {
		w.endlessCommand(s, inner)
	}
	w.sure = w.sureOf(s, c)
	w.filled = endOf(s)
	w.builtin(inner, c)
	w.filled = 0
	w.paths(inner)
	w.sure = false
	w.dangers(call.Args[outer:], inner)
	w.asksTerminal(s, inner, c)
	w.wrappedFolder(args[:outer], inner)
	w.hands(s, call.Args[outer:], inner, args[:outer], c)
}

// callsFrom keeps that what may be a function is called where no failure ends the script.
func (w *walker) callsFrom(name string, c context) {
	if w.errexit(c) || name == "" || isSafe(name) || quiet[name] {
		return
	}
	if w.called == nil {
		w.called = map[string]caller{}
	}
	k := w.called[name]
	k.tested = k.tested || !c.errexit
	k.fresh = k.fresh || c.errexit && w.fresh
	k.off = k.off || c.errexit && !w.fresh
	w.called[name] = k
}

// tool is the program or the shell's own command that a simple command runs; "" when that is computed, or
// a function of the script.
func (w *walker) tool(call *syntax.CallExpr) string {
	name, static := literal(call.Args[0].Parts)
	if !static || w.defines(name, spanOf(call).Start) {
		return ""
	}
	return name
}

// arguments are the words of a command, in room that is shared by many.
func (w *walker) arguments(list []*syntax.Word) []Arg {
	if cap(w.args)-len(w.args) < len(list) {
		room := min(24, 4+len(w.text)/10)
		if len(w.sheet.list) == 1 && len(w.sheet.words.list) == len(list) {
			room = 0 // there is no other command
		}
		w.args = make([]Arg, 0, max(len(list), room))
	}
	start := len(w.args)
	for _, word := range list {
		w.args = append(w.args, w.arg(word))
	}
	return w.args[start:len(w.args):len(w.args)]
}

// nameOf is a command's name, "" when it is computed.
func nameOf(args []Arg) string {
	if len(args) == 0 || !args[0].Static {
		return ""
	}
	return args[0].Text
}

// argumentWords walks a command's words.
func (w *walker) argumentWords(list []*syntax.Word, name string, c context) {
	at := listed
	switch name {
	case "[", "test", "cd", "pushd":
		at = single
	case "let", "eval", "[[": // [[ splits nothing where there is one, and elsewhere that is told
		at = whole
	case "set":
		if len(list) == 3 && w.takesApart(list[1], list[2]) {
			w.splitItem(list[2])
			at = whole
		}
	}
	w.word(list[0], c.lost(), whole) // a command kept in a variable is meant to be split
	for _, word := range list[1:] {
		w.word(word, c.lost(), at)
	}
}

// takesApart says that set takes a variable apart, and does nothing else: set -- $fields.
func (w *walker) takesApart(end, word *syntax.Word) bool {
	if text, _ := literal(end.Parts); text != "--" || len(word.Parts) != 1 {
		return false
	}
	p, ok := word.Parts[0].(*syntax.ParamExp)
	return ok && p.Param != nil && syntax.ValidName(p.Param.Value) && p.Index == nil
}

// record adds a command, and the ones that it runs; it gives the words of the innermost.
func (w *walker) record(args []Arg, c context) []Arg {
	for depth := 0; ; depth++ {
		if depth > 0 || !w.defines(nameOf(args), args[0].At.Start) {
			w.script.Commands = append(w.script.Commands, Command{
				Name: nameOf(args), At: args[0].At, Args: args[1:], Wrapped: depth > 0, Branch: c.branch, Choice: c.choice,
			})
		}
		inner := w.unwrap(args)
		if len(inner) == 0 || depth == maxWrapped {
			return args
		}
		args = inner
	}
}

// maxWrapped is how many wrappers in a row are looked through: sudo env timeout 5 make.
const maxWrapped = 8

// innermost is the command that wrappers, and functions of the script that are such, run at last.
func (w *walker) innermost(args []Arg) []Arg {
	for range maxWrapped {
		inner := w.unwrap(args)
		if len(inner) == 0 {
			break
		}
		args = inner
	}
	return args
}

// innermost is the command that wrappers run at last.
func innermost(args []Arg) []Arg {
	for range maxWrapped {
		inner := unwrap(args)
		if len(inner) == 0 {
			break
		}
		args = inner
	}
	return args
}

// Unwrapped is the command that wrappers such as sudo and env run at last; the command itself where it is none.
func Unwrapped(c Command) Command {
	inner := innermost(append([]Arg{{Text: path.Base(c.Name), Static: c.Name != "", At: c.At}}, c.Args...))
	if len(inner) > len(c.Args) {
		return c
	}
	return Command{Name: nameOf(inner), Args: inner[1:], At: inner[0].At}
}

// wrappers run the command that their words after the options are, and the options with a word of their own.
var wrappers = map[string]string{
	"sudo": "-u -g -C -h -p -r -t -U -D", "doas": "-u -C", "env": "-u -C", "command": "", "builtin": "", "exec": "-a", "nohup": "", "time": "-f -o",
	"nice": "-n", "ionice": "-c -n", "timeout": "-k -s", "stdbuf": "-i -o -e", "setsid": "", "corepack": "", "xargs": "-n -P -I -L -d -a -s -E", "chronic": "",
}

// unwrap is the command that a wrapper runs; nil when it is none or runs nothing.
func unwrap(args []Arg) []Arg {
	name := nameOf(args)
	valued, ok := wrappers[name]
	if !ok {
		return nil
	}
	rest := args[1:]
	for len(rest) > 0 {
		first := rest[0]
		switch {
		case first.Static && first.Text == "--":
			rest = rest[1:]
			continue
		case strings.HasPrefix(first.Text, "-") && len(first.Text) > 1:
			if name == "command" && (first.Text == "-v" || first.Text == "-V") {
				return nil
			}
			n := 1
			if first.Static && hasWord(valued, first.Text) {
				n = 2
			}
			rest = rest[min(n, len(rest)):]
			continue
		case (name == "env" || name == "sudo") && isAssignment(first.Text):
			rest = rest[1:]
			continue
		case name == "timeout" && (!first.Static || first.Text != "" && first.Text[0] >= '0' && first.Text[0] <= '9'):
			rest = rest[1:]
		}
		return rest
	}
	return nil
}

func hasWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

func isAssignment(s string) bool {
	name, _, ok := strings.Cut(s, "=")
	return ok && syntax.ValidName(name)
}

// builtin does what the shell's own commands do to what is known.
func (w *walker) builtin(args []Arg, c context) {
	rest := args[1:]
	switch nameOf(args) {
	case "cd":
		w.move(rest)
	case "pushd", "popd":
		w.dirLost, w.functionMoves = true, w.functionMoves || w.functions > 0
	case "set":
		w.set(rest, args[0])
	case "shopt":
		for _, a := range rest {
			w.inherits = w.inherits || a.Text == "inherit_errexit"
			w.lastPipe = w.lastPipe || a.Text == "lastpipe"
		}
	case "wait", "disown", "jobs", "fg":
		w.waits = true
		for i, a := range rest[:max(len(rest)-1, 0)] {
			if strings.HasPrefix(a.Text, "-") && strings.HasSuffix(a.Text, "p") {
				w.assignedArg(rest[i+1], oneWord)
			}
		}
	case "read":
		w.readNames(rest)
	case "mapfile", "readarray":
		w.lastName(rest, "MAPFILE")
	case "getopts":
		if len(rest) > 1 {
			w.assignedArg(rest[1], oneWord)
		}
	case "printf":
		if len(rest) > 1 && rest[0].Text == "-v" {
			w.assignedArg(rest[1], anything)
		}
	case "eval", "source", ".":
		w.script.Opaque = true
	case "test", "[":
		for i, a := range rest {
			if a.Text == "-v" && i+1 < len(rest) {
				w.tests = append(w.tests, Name{rest[i+1].Text, rest[i+1].At})
			}
		}
	}
}

// set follows the options that change what a failure does.
func (w *walker) set(args []Arg, command Arg) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		on := strings.HasPrefix(a.Text, "-")
		if !a.Static || a.Text == "--" || a.Text == "-" || !on && !strings.HasPrefix(a.Text, "+") {
			w.given = true
			return
		}
		letters := a.Text[1:]
		if strings.HasSuffix(letters, "o") && i+1 < len(args) {
			i++
			w.option(args[i].Text, on, command)
		}
		if strings.Contains(letters, "e") {
			w.option("errexit", on, command)
		}
		if strings.Contains(letters, "u") {
			w.option("nounset", on, command)
		}
	}
}

func (w *walker) option(name string, on bool, command Arg) {
	switch name {
	case "errexit":
		w.off, w.on, w.fresh = !on, on, false
		w.offAt = command.At
		if on {
			w.offAt.Start, w.offAt.End = 0, 0
		}
	case "nounset":
		w.nounsetOff = w.nounsetOff || !on
	case "pipefail":
		w.pipefail = on
	case "posix":
		w.inherits = w.inherits || on
	}
}

// readNames are the variables that read fills.
func (w *walker) readNames(args []Arg) {
	any := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case strings.HasPrefix(a.Text, "-") && len(a.Text) > 1:
			last := a.Text[len(a.Text)-1]
			if last == 'a' && i+1 < len(args) {
				continue
			}
			if strings.IndexByte("dinNptu", last) >= 0 {
				i++
			}
		default:
			w.assignedArg(a, anything)
			any = true
		}
	}
	if !any && len(args) > 0 {
		w.assigned("REPLY", args[0].At, false, anything)
	}
}

func (w *walker) lastName(args []Arg, otherwise string) {
	if n := len(args); n > 0 && syntax.ValidName(args[n-1].Text) {
		w.assignedArg(args[n-1], anything)
		w.fillsName(args[n-1].Text)
	} else if n > 0 {
		w.assigned(otherwise, args[n-1].At, false, anything)
	}
}

func (w *walker) assignedArg(a Arg, v shape) {
	if !a.Static {
		w.script.Opaque = true
		return
	}
	name, _, _ := strings.Cut(a.Text, "[") // of an array one element
	w.assigned(name, a.At, false, v)
}

// declaration walks bash's declare and its like.
func (w *walker) declaration(s *syntax.Stmt, d *syntax.DeclClause, c context) {
	stray := d.Variant.Value == "local" && w.strayLocal(d, spanOf(d.Variant), c)
	exported := d.Variant.Value == "export"
	w.assigning.local = isLocal(d.Variant.Value)
	defer func() { w.assigning.local = false }()
	for _, a := range d.Args {
		switch {
		case a.Name != nil && a.Naked:
			w.assigned(a.Name.Value, spanOf(a.Name), exported, oneWord)
		case a.Name != nil:
			w.assign(a, c.lost(), exported)
			if a.Value != nil && !stray {
				w.maskedStatus(d.Variant, a.Name, a.Value, s, len(d.Args), c)
			}
		case a.Value != nil:
			arg := w.arg(a.Value)
			letters, flag := strings.CutPrefix(arg.Text, "-")
			reference := flag && strings.Contains(letters, "n") && isLocal(d.Variant.Value) // to a variable of another name
			w.restores = w.restores || arg.Text == "-"
			w.script.Opaque = w.script.Opaque || reference || !flag && !strings.HasPrefix(arg.Text, "+")
			exported = exported || arg.Text == "-x"
			w.assigning.local = w.assigning.local && !(flag && strings.Contains(letters, "g"))
			w.word(a.Value, c.lost(), whole)
		}
	}
}

// isLocal says that a declaration within a function is gone after it.
func isLocal(word string) bool { return word == "local" || word == "declare" || word == "typeset" }

// declarationWords does the same where the grammar sees a plain command, in sh.
func (w *walker) declarationWords(s *syntax.Stmt, call *syntax.CallExpr, args []Arg, c context) {
	exported := args[0].Text == "export"
	stray := args[0].Text == "local" && w.strayLocal(call, args[0].At, c)
	w.assigning.local = isLocal(args[0].Text)
	defer func() { w.assigning.local = false }()
	for i, word := range call.Args[1:] {
		w.word(word, c.lost(), whole)
		a := args[i+1]
		name, _, given := strings.Cut(a.Text, "=")
		at := a.At
		at.End = min(at.End, at.Start+int32(len(name)))
		switch {
		case strings.HasPrefix(a.Text, "-"), strings.HasPrefix(a.Text, "+"):
			w.restores = w.restores || a.Text == "-"
		case !syntax.ValidName(name), !given && !a.Static:
			w.script.Opaque = true
		case !given:
			w.assigned(name, at, exported, oneWord)
		default:
			v := anything
			if a.Static {
				v = shapeOfText(a.Text[len(name)+1:])
			}
			w.assigned(name, at, exported, v)
			if first, ok := call.Args[0].Parts[0].(*syntax.Lit); ok && !stray {
				w.maskedStatus(first, word.Parts[0], word, s, len(call.Args)-1, c)
			}
		}
	}
}
