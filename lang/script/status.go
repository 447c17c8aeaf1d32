package script

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// errexit says that a failure ends the script here.
func (w *walker) errexit(c context) bool { return c.errexit && !w.off }

// lenient says that the shell was started without -e, which the script has not turned on: of a list only the last
// command counts.
func (w *walker) lenient() bool { return w.off && !w.fresh && !w.started.Errexit }

// plainCall is a statement's simple command, when it is nothing else.
func plainCall(s *syntax.Stmt) *syntax.CallExpr {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || s.Negated || s.Background || len(call.Args) == 0 {
		return nil
	}
	return call
}

// uncheckedCd looks at a statement that others follow.
func (w *walker) uncheckedCd(s *syntax.Stmt, c context) {
	call, shrugs := plainCall(s), false
	if b, ok := s.Cmd.(*syntax.BinaryCmd); ok && b.Op == syntax.OrStmt && !s.Negated && w.onlyPrints(b.Y) {
		call, shrugs = plainCall(b.X), true
	}
	if call == nil || w.errexit(c) && !shrugs && w.within == "" || len(call.Args) != 2 {
		return
	}
	name := w.tool(call)
	dir, static := literal(call.Args[1].Parts)
	if name != "cd" && name != "pushd" || static && (dir == "/" || dir == "-" || dir == ".." || dir == ".") {
		return
	}
	why := "-e does not apply within a condition, or before && and ||"
	switch {
	case shrugs:
		why = "what stands behind || only prints"
	case w.lenient():
		why = "this shell runs without -e"
	case w.off && w.fresh:
		why = "bash does not take -e into $(…)"
	case w.off:
		why = "set +e stands before it"
	case w.errexit(c):
		w.moves = append(w.moves, move{w.within, name, spanOf(call), w.on})
		return
	}
	help := joined
	if w.off && w.fresh && !shrugs {
		help += ", or begin the $(…) with set -e"
	}
	w.driftRisk(name, spanOf(call), why, help)
}

// joined is the way out where a cd is not checked.
const joined = "join what follows to it with &&"

func (w *walker) driftRisk(name string, at source.Span, why, help string) {
	w.risk(Risk{
		Kind: UncheckedCd, At: at,
		Message: fmt.Sprintf("when this %s fails, the commands after it run in another folder: %s", name, why),
		Help:    help,
	})
}

// caller is how a function is called where no failure ends the script: what holds of -e there.
type caller struct {
	tested bool // it does not apply, within a condition
	fresh  bool // bash did not take it into the $(…) around
	off    bool // set +e stands before it
}

// move is a cd in a function, and others after it.
type move struct {
	function, name string
	at             source.Span
	on             bool // the function turns -e on itself before it
}

// drifts tells of those in functions that are called where no failure ends them.
func (w *walker) drifts() {
	for _, m := range w.moves {
		switch called := w.called[m.function]; {
		case called.tested:
			w.driftRisk(m.name, m.at, fmt.Sprintf("-e does not apply in %s, which is called within a condition, or before && or ||", shorten(m.function)), joined)
		case m.on:
		case called.fresh:
			w.driftRisk(m.name, m.at, fmt.Sprintf("-e does not apply in %s, since bash does not take it into the $(…) that calls it", shorten(m.function)), joined+", or begin the function with set -e")
		case called.off && !w.started.Errexit:
			w.driftRisk(m.name, m.at, fmt.Sprintf("-e does not apply in %s, since this shell runs without it", shorten(m.function)), joined)
		case called.off:
			w.driftRisk(m.name, m.at, fmt.Sprintf("-e does not apply in %s, which is called after set +e", shorten(m.function)), joined)
		}
	}
}

// onlyPrints says that a statement does nothing but tell.
func (w *walker) onlyPrints(s *syntax.Stmt) bool {
	if b, ok := s.Cmd.(*syntax.Block); ok {
		return !slices.ContainsFunc(b.Stmts, func(s *syntax.Stmt) bool { return !w.onlyPrints(s) })
	}
	call := plainCall(s)
	if call == nil {
		return false
	}
	name := w.tool(call)
	return name == "echo" || name == "printf"
}

// works says that a command does something that may fail and matter; it gives the command's words.
func (w *walker) works(s *syntax.Stmt) (args []*syntax.Word, name string, ok bool) {
	call := plainCall(s)
	if call == nil {
		return nil, "", false
	}
	args = call.Args
	list := make([]Arg, len(args))
	for i, word := range args {
		list[i] = w.arg(word)
	}
	list = innermost(list)
	name = nameOf(list)
	if name == "" || isSafe(name) || wrappers[name] != "" || w.defines(name, list[0].At.Start) {
		return nil, "", false
	}
	if onlyReads(reading[name], list[1:]) {
		return nil, "", false
	}
	return args[len(args)-len(list):], name, true
}

// pipeline looks at the commands of a pipe together.
func (w *walker) pipeline(s *syntax.Stmt, operands []*syntax.Stmt, c context) {
	if w.pipedDownload(operands) {
		return
	}
	if w.started.Pipefail || w.pipefail || !w.errexit(c) && !(c.errexit && w.lenient()) || c.ignored {
		return
	}
	if w.asserts(operands[len(operands)-1]) {
		return
	}
	shell := "sh"
	if w.dialect == Bash {
		shell = "a shell without pipefail"
	}
	for _, x := range operands[:len(operands)-1] {
		if words, name, ok := w.works(x); ok && !(wholeOrNothing(name) && w.takesManifests(operands[len(operands)-1])) {
			w.risk(Risk{
				Kind: LostFailure, At: spanOf(words[0]),
				Message: fmt.Sprintf("when %s fails, nobody knows: %s only looks at the last command of a pipe", shorten(name), shell),
				Help:    pipefailBlock,
			})
			return
		}
	}
}

