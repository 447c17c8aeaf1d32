package script

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// Kind is what is risky about a place. Its text is a stable kebab-case word.
type Kind string

const (
	// Unquoted is an expansion that the shell splits into words and matches with file names.
	Unquoted Kind = "unquoted"
	// UncheckedCd is a cd that may fail where -e does not apply, so that what follows runs elsewhere.
	UncheckedCd Kind = "unchecked-cd"
	// LostFailure is a command before | that may fail without anybody knowing, in sh.
	LostFailure Kind = "lost-failure"
	// MaskedStatus is a declaration that succeeds though the command in its value failed.
	MaskedStatus Kind = "masked-status"
	// UnreachedStatus is a look at $? that a failure never gets to, since -e ended the script.
	UnreachedStatus Kind = "unreached-status"
	// ErrexitOff is a set +e that stays in force to the end of the script.
	ErrexitOff Kind = "errexit-off"
	// Unwaited is a command behind & that nothing waits for.
	Unwaited Kind = "unwaited"
	// RunsDownload is text from the network that is run as it comes.
	RunsDownload Kind = "runs-download"
	// RemovesRoot is a recursive rm of what may be a root folder, when a variable is empty.
	RemovesRoot Kind = "removes-root"
	// NoArguments is a $1 outside of functions: a script gets no arguments, so that -u ends it there.
	NoArguments Kind = "no-arguments"
	// BashOnly is a command of bash in an sh script, which sh reads but does not have.
	BashOnly Kind = "bash-only"
	// TestRedirect is a < or > in [ ], which compares nothing and opens a file.
	TestRedirect Kind = "test-redirect"
	// ConstantTest is a [ ] that is true whatever the values are.
	ConstantTest Kind = "constant-test"
	// NotAssignment is what looks like an assignment and is a command: x = 1, $x=1.
	NotAssignment Kind = "not-assignment"
	// MissingSpace is a [ that is glued to the next word, and so part of a command's name.
	MissingSpace Kind = "missing-space"
	// StrayLocal is a local outside of a function, where every shell refuses it.
	StrayLocal Kind = "stray-local"
	// FirstElement is an array of bash that is read as one value, which is its first element.
	FirstElement Kind = "first-element"
	// EmptiedInput is a > to a file that the same command, or one before it in the pipe, reads.
	EmptiedInput Kind = "emptied-input"
	// LostChange is a cd, or another change of a shell, that is gone with it.
	LostChange Kind = "lost-change"
	// NoTerminal is a command that asks somebody at a terminal.
	NoTerminal Kind = "no-terminal"
	// LostOutput is a > to $PIPE_OUTPUT that throws earlier outputs away.
	LostOutput Kind = "lost-output"
	// MalformedOutput is a line for $PIPE_OUTPUT that is no output, so that the step fails.
	MalformedOutput Kind = "malformed-output"
)

// Kinds are all of them, for tables and documentation.
var Kinds = []Kind{
	Unquoted, UncheckedCd, LostFailure, MaskedStatus, UnreachedStatus, ErrexitOff, Unwaited, RunsDownload, RemovesRoot,
	NoArguments, BashOnly, TestRedirect, ConstantTest, NotAssignment, MissingSpace, StrayLocal, FirstElement, NoTerminal, LostChange, EmptiedInput, LostOutput, MalformedOutput,
}

// EveryShell says that a risk does not depend on the options of a script's shell, nor on who gives it variables.
func (k Kind) EveryShell() bool {
	switch k {
	case Unquoted, RunsDownload, RemovesRoot, TestRedirect, ConstantTest, UncheckedCd, LostFailure, NotAssignment, MissingSpace, StrayLocal, FirstElement, NoTerminal, LostChange, EmptiedInput:
		return true
	}
	return false
}

// Risk is one thing that will go wrong, or may.
type Risk struct {
	Kind Kind
	At   source.Span
	// Name is the variable that it is about, when there is one: whoever knows that it cannot be
	// empty or split, a number for example, may drop the finding.
	Name string
	// Maybe says that the script may never get there: it stands in a branch, or behind && or ||.
	Maybe bool
	// Message is one lower-case line, and Help the way out.
	Message, Help string
	// Edits put it right, when that is certain, in the order of the text; FixMessage says what they do.
	Edits      []Edit
	FixMessage string
}

// Edit replaces a span of the script by a text.
type Edit struct {
	At   source.Span
	Text string
}

// risk keeps a finding; far more than anybody reads are dropped at once.
func (w *walker) risk(r Risk) {
	if len(w.script.Risks) < 4*maxRisks {
		r.Message, r.Help = oneLine(r.Message), oneLine(r.Help)
		w.script.Risks = append(w.script.Risks, r)
	}
}

// late decides the findings that needed the whole script.
func (w *walker) late() {
	w.unquoted()
	if !w.given {
		for _, p := range w.positional {
			w.risk(Risk{
				Kind: NoArguments, At: p.at, Maybe: p.branch, Message: fmt.Sprintf("$%s is never set: a script gets no arguments", p.name),
				Help: "parameters reach it as variables of their names; set -- gives it arguments of its own",
			})
		}
	}
	if w.off && w.offAt.End > 0 {
		w.risk(Risk{
			Kind: ErrexitOff, At: w.offAt, Message: "after set +e no failure ends the script, and its last command alone decides",
			Help: "turn it on again with set -e, or write command || status=$?",
		})
	}
	if !w.waits {
		for _, b := range w.background {
			w.risk(Risk{
				Kind: Unwaited, At: b, Message: "nothing waits for this command in the background: it is ended with the script, and its failure is lost",
				Help: "end the script with wait, or keep $! and wait for it",
			})
		}
	}
}

