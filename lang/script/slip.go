package script

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// slips looks for commands that were meant to be something else.
func (w *walker) slips(s *syntax.Stmt, call *syntax.CallExpr, args []Arg) {
	w.notAssignment(call, args)
	name := nameOf(args)
	switch {
	case name == "[":
		w.testSlips(s, call, args)
	case len(name) > 1 && name[0] == '[' && name[1] != '[' && name[len(name)-1] != ']' && args[len(args)-1].Text == "]":
		w.risk(Risk{
			Kind: MissingSpace, At: args[0].At, Message: fmt.Sprintf("%s is read as the name of a command: [ needs a space after it", shorten(name)),
			Help: "[ is a command: [ " + name[1:], Edits: []Edit{{spanAt(args[0].At.Start+1, 0), " "}}, FixMessage: "put a space after [",
		})
	}
	if name == "echo" && len(args) > 1 {
		w.foreignCommand(args[1])
	}
	if w.dialect == Sh {
		w.bashOnly(name, args)
	}
}

// foreignCommand looks for lines that mean something to another CI service, and nothing here.
func (w *walker) foreignCommand(a Arg) {
	for _, command := range []string{"::set-output ", "::set-env ", "::add-path", "::save-state ", "##vso[task.setvariable", "##teamcity[setParameter"} {
		if strings.HasPrefix(a.Text, command) {
			w.risk(Risk{
				Kind: MalformedOutput, At: a.At, Message: strings.TrimRight(command, " ") + " is another service's: the line is printed, and sets nothing",
				Help: `echo "name=$value" >> "$PIPE_OUTPUT" writes an output`,
			})
			return
		}
	}
}

// notAssignment looks for x = 1 and $x=1.
func (w *walker) notAssignment(call *syntax.CallExpr, args []Arg) {
	name := nameOf(args)
	if syntax.ValidName(name) && len(args) > 1 && args[1].Text == "=" && args[1].Static && len(args) <= 3 {
		r := Risk{
			Kind: NotAssignment, At: args[0].At, Name: name,
			Message: fmt.Sprintf("%s is run as a command: an assignment has no spaces around =", name), Help: name + "=value",
		}
		r.At.End = args[1].At.End
		if end := args[1].At.End; len(args) == 3 && strings.Trim(w.text[args[0].At.End:args[1].At.Start]+w.text[end:args[2].At.Start], " ") == "" {
			r.FixMessage, r.Edits = "take the spaces out", []Edit{{source.Span{Start: args[0].At.End, End: args[2].At.Start}, "="}}
		}
		w.risk(r)
		return
	}
	parts := call.Args[0].Parts
	if len(parts) < 2 {
		return
	}
	p, ok := parts[0].(*syntax.ParamExp)
	if !ok || !p.Short || p.Param == nil || !syntax.ValidName(p.Param.Value) {
		return
	}
	if l, ok := parts[1].(*syntax.Lit); ok && strings.HasPrefix(l.Value, "=") {
		r := Risk{
			Kind: NotAssignment, At: spanOf(p), Name: p.Param.Value,
			Message: fmt.Sprintf("the value of $%s is run as a command: an assignment has no $ before the name", p.Param.Value),
			Help:    p.Param.Value + "=value", FixMessage: "assign to the variable",
			Edits: []Edit{{spanAt(spanOf(p).Start, 1), ""}},
		}
		w.risk(r)
	}
}