// pipefailBlock is the way out where a pipe loses a failure.
const pipefailBlock = "open the block with ```bash, where every command of a pipe counts, or write to a file in between"

// asserts says that the last command of a pipe fails when it is not fed what it wants.
func (w *walker) asserts(s *syntax.Stmt) bool {
	call := plainCall(s)
	if call == nil {
		return false
	}
	name, args := w.tool(call), call.Args[1:]
	if name == "sudo" && len(args) > 0 {
		name, _ = literal(args[0].Parts)
		args = args[1:]
	}
	switch name {
	case "grep", "egrep", "fgrep":
		for _, a := range args {
			if flag, _ := literal(a.Parts); strings.HasPrefix(flag, "-") && !strings.HasPrefix(flag, "--") && strings.Contains(flag, "v") {
				return false
			}
		}
		return true
	case "head", "wc":
		return true
	}
	return refusesNothing(name, args)
}

// infallible commands give a value that needs no second look.
var infallible = map[string]bool{
	"echo": true, "printf": true, "pwd": true, "date": true, "basename": true, "dirname": true, "id": true, "uname": true, "nproc": true,
	"hostname": true, "whoami": true, "arch": true, "true": true, "tty": true, "locale": true, "seq": true,
}

// maskedStatus looks at a declaration with a value.
func (w *walker) maskedStatus(variant *syntax.Lit, name syntax.Node, value *syntax.Word, s *syntax.Stmt, count int, c context) {
	if !w.errexit(c) {
		return
	}
	failing := substitutionOf(value.Parts)
	if failing == nil || !w.mayFail(failing) {
		return
	}
	text := w.text[name.Pos().Offset():]
	text = text[:nameLength(text)]
	r := Risk{
		Kind: MaskedStatus, At: spanOf(failing), Name: text,
		Message: fmt.Sprintf("when this fails the script goes on: %s succeeds whatever its value did", variant.Value),
		Help:    fmt.Sprintf("assign on its own, %s=$(…), beside the %s", text, variant.Value),
	}
	start := source.Span{Start: int32(variant.Pos().Offset()), End: int32(name.Pos().Offset())}
	if word := variant.Value; count == 1 && text != "" && s.Position == variant.Pos() && (word == "local" || word == "export") {
		r.FixMessage = "assign on its own, so that a failure counts"
		r.Edits = []Edit{{start, word + " " + text + "; "}}
	}
	w.risk(r)
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}

// substitutionOf is the first $(…) of a value, looked for through quotes.
func substitutionOf(parts []syntax.WordPart) *syntax.CmdSubst {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.CmdSubst:
			return p
		case *syntax.DblQuoted:
			if s := substitutionOf(p.Parts); s != nil {
				return s
			}
		}
	}
	return nil
}

// mayFail says that the status of a substitution is worth a look: its author did not settle it with ||.
func (w *walker) mayFail(s *syntax.CmdSubst) bool {
	if len(s.Stmts) == 0 {
		return false
	}
	last := s.Stmts[len(s.Stmts)-1]
	for {
		b, ok := last.Cmd.(*syntax.BinaryCmd)
		if !ok {
			break
		}
		if b.Op == syntax.OrStmt {
			return false
		}
		if b.Op == syntax.AndStmt {
			// cd "$(dirname "$0")" && pwd
			last = b.X
			continue
		}
		last = b.Y
		if w.dialect == Bash {
			last = b.X
		}
	}
	call := plainCall(last)
	if call == nil {
		return false
	}
	name, static := literal(call.Args[0].Parts)
	return static && name != "cd" && !infallible[name]
}

// unreachedStatus looks for a condition on $? after a command whose failure ended the script.
func (w *walker) unreachedStatus(stmts []*syntax.Stmt, i int, c context) {
	if i == 0 || !w.errexit(c) || c.function {
		return
	}
	before := stmts[i-1]
	if before.Negated || before.Background {
		return
	}
	switch b := before.Cmd.(type) {
	case *syntax.CallExpr:
		if len(b.Args) > 0 {
			if name, static := literal(b.Args[0].Parts); !static || name == "set" || isSafe(name) && name != "grep" || w.defines(name, spanOf(b).Start) {
				return
			}
		}
	default:
		return
	}
	clause, ok := stmts[i].Cmd.(*syntax.IfClause)
	if !ok || len(clause.Cond) != 1 {
		return
	}
	status := statusIn(clause.Cond[0])
	if status == nil {
		return
	}
	w.risk(Risk{
		Kind: UnreachedStatus, At: spanOf(status),
		Message: "$? is always 0 here: a command that fails before ends the script, since it runs with -e",
		Help:    "ask the command itself: if ! command; then",
	})
}

// statusIn is the $? that a test reads.
func statusIn(s *syntax.Stmt) syntax.Node {
	var list []*syntax.Word
	switch cmd := s.Cmd.(type) {
	case *syntax.CallExpr:
		list = cmd.Args
	case *syntax.TestClause:
		if b, ok := cmd.X.(*syntax.BinaryTest); ok {
			if word, ok := b.X.(*syntax.Word); ok {
				list = append(list, word)
			}
		}
	}
	for _, word := range list {
		parts := word.Parts
		if len(parts) == 1 {
			if q, ok := parts[0].(*syntax.DblQuoted); ok {
				parts = q.Parts
			}
		}
		if len(parts) == 1 {
			if p, ok := parts[0].(*syntax.ParamExp); ok && p.Param != nil && p.Param.Value == "?" {
				return p
			}
		}
	}
	return nil
}