// positional is a reading of $1 and the like outside of functions.
type positional struct {
	name   string
	at     source.Span
	branch bool
}

// split is an expansion that stands where the shell splits it.
type split struct {
	at    source.Span
	name  string // "" for a substitution
	array bool   // $@, $* or a whole array: one is never meant to be split again
	exact bool   // it stands where several words cannot be meant
}

// mayBreak keeps an expansion that splits, unless its value cannot.
func (w *walker) mayBreak(p *syntax.ParamExp, at place) {
	if text, _ := elements(p); at == whole && (text == "@" || text == "*") && syntax.ValidName(p.Param.Value) {
		w.script.Splits = append(w.script.Splits, Name{p.Param.Value, spanOf(p)})
	}
	if at == whole || p.Param == nil || p.Length || p.Names != 0 {
		return
	}
	name := p.Param.Value
	if strings.Contains("#?$!-0", name) || name == outputVariable || Bash.counts(name) {
		return
	}
	if p.Exp != nil && (p.Exp.Op == syntax.AlternateUnset || p.Exp.Op == syntax.AlternateUnsetOrNull) {
		return // ${x:+-v "$x"} gives words or none
	}
	s := split{at: spanOf(p), name: name, array: name == "@" || name == "*", exact: at == single}
	if text, ok := elements(p); ok {
		s.array = text == "@" || text == "*"
	}
	w.splits = append(w.splits, s)
	if syntax.ValidName(name) {
		w.script.Splits = append(w.script.Splits, Name{name, s.at})
	}
}

// elements is the index of an expansion, as it is written.
func elements(p *syntax.ParamExp) (string, bool) {
	index, ok := p.Index.(*syntax.Word)
	if !ok || p.Param == nil || p.Length || p.Names != 0 {
		return "", false
	}
	return literal(index.Parts)
}

// substitutionMayBreak keeps a substitution that splits where that cannot be meant. One that is a
// whole argument is meant to: docker rm $(docker ps -q).
func (w *walker) substitutionMayBreak(s *syntax.CmdSubst, at place, alone bool) {
	if at == whole || at == listed && alone || givesOneWord(s) {
		return
	}
	w.splits = append(w.splits, split{at: spanOf(s), exact: true})
}

// unquoted tells of the expansions that may split. What is only ever a number or a plain word
// cannot, and a list of words, by its values or by its name, is meant to.
func (w *walker) unquoted() {
	if len(w.splits) == 0 {
		return
	}
	values := map[string]shape{}
	for _, a := range w.script.Assigns {
		old, seen := values[a.Name]
		switch {
		case a.value == words || old == words:
			values[a.Name] = words
		case !seen:
			values[a.Name] = a.value
		case a.value == anything:
			values[a.Name] = anything
		}
	}
	for _, s := range w.splits {
		value, seen := values[s.name]
		switch {
		case !s.array && seen && value == oneWord:
		case !s.array && !s.exact && (value == words || isPlural(s.name)):
		default:
			w.splitRisk(s)
		}
	}
}

func (w *walker) splitRisk(s split) {
	text := w.text[s.at.Start:s.at.End]
	r := Risk{
		Kind: Unquoted, At: s.at, Name: s.name, FixMessage: "quote it, so that it stays one word",
		Message: fmt.Sprintf("%s is not quoted: white space in it makes several words, and * or ? names of files", shortLine(text)),
		Help:    `put double quotes around it`,
		Edits:   []Edit{{source.Span{Start: s.at.Start, End: s.at.Start}, `"`}, {source.Span{Start: s.at.End, End: s.at.End}, `"`}},
	}
	switch {
	case s.array && s.name == "*":
		r.Help, r.Edits, r.FixMessage = `"$@" keeps each argument one word`, []Edit{{s.at, `"$@"`}}, "keep each argument one word"
	case s.array:
		r.Help, r.FixMessage = "in double quotes each element stays one word", "quote it, so that each element stays one word"
	case s.name == "":
		r.Message = fmt.Sprintf("%s is not quoted: white space in what it prints makes several words", shortLine(text))
	}
	w.risk(r)
}

func shortLine(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i] + "…"
	}
	return shorten(s)
}

// lists are words that a list's name ends with, plurals apart.
var lists = []string{"list", "extra", "cmd", "command", "cflags", "argv"}

// isPlural says that a name is one of several things: files, FLAGS, extra_args.
func isPlural(name string) bool {
	name = strings.ToLower(name)
	if slices.ContainsFunc(lists, func(s string) bool { return strings.HasSuffix(name, s) }) {
		return true
	}
	if len(name) < 4 || name[len(name)-1] != 's' {
		return false
	}
	return strings.IndexByte("suia", name[len(name)-2]) < 0
}
