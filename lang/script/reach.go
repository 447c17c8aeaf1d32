package script

import (
	"slices"

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
	shell    int32       // what it ends with, by its number
	function bool        // a function assigns, which is called from anywhere
	local    bool        // to a function
}

// shell is a part of a script that is a process of its own. They are numbered from 1; 0 is the script.
type shell struct {
	outer int32 // the one that it stands in
	kind  ownShell
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
func (w *walker) own(kind ownShell, walk func()) {
	outer := w.shell
	w.begins(kind)
	inner := w.shell
	w.apart(walk)
	if len(w.arrays) > 0 {
		w.arrays = slices.DeleteFunc(w.arrays, func(r array) bool { return r.shell == inner })
	}
	w.shell = outer
}

// begins is the start of a shell of its own.
func (w *walker) begins(kind ownShell) {
	w.shells = append(w.shells, shell{w.shell, kind})
	w.shell = int32(len(w.shells))
}

// inShell says that one shell is another, or stands in it. Places do not tell: the text of a here-document stands
// behind the shell that reads it.
func (w *walker) inShell(inner, outer int32) bool {
	for inner != outer && inner > 0 {
		inner = w.shells[inner-1].outer
	}
	return inner == outer
}

// within says that a span lies in another.
func within(inner, outer source.Span) bool {
	return outer.Start <= inner.Start && inner.End <= outer.End
}

// reaches says that what is assigned may be read at a place. A function reads what is there when it is called.
func (w *walker) reaches(l *lives, r *Variable) bool {
	switch {
	case l.until > 0:
		return r.At.Start >= l.from && r.At.End <= l.until
	case l.local, !w.inShell(r.shell, l.shell):
		return false
	}
	return l.function || r.At.Start >= l.from || l.loop.End > 0 && within(r.At, l.loop)
}

// missed says why what is assigned does not get to what is read elsewhere.
func (w *walker) missed(a *Assign) *Missed {
	m := Missed{At: a.At}
	switch l := &a.lives; {
	case l.until > 0:
		m.Why, m.Help = "the script sets it for one command alone", "set it on a line of its own before that command"
	case l.local:
		m.Why, m.Help = "the script sets it local to a function", "let the function print it, and take it with $(…)"
	case l.shell > 0 && w.shells[l.shell-1].kind == pipePart:
		m.Why, m.Help = "the script sets it within a pipe, whose parts are shells of their own", "write to a file what comes before the |, and read that: done < file"
	case l.shell > 0:
		m.Why, m.Help = "the script sets it "+ownShells[w.shells[l.shell-1].kind]+", which is a shell of its own", "set it outside of that"
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
			r.Missed = w.missed(list[0])
			for _, a := range list {
				if w.reaches(&a.lives, r) {
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
