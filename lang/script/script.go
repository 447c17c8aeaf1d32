// Package script reads shell scripts as they stand in a pipeline: mistakes in their syntax, the
// variables that they read and assign, what they write to $PIPE_OUTPUT, the commands and literal
// paths in them, and what is risky about them under the options that pipe gives a shell.
// It knows nothing of pipe's own syntax, of machines and of which programs there are: it never runs
// a script, and every place that it tells is a byte offset into the script's text.
package script

import (
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/source"
)

// Dialect is the language that a script is written in.
type Dialect uint8

const (
	// Sh is the POSIX shell, with what dash and busybox both add to it. It runs with -eu.
	Sh Dialect = iota
	// Bash runs with -euo pipefail.
	Bash
)

// DialectOf is the dialect of an interpreter's name as it stands after a fence, "" being sh;
// ok is false for interpreters that are no shells of ours.
func DialectOf(interpreter string) (d Dialect, ok bool) {
	switch interpreter {
	case "", "sh":
		return Sh, true
	case "bash":
		return Bash, true
	}
	return Sh, false
}

// String is the interpreter's name.
func (d Dialect) String() string {
	if d == Bash {
		return "bash"
	}
	return "sh"
}

// Script is what Read found. It is never changed afterwards, so that it may be shared. All spans
// are half-open ranges of byte offsets in the text that was read, and lie within it.
type Script struct {
	// Mistakes are errors of syntax, in the order of the text. When there is one, nothing else is told.
	Mistakes []Mistake
	// Within are those of scripts that it gives to other shells: sh -c "…", ssh host "…", bash <<EOF. What these do
	// is told as if the script did it itself, as far as that is certain.
	Within []Mistake
	// Unread says that the text is larger or nested deeper than is read, or not UTF-8: nothing else
	// is told, and nothing may be concluded.
	Unread bool
	// Opaque says that variables may be assigned that nobody can name: by eval, by a file that is
	// sourced, by a name that is computed.
	Opaque bool
	// Reads are the variables read, in the order of the text.
	Reads []Variable
	// Assigns are the variables that the script gives a value to itself.
	Assigns []Assign
	// Functions are those that the script defines.
	Functions []Name
	// Outputs is what is written to $PIPE_OUTPUT.
	Outputs Outputs
	// Paths are the literal paths read and written.
	Paths []Path
	// Splits are the variables that stand where the shell splits their values into words, or
	// takes the elements of an array.
	Splits []Name
	// Commands are the simple commands with their words, those within substitutions included. A call
	// of a function of the script is none.
	Commands []Command
	// Literal are words in single quotes in which a shell's variable stands as text, of commands
	// that do nothing else with it.
	Literal []Quoted
	// Endless are the commands and loops that go on until something outside of the script ends
	// what they wait for, and that nothing in it gives up.
	Endless []source.Span
	// Writes is where it has first written to a file whose name only the run knows; 0 where it does not.
	Writes int32
	// Ends is a change of the shell itself that stands last, where nothing can come of it: a cd, an export, the
	// activation of an environment. Its text is the command's name, "" where there is none.
	Ends Name
	// Risks are what will go wrong, or may, in the order of the text.
	Risks []Risk
}

// Name is a word of the script and its place.
type Name struct {
	Text string
	At   source.Span
}

// Quoted is a text in single quotes with the variables that it names.
type Quoted struct {
	// At is the text with its quotes.
	At    source.Span
	Names []string
	// Plain says that it would be the same in double quotes but for the variables.
	Plain bool
}

// Variable is one reading of a named variable; $1, $@, $? and the like are none.
type Variable struct {
	Name string
	// At is the name alone, without $ and braces, so that it can be renamed.
	At source.Span
	// Guarded says that the author knows that it may be unset: this reading has a default, a
	// message or an alternative (${x:-}, ${x:?}, ${x:+}), an earlier one or a test had, or
	// the script runs without -u.
	Guarded bool
	// Missed is set when the script gives it a value, and none that gets here.
	Missed *Missed

	function bool
	shell    int32 // in which it is read, by its number
}

// Assign is one place that gives a variable a value: an assignment, a loop, read, getopts,
// mapfile, printf -v, ${x:=}, arithmetic, or its declaration.
type Assign struct {
	Name string
	At   source.Span
	// Exported says that programs which the script runs see it too.
	Exported bool

	value shape
	lives lives
}

// Command is one simple command.
type Command struct {
	// Name is the first word; "" when it is computed.
	Name string
	// At is the first word's place.
	At source.Span
	// Args are the words after the first.
	Args []Arg
	// Wrapped says that another command runs this one: sudo, env, exec, timeout and the like,
	// which stands in the list before it.
	Wrapped bool
	// Branch says that it may not run though the script does: it stands in a condition's body, a
	// loop, a function, or behind && or ||.
	Branch bool
	// Choice says that the script decides whether it runs: one that only stands behind && of another that has to work,
	// or in a loop, is none.
	Choice bool
	// Elsewhere says that it stands in a script for another machine, a container or another user.
	Elsewhere bool
}

// Arg is one word of a command.
type Arg struct {
	// Text is the word without its quotes; when it is not static, only what comes before the first
	// expansion.
	Text   string
	Static bool
	At     source.Span
}

// limits of what is read. A script of a megabyte is, one nested deeper than hands write is not.
const (
	maxSize   = 4 << 20
	maxFrames = 3000
	maxDepth  = 2000
	maxRisks  = 200
)

// Options are what a shell is started with.
type Options struct {
	// Errexit is -e: a failure ends the script.
	Errexit bool
	// Pipefail says that every command of a pipe counts.
	Pipefail bool
}

// Ours are the options that pipe starts a shell with.
func (d Dialect) Ours() Options { return Options{Errexit: true, Pipefail: d == Bash} }

// Read reads a script that pipe runs. It always gives something usable, whatever the text. It is safe for
// concurrent use.
func Read(text string, d Dialect) *Script { return ReadAs(text, d, d.Ours()) }

// ReadAs does the same for a script that somebody else runs, in a shell with other options.
func ReadAs(text string, d Dialect, o Options) *Script { return readAt(text, d, o, 0) }

// readAt reads a script that stands so many levels within others.
func readAt(text string, d Dialect, o Options, level int) *Script {
	if len(text) > maxSize || !utf8.ValidString(text) {
		return &Script{Unread: true}
	}
	w := walkers.Get().(*walker)
	defer w.release()
	w.text, w.dialect, w.started, w.script, w.level = text, d, o, &Script{}, level
	stmts, ok := w.plain()
	if !ok {
		var mistakes []Mistake
		stmts, mistakes, ok = parse(text, d)
		switch {
		case !ok:
			return &Script{Unread: true}
		case len(mistakes) > 0:
			return &Script{Mistakes: mistakes}
		}
	}
	w.begin()
	w.ahead(stmts)
	w.list(stmts, context{errexit: true})
	w.ends(stmts)
	return w.finish()
}
