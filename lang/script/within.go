package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxWithin is how many scripts within each other are read: ssh a "ssh b 'sh -c …'".
const maxWithin = 3

// hands looks at a command that may give a script to another shell, which is read as well. Words and args are the
// same words of it, and wrappers those that stand before.
func (w *walker) hands(s *syntax.Stmt, words []*syntax.Word, args, wrappers []Arg, c context) {
	if w.level == maxWithin || !mayHand(args) {
		return
	}
	if name := nameOf(args); name == "ssh" || name == "autossh" {
		words, args = withoutOptions(words, args)
	}
	timed := slices.ContainsFunc(wrappers, func(a Arg) bool { return a.Text == "timeout" })
	if h, ok := Handed(Command{Name: nameOf(args), Args: args[1:]}); ok {
		first := slices.IndexFunc(args, func(a Arg) bool { return a.At == h.Words[0].At })
		p := unwrapping{source: w.text}
		if p.words(words[first : first+len(h.Words)]) {
			w.lostFolder(w.takeIn(h, &p, c, timed), &p, c)
		}
	}
	for _, r := range s.Redirs {
		if r.Op != syntax.Hdoc && r.Op != syntax.DashHdoc || r.Hdoc == nil {
			continue
		}
		if h, ok := fed(args); ok {
			p := unwrapping{source: w.text}
			if p.document(r) {
				w.takeIn(h, &p, c, timed)
			}
		}
	}
}

// mayHand is a quick look at whether a word names a shell, or what has one run.
func mayHand(args []Arg) bool {
	for i := range args {
		text := args[i].Text
		if n := len(text); n >= 2 && text[n-2:] == "sh" || i == 0 && (text == "su" || text == "runuser") || strings.HasPrefix(text, "--command") {
			return true
		}
	}
	return false
}

// withoutOptions leaves out the words of a command that a variable holds by whose name they are several: $SSH_OPTS.
func withoutOptions(words []*syntax.Word, args []Arg) (left []*syntax.Word, names []Arg) {
	for i, word := range words {
		parts := word.Parts
		if q, ok := parts[0].(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
			parts = q.Parts
		}
		x, ok := parts[0].(*syntax.ParamExp)
		if ok && len(parts) == 1 && x.Param != nil && (x.Index != nil || isPlural(x.Param.Value)) {
			continue
		}
		left, names = append(left, word), append(names, args[i])
	}
	return left, names
}

// takeIn reads a script that another shell gets, takes in what it does, and gives it.
func (w *walker) takeIn(h Handing, p *unwrapping, c context, timed bool) *Script {
	p.places = append(p.places, p.end)
	if h.Unnamed && Foreign(p.text.String()) {
		return &Script{Unread: true}
	}
	inner := readAt(p.text.String(), h.Dialect, h.Options, w.level+1)
	for _, m := range slices.Concat(inner.Mistakes, inner.Within) {
		m.At = p.span(m.At)
		m.Maybe = m.Maybe || h.Unnamed || len(p.pasted) > 0
		m.Help = strings.Replace(m.Help, "open the block with ```bash", "let bash run it", 1)
		w.script.Within = append(w.script.Within, m)
	}
	for _, cmd := range inner.Commands {
		args := make([]Arg, len(cmd.Args))
		for i, a := range cmd.Args {
			a.At = p.span(a.At)
			args[i] = a
		}
		cmd.Args, cmd.At = args, p.span(cmd.At)
		cmd.Choice = cmd.Choice || c.choice
		cmd.Branch, cmd.Elsewhere = cmd.Branch || c.branch, cmd.Elsewhere || h.Elsewhere
		w.script.Commands = append(w.script.Commands, cmd)
	}
	for _, r := range inner.Risks {
		if r, ok := w.riskWithin(r, h, p, c); ok {
			w.risk(r)
		}
	}
	for _, at := range inner.Endless {
		if !timed {
			w.script.Endless = append(w.script.Endless, p.span(at))
		}
	}
	return inner
}

// riskWithin is what is said of a risk in a script that another shell gets.
func (w *walker) riskWithin(r Risk, h Handing, p *unwrapping, c context) (Risk, bool) {
	pasted := p.pastedAt(r.At)
	switch {
	case !r.Kind.EveryShell(), r.Kind == NoTerminal && h.Terminal:
		return r, false
	case r.Kind == LostFailure && (!c.errexit || c.ignored):
		return r, false
	case r.Kind == RemovesRoot && pasted != nil:
		if pasted.masked || w.neverEmpty(r.Name) {
			return r, false
		}
	case pasted != nil && r.Kind != LostFailure && r.Kind != UncheckedCd && r.Kind != RunsDownload:
		return r, false // whoever puts a value in sees what it comes to
	}
	if r.Kind == LostFailure && r.Help == pipefailBlock {
		r.Help = "let bash run it with -o pipefail, or write to a file in between"
		if h.Dialect == Bash {
			r.Help = "begin it with set -o pipefail, or write to a file in between"
		}
	}
	if said := p.source[p.span(r.At).Start:p.span(r.At).End]; p.escapes && r.Kind == Unquoted && strings.HasPrefix(said, `\$`) {
		r.Help = `write \"` + said + `\"`
	}
	if r.At = p.span(r.At); !p.verbatim || slices.ContainsFunc(r.Edits, func(e Edit) bool { return strings.Contains(e.Text, "'") }) {
		r.Edits = nil
	}
	for i, e := range r.Edits {
		r.Edits[i].At = p.span(e.At)
	}
	r.Maybe = r.Maybe || c.branch
	return r, true
}
