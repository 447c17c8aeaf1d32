package lint

import (
	"path"
	"slices"
	"strings"

	shell "github.com/pipelang/pipe/lang/script"
)

// handing is a script among the words of a command.
type handing struct {
	words     []shell.Arg // all that it is made of, with a space between them; each is static
	dialect   shell.Dialect
	options   shell.Options
	elsewhere bool // on another machine or in a container, with variables of its own
}

// handed is the script that a command has a shell run: sh -c "…", docker exec db sh -c "…", ssh host "…".
func handed(c shell.Command) (h handing, ok bool) {
	name := path.Base(c.Name)
	if h, ok = handedTo(name, c.Args); ok {
		return h, true
	}
	switch name {
	case "ssh", "autossh":
		return overSSH(c.Args)
	case "sshpass":
		if i := slices.IndexFunc(c.Args, func(a shell.Arg) bool { return a.Static && path.Base(a.Text) == "ssh" }); i >= 0 {
			return overSSH(c.Args[i+1:])
		}
		return h, false
	case "su", "runuser", "vagrant":
		return asOption(c.Args, "-c", "--command")
	case "gcloud":
		return asOption(c.Args, "--command")
	}
	for i, a := range c.Args {
		if !a.Static {
			continue
		}
		if h, ok = handedTo(path.Base(a.Text), c.Args[i+1:]); ok {
			h.elsewhere = true
			return h, true
		}
		if value, glued := strings.CutPrefix(a.Text, "--entrypoint"); glued {
			return toEntrypoint(value, c.Args[i+1:])
		}
	}
	return h, false
}

// handedTo is the script that a shell gets as a word behind -c.
func handedTo(name string, args []shell.Arg) (h handing, ok bool) {
	d, shells := shell.DialectOf(name)
	if !shells || name == "" {
		return h, false
	}
	h.dialect = d
	for i := 0; i < len(args); i++ {
		a := args[i]
		if !a.Static || !strings.HasPrefix(a.Text, "-") && !strings.HasPrefix(a.Text, "+") {
			return h, false
		}
		if strings.HasPrefix(a.Text, "--") {
			continue
		}
		on := a.Text[0] == '-'
		h.options.Errexit = h.options.Errexit || on && strings.Contains(a.Text, "e")
		if strings.ContainsAny(a.Text, "oO") && i+1 < len(args) {
			i++ // an option's name is the next word: -euo pipefail
			h.options.Pipefail = h.options.Pipefail || on && args[i].Text == "pipefail"
			h.options.Errexit = h.options.Errexit || on && args[i].Text == "errexit"
		}
		if on && strings.Contains(a.Text, "c") {
			return h.of(args[min(i+1, len(args)):min(i+2, len(args))])
		}
	}
	return h, false
}

// of is a script that is made of words, where all of them are known.
func (h handing) of(words []shell.Arg) (handing, bool) {
	h.words = words
	return h, len(words) > 0 && !slices.ContainsFunc(words, func(a shell.Arg) bool { return !a.Static })
}

// toEntrypoint is the script that a container gets whose own program is a shell: --entrypoint sh IMAGE -c "…".
func toEntrypoint(glued string, args []shell.Arg) (h handing, ok bool) {
	name := strings.TrimPrefix(glued, "=")
	if glued == "" {
		if len(args) == 0 || !args[0].Static {
			return h, false
		}
		name, args = args[0].Text, args[1:]
	}
	i := slices.IndexFunc(args, func(a shell.Arg) bool {
		return a.Static && strings.HasPrefix(a.Text, "-") && !strings.HasPrefix(a.Text, "--") && strings.HasSuffix(a.Text, "c")
	})
	if i <= 0 {
		return h, false
	}
	h, ok = handedTo(path.Base(name), args[i:])
	h.elsewhere = true
	return h, ok
}

// overSSH is the script that the shell of another machine gets: all words behind the host's. Which shell that is
// nobody knows, so that it may have what bash has.
func overSSH(args []shell.Arg) (h handing, ok bool) {
	h.dialect, h.elsewhere = shell.Bash, true
	host := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a.Static && len(a.Text) > 1 && a.Text[0] == '-':
			if len(a.Text) == len("-p") && strings.Contains("BbcDEeFIiJLlmOopQRSWw", a.Text[1:]) {
				i++
			}
		case !host:
			host = true
		default:
			return h.of(args[i:])
		}
	}
	return h, false
}

// asOption is the script that an option takes whose program gives it to the shell of a user.
func asOption(args []shell.Arg, options ...string) (h handing, ok bool) {
	h.dialect, h.elsewhere = shell.Bash, true
	for i, a := range args {
		if slices.Contains(options, a.Text) && i+1 < len(args) {
			return h.of(args[i+1 : i+2])
		}
	}
	return h, false
}
