package script

import (
	"path"
	"slices"
	"strings"
)

// Handing is a script that a command has another shell run: sh -c "…", docker exec db sh -c "…", ssh host "…".
type Handing struct {
	// Words are all that it is made of, with a space between them.
	Words   []Arg
	Dialect Dialect
	Options Options
	// Elsewhere says that it runs on another machine, in a container or as another user, with variables of its own.
	Elsewhere bool
	// Unnamed says that nobody knows which shell it is: the one that a user has there.
	Unnamed bool
	// Terminal says that it gets a terminal there, whoever runs it.
	Terminal bool
}

// maxHanding is how many words of a command are looked at for a shell.
const maxHanding = 64

// Handed is the script that a command has a shell run.
func Handed(c Command) (h Handing, ok bool) {
	name := path.Base(c.Name)
	if h, ok = handedTo(name, c.Args); ok {
		return h, true
	}
	switch name {
	case "echo", "printf":
		return h, false
	case "ssh", "autossh":
		return overSSH(c.Args)
	case "sshpass":
		if i := slices.IndexFunc(c.Args, func(a Arg) bool { return a.Static && path.Base(a.Text) == "ssh" }); i >= 0 {
			return overSSH(c.Args[i+1:])
		}
		return h, false
	case "su", "runuser", "vagrant":
		return asOption(c.Args, "-c", "--command")
	case "gcloud":
		return asOption(c.Args, "--command")
	}
	for i, a := range c.Args[:min(len(c.Args), maxHanding)] {
		if !a.Static {
			continue
		}
		if h, ok = handedTo(path.Base(a.Text), c.Args[i+1:]); ok {
			h.Elsewhere = true
			return h, true
		}
		if value, glued := strings.CutPrefix(a.Text, "--entrypoint"); glued {
			return toEntrypoint(value, c.Args[i+1:])
		}
	}
	return h, false
}

// handedTo is the script that a shell gets as a word behind -c.
func handedTo(name string, args []Arg) (h Handing, ok bool) {
	d, shells := DialectOf(name)
	if !shells || name == "" {
		return h, false
	}
	h.Dialect = d
	rest, given := h.Options.started(args)
	h.Words = rest[:min(1, len(rest))]
	return h, given && len(h.Words) > 0
}

// started takes in the options that a shell is started with, and gives the words behind them. Given says that the
// first of those is its script.
func (o *Options) started(args []Arg) (rest []Arg, given bool) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if !a.Static || !strings.HasPrefix(a.Text, "-") && !strings.HasPrefix(a.Text, "+") {
			return args[i:], false
		}
		if strings.HasPrefix(a.Text, "--") {
			continue
		}
		on := a.Text[0] == '-'
		o.Errexit = o.Errexit || on && strings.Contains(a.Text, "e")
		if strings.ContainsAny(a.Text, "oO") && i+1 < len(args) {
			i++ // an option's name is the next word: -euo pipefail
			o.Pipefail = o.Pipefail || on && args[i].Text == "pipefail"
			o.Errexit = o.Errexit || on && args[i].Text == "errexit"
		}
		if on && strings.Contains(a.Text, "c") {
			return args[min(i+1, len(args)):], true
		}
	}
	return nil, false
}

// toEntrypoint is the script that a container gets whose own program is a shell: --entrypoint sh IMAGE -c "…".
func toEntrypoint(glued string, args []Arg) (h Handing, ok bool) {
	name := strings.TrimPrefix(glued, "=")
	if glued == "" {
		if len(args) == 0 || !args[0].Static {
			return h, false
		}
		name, args = args[0].Text, args[1:]
	}
	i := slices.IndexFunc(args, func(a Arg) bool {
		return a.Static && strings.HasPrefix(a.Text, "-") && !strings.HasPrefix(a.Text, "--") && strings.HasSuffix(a.Text, "c")
	})
	if i <= 0 {
		return h, false
	}
	h, ok = handedTo(path.Base(name), args[i:])
	h.Elsewhere = true
	return h, ok
}

// overSSH is the script that the shell of another machine gets: all words behind the host's. Which shell that is
// nobody knows, so that it may have what bash has.
func overSSH(args []Arg) (h Handing, ok bool) {
	h.Dialect, h.Elsewhere, h.Unnamed = Bash, true, true
	host := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a.Static && len(a.Text) > 1 && a.Text[0] == '-':
			h.Terminal = h.Terminal || strings.Contains(a.Text, "tt")
			if len(a.Text) == len("-p") && strings.Contains("BbcDEeFIiJLlmOopQRSWw", a.Text[1:]) {
				i++
			}
		case !host:
			host = true
		default:
			h.Words = args[i:]
			return h, true
		}
	}
	return h, false
}

// asOption is the script that an option takes whose program gives it to the shell of a user.
func asOption(args []Arg, options ...string) (h Handing, ok bool) {
	h.Dialect, h.Elsewhere, h.Unnamed = Bash, true, true
	for i, a := range args {
		if slices.Contains(options, a.Text) && i+1 < len(args) {
			h.Words = args[i+1 : i+2]
			return h, true
		}
		if option, _, glued := strings.Cut(a.Text, "="); glued && slices.Contains(options, option) {
			return h, false
		}
	}
	return h, false
}

// fed is the shell that a command has read a script from its input: bash -s <<EOF, ssh host <<EOF, docker exec -i db sh <<EOF.
func fed(args []Arg) (h Handing, ok bool) {
	name := path.Base(nameOf(args))
	if h, ok = fedTo(name, args[1:]); ok {
		return h, true
	}
	words := args[1:]
	switch name {
	case "ssh", "autossh":
		over, given := overSSH(words)
		if !given {
			return over, !slices.ContainsFunc(words, func(a Arg) bool { return a.Text == "-N" })
		}
		if words = over.Words; len(words) == 1 { // ssh host 'bash -s'
			words = nil
			for word := range strings.FieldsSeq(over.Words[0].Text) {
				words = append(words, Arg{Text: word, Static: true})
			}
		}
	case "su":
		h.Dialect, h.Elsewhere, h.Unnamed = Bash, true, true
		return h, !slices.ContainsFunc(words, func(a Arg) bool { return a.Text == "-c" || strings.HasPrefix(a.Text, "--command") })
	}
	for i, a := range words[:min(len(words), maxHanding)] {
		if h, ok = fedTo(path.Base(a.Text), words[i+1:]); ok && a.Static {
			h.Elsewhere = true
			return h, true
		}
	}
	return h, false
}

// fedTo says that a shell reads its input, by the words behind its name.
func fedTo(name string, args []Arg) (h Handing, ok bool) {
	d, shells := DialectOf(name)
	if !shells || name == "" {
		return h, false
	}
	h.Dialect = d
	rest, given := h.Options.started(args)
	if given {
		return h, false
	}
	n := len(args) - len(rest)
	return h, len(rest) == 0 || slices.ContainsFunc(args[:n], func(a Arg) bool {
		return a.Text == "-" || a.Text == "--" || len(a.Text) > 1 && a.Text[0] == '-' && a.Text[1] != '-' && strings.Contains(a.Text, "s")
	})
}