// testSlips looks into [ … ].
func (w *walker) testSlips(s *syntax.Stmt, call *syntax.CallExpr, args []Arg) {
	if args[len(args)-1].Text != "]" {
		return
	}
	for _, r := range s.Redirs {
		if r.N == nil && (r.Op == syntax.RdrOut || r.Op == syntax.RdrIn) && r.OpPos.Offset() < uint(args[len(args)-1].At.Start) {
			verb := map[bool]string{true: "-gt", false: "-lt"}[r.Op == syntax.RdrOut]
			w.risk(Risk{
				Kind: TestRedirect, At: spanAt(int32(r.OpPos.Offset()), 1),
				Message: fmt.Sprintf("%s does not compare here: it opens the file %s", r.Op, shorten(w.text[r.Word.Pos().Offset():r.Word.End().Offset()])),
				Help:    "numbers are compared with " + verb, FixMessage: "compare as numbers",
				Edits: []Edit{{spanAt(int32(r.OpPos.Offset()), 1), w.spaced(int(r.OpPos.Offset()), verb)}},
			})
		}
	}
	if len(args) != 3 || len(call.Args[1].Parts) < 2 {
		return
	}
	for i, part := range call.Args[1].Parts {
		l, ok := part.(*syntax.Lit)
		if ok && (i > 0 && (strings.HasPrefix(l.Value, "=") || strings.HasPrefix(l.Value, "!="))) {
			r := Risk{
				Kind: ConstantTest, At: args[1].At, Message: "this test is always true: without spaces around = it asks only whether the word is empty",
				Help: `[ "$x" = value ]`,
			}
			op := l.Value[:strings.IndexByte(l.Value, '=')+1]
			if rest := l.Value[len(op):]; rest != "" && rest[0] != '=' || rest == "" && i+1 < len(call.Args[1].Parts) {
				r.FixMessage, r.Edits = "compare", []Edit{{spanAt(int32(l.Pos().Offset()), int32(len(op))), " " + op + " "}}
			}
			w.risk(r)
			return
		}
	}
}

// spaced is a word in place of the byte at an offset, with a space on each side that has none.
func (w *walker) spaced(at int, word string) string {
	if at > 0 && w.text[at-1] != ' ' {
		word = " " + word
	}
	if at+1 < len(w.text) && w.text[at+1] != ' ' {
		word += " "
	}
	return word
}

// shellWords are what bash has and sh may not, with what sh has for it.
var shellWords = map[string]string{
	"[[": `[ "$x" = value ] compares, case matches patterns`, "source": ". reads a file", "function": "name() { … } defines one", "let": "$((…)) computes",
	"declare": "an assignment is enough", "typeset": "an assignment is enough", "mapfile": "while read -r line; do … reads lines",
	"readarray": "while read -r line; do … reads lines", "pushd": "( cd dir && … ) comes back by itself", "popd": "( cd dir && … ) comes back by itself",
	"shopt": "",
}

// shArithmetic looks for (( … )), which sh takes for a command in two subshells.
func (w *walker) shArithmetic(s *syntax.Subshell) bool {
	at := int32(s.Lparen.Offset())
	if w.dialect != Sh || !strings.HasPrefix(w.text[at:], "((") || len(s.Stmts) != 1 {
		return false
	}
	inner, ok := s.Stmts[0].Cmd.(*syntax.Subshell)
	if !ok || inner.Rparen.Offset()+1 != s.Rparen.Offset() || len(s.Stmts[0].Redirs) > 0 {
		return false
	}
	w.risk(Risk{
		Kind: BashOnly, At: spanAt(at, 2), Message: "(( )) is bash, and sh takes it for a command in subshells",
		Help: "open the block with ```bash; in sh, [ $((x > 1)) = 1 ] or [ \"$x\" -gt 1 ] asks, x=$((x + 1)) computes",
	})
	return true
}

// bashOnly looks for commands that sh does not have, though its grammar reads them.
func (w *walker) bashOnly(name string, args []Arg) {
	help, known := shellWords[name]
	at := args[0].At
	what := name
	switch {
	case known && !w.defines(name, args[0].At.Start):
	case name == "[" && len(args) == 5 && args[2].Static && args[2].Text == "==":
		what, help, at = "== in [ ]", "= compares text", args[2].At
	case name == "set" && len(args) > 2 && args[2].Text == "pipefail":
		what, help, at = "pipefail", "", args[2].At
	default:
		return
	}
	r := Risk{Kind: BashOnly, At: at, Message: what + " is bash, and not every sh has it"}
	r.Help = "open the block with ```bash"
	if help != "" {
		r.Help += "; in sh, " + help
	}
	if name == "[" {
		r.FixMessage, r.Edits = "compare with =", []Edit{{at, "="}}
	}
	w.risk(r)
}
