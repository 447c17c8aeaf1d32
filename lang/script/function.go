package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// maxAhead is how large a script may be that is looked through for functions before it is walked: that goes
// as deep as a row of operators is long. Those of a larger one are known once they have been walked.
const maxAhead = 64 << 10

// ahead keeps the functions of a script before it is walked, since what comes first may call them.
func (w *walker) ahead(stmts []*syntax.Stmt) {
	w.known = len(w.text) <= maxAhead
	if !w.known || !strings.Contains(w.text, "function") && !emptyParens(w.text) {
		return
	}
	a := lookAhead{w: w, shells: []source.Span{{End: int32(len(w.text))}}}
	for _, s := range stmts {
		syntax.Walk(s, a.look)
	}
	for _, name := range a.handed {
		delete(w.commands, name)
	}
	for _, name := range a.runs {
		if _, wraps := wrappers[name]; wraps {
			delete(w.commands, name)
		} else {
			w.runsGiven(name)
		}
	}
}

// lookAhead is a look at all functions of a script.
type lookAhead struct {
	w      *walker
	shells []source.Span // for each node around, the innermost that is a process of its own
	handed []string      // programs that functions hand on to what they are given
	runs   []string      // functions that run the command which they are given
}

func (a *lookAhead) look(n syntax.Node) bool {
	if n == nil {
		a.shells = a.shells[:len(a.shells)-1]
		return true
	}
	within := a.shells[len(a.shells)-1]
	switch n := n.(type) {
	case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst:
		within = spanOf(n)
	case *syntax.BinaryCmd:
		if isPipe(n.Op) {
			within = spanOf(n)
		}
	case *syntax.Stmt:
		if n.Background {
			within = spanOf(n)
		}
	case *syntax.FuncDecl:
		a.w.defined(n, within)
		if n.Name != nil && a.w.runsItsWords(n) {
			a.runs = append(a.runs, n.Name.Value)
		}
	case *syntax.CallExpr:
		if name := a.w.handsOn(n); name != "" {
			a.handed = append(a.handed, name)
		}
	}
	a.shells = append(a.shells, within)
	return true
}

// handsOn is the program to which a call hands on all that its function was given, past a function of that
// name: command curl --fail "$@". Such a function does what the program does.
func (w *walker) handsOn(call *syntax.CallExpr) string {
	if len(call.Args) < 2 || !slices.ContainsFunc(call.Args, w.allArguments) {
		return ""
	}
	args := w.arguments(call.Args)
	inner := innermost(args)
	name := nameOf(inner)
	i := strings.LastIndexByte(name, '/')
	if len(inner) == len(args) && i < 0 {
		return ""
	}
	return name[i+1:]
}

// runsItsWords says that a function runs the command which its arguments are, all of them: "$@".
func (w *walker) runsItsWords(f *syntax.FuncDecl) bool {
	runs, fewer := false, false
	syntax.Walk(f.Body, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			runs = runs || w.allArguments(call.Args[0])
			fewer = fewer || call.Args[0].Lit() == "shift"
		}
		return !fewer
	})
	return runs && !fewer
}

func (w *walker) runsGiven(name string) {
	if w.runs == nil {
		w.runs = map[string]bool{}
	}
	w.runs[name] = true
}

// unwrap is the command that a wrapper, or a function of the script that runs what it is given, runs; nil when
// there is none.
func (w *walker) unwrap(args []Arg) []Arg {
	switch name := nameOf(args); {
	case !w.defines(name, args[0].At.Start):
		return unwrap(args)
	case w.runs[name]:
		return args[1:]
	}
	return nil
}

func (w *walker) allArguments(word *syntax.Word) bool {
	at := spanOf(word)
	switch w.text[at.Start:at.End] {
	case `"$@"`, `"${@}"`, `$@`, `$*`:
		return true
	}
	return false
}

func emptyParens(text string) bool {
	for {
		_, rest, found := strings.Cut(text, "(")
		if !found || strings.HasPrefix(strings.TrimLeft(rest, " \t\\\n"), ")") {
			return found
		}
		text = rest
	}
}

// defined keeps a function, which is gone with the process that it stands in.
func (w *walker) defined(f *syntax.FuncDecl, within source.Span) {
	if f.Name == nil {
		return
	}
	name := f.Name.Value
	w.script.Functions = append(w.script.Functions, Name{name, spanOf(f.Name)})
	if w.commands == nil {
		w.commands = map[string][]source.Span{}
	}
	if places := w.commands[name]; len(places) < maxPlaces && !slices.Contains(places, within) {
		w.commands[name] = append(places, within)
	}
}

// maxPlaces is how many processes of its own are told apart that define a function of one name.
const maxPlaces = 64

// defines says that a name at a place is that of a function of the script. Where a function hands on what it is
// given to the program of its name, it is no more than that.
func (w *walker) defines(name string, at int32) bool {
	if name == "" || len(w.commands) == 0 {
		return false
	}
	for _, s := range w.commands[name] {
		if s.Start <= at && at < s.End {
			return true
		}
	}
	return false
}

func (w *walker) function(f *syntax.FuncDecl) {
	outer, restores := w.within, w.restores
	defer func() { w.within, w.restores = outer, restores }()
	if !w.known {
		w.defined(f, source.Span{End: int32(len(w.text))})
	}
	if f.Name != nil {
		w.within = f.Name.Value
	}
	w.apart(func() {
		w.dirLost, w.off, w.fresh, w.on, w.restores = true, w.lenient(), false, false, false
		w.functions++
		defer func() { w.functions-- }()
		w.stmt(f.Body, context{errexit: true, branch: true, choice: true, function: true})
		w.left(f)
	})
}

// errexitSwitch is what the call of a function leaves of -e.
type errexitSwitch uint8

const (
	errexitOn errexitSwitch = iota + 1
	errexitOff
)

// left keeps what a function that was walked leaves of -e to whoever calls it.
func (w *walker) left(f *syntax.FuncDecl) {
	if f.Name == nil || w.restores || !w.on && (!w.off || w.lenient()) {
		return
	}
	if w.leaves == nil {
		w.leaves = map[string]errexitSwitch{}
	}
	if w.on {
		w.leaves[f.Name.Value] = errexitOn
	} else {
		w.leaves[f.Name.Value] = errexitOff
	}
}

// calls does what a function of the script does to the options and to what is known of the folder.
func (w *walker) calls(name string) {
	w.dirLost = w.dirLost || w.functionMoves
	switch w.leaves[name] {
	case errexitOn:
		w.off, w.on, w.fresh, w.offAt = false, true, false, source.Span{}
	case errexitOff:
		w.off, w.on, w.fresh, w.offAt = true, false, false, source.Span{}
	}
}
