package script

import (
	"github.com/pipelang/pipe/lang/source"
)

// Missed is a value that the script gives a variable, and that does not get to where it is read.
type Missed struct {
	// At is the name where it is given its value.
	At source.Span
	// Why says what keeps it from there, as the end of a sentence, and Help the way out.
	Why, Help string
}

// lives is where a value that was assigned can be read.
type lives struct {
	from     int32       // where it begins
	until    int32       // where it ends, for one that stands before a command; 0 is never
	loop     source.Span // the outermost loop around it, which comes back to what stands before
	shell    shell       // what it ends with
	function bool        // a function assigns, which is called from anywhere
	local    bool        // to a function
}

// shell is a part of a script that is a process of its own, and what makes it one; the zero one is the script.
type shell struct {
	at   source.Span
	kind ownShell
}

type ownShell uint8

const (
	subshell ownShell = iota
	pipePart
	substitution
	background
)

var ownShells = [...]string{subshell: "within (…)", pipePart: "within a pipe", substitution: "within $(…)", background: "in the background"}

// own walks what is a shell of its own.
func (w *walker) own(kind ownShell, at source.Span, walk func()) {
	outer := w.shell
	w.shell = shell{at, kind}
	w.apart(walk)
	w.shell = outer
}

// within says that a span lies in another.
func within(inner, outer source.Span) bool {
	return outer.Start <= inner.Start && inner.End <= outer.End
}

// reaches says that what is assigned may be read at a place. A function reads what is there when it is called.
func (a *Assign) reaches(read source.Span) bool {
	l := &a.lives
	switch {
	case l.until > 0:
		return read.Start >= l.from && read.End <= l.until
	case l.local, l.shell.at.End > 0 && !within(read, l.shell.at):
		return false
	}
	return l.function || read.Start >= l.from || l.loop.End > 0 && within(read, l.loop)
}

// missed says why what is assigned does not get to what is read elsewhere.
func (a *Assign) missed() *Missed {
	m := Missed{At: a.At}
	switch l := &a.lives; {
	case l.until > 0:
		m.Why, m.Help = "the script sets it for one command alone", "set it on a line of its own before that command"
	case l.local:
		m.Why, m.Help = "the script sets it local to a function", "let the function print it, and take it with $(…)"
	case l.shell.at.End > 0 && l.shell.kind == pipePart:
		m.Why, m.Help = "the script sets it within a pipe, whose parts are shells of their own", "write to a file what comes before the |, and read that: done < file"
	case l.shell.at.End > 0:
		m.Why, m.Help = "the script sets it "+ownShells[l.shell.kind]+", which is a shell of its own", "set it outside of that"
	default:
		m.Why, m.Help = "the script sets it only further down", "set it before it is read"
	}
	return &m
}

// maxAssigned is how many assignments of one name are looked at.
const maxAssigned = 64

// unreached marks the readings that no value which the script assigns gets to.
func (w *walker) unreached() {
	s := w.script
	if len(s.Assigns) == 0 || s.Opaque {
		return
	}
	all := map[string][]*Assign{}
	for i := range s.Assigns {
		a := &s.Assigns[i]
		all[a.Name] = append(all[a.Name], a)
	}
	for i := range s.Reads {
		r := &s.Reads[i]
		if list := all[r.Name]; !r.function && 0 < len(list) && len(list) <= maxAssigned {
			r.Missed = list[0].missed()
			for _, a := range list {
				if a.reaches(r.At) {
					r.Missed = nil
					break
				}
			}
		}
	}
}

// persists says that an assignment before a command of the shell's own stays.
var persists = map[string]bool{
	":": true, ".": true, "break": true, "continue": true, "eval": true, "exec": true, "exit": true, "export": true, "readonly": true,
	"return": true, "set": true, "shift": true, "source": true, "times": true, "trap": true, "unset": true,
}
