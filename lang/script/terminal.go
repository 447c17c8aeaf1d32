package script

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// Question is what a command asks somebody at a terminal.
type Question struct {
	// Said is what it does, behind the command's name: "asks before it installs".
	Said string
	// Help is the way out.
	Help string
	// Always says that it does not take its answer from its input.
	Always bool
	// At is a word for which Text has to stand, where that is certain; empty where it is not.
	At   source.Span
	Text string
}

// Asks says whether a command asks somebody at a terminal, which neither a script nor an exec has.
func Asks(c Command) (q Question, asks bool) { return asked(path.Base(c.Name), c.Args) }

// asksTerminal looks at a command that may ask.
func (w *walker) asksTerminal(s *syntax.Stmt, args []Arg, c context) {
	name := path.Base(nameOf(args))
	q, asks := asked(name, args[1:])
	if name == "read" {
		if c.branch || c.function || w.level > 0 || !w.errexit(c) || w.inputMoved || slices.ContainsFunc(args, readsElsewhere) {
			return
		}
		q, asks = Question{Said: "finds nothing, and fails: the input of a script is empty", Help: "hand the value over as a parameter, or read from a file: read -r x < file"}, true
	}
	if !asks || (c.fed || isFed(s)) && !q.Always || w.isProvided() {
		return
	}
	r := Risk{Kind: NoTerminal, At: args[0].At, Message: name + " " + q.Said, Help: q.Help, FixMessage: "ask nobody"}
	if q.At.End > 0 {
		r.Edits = []Edit{{q.At, q.Text}}
	}
	w.risk(r)
}

// provided are signs that a script looks whether there is a terminal, or has told a program what to answer.
var provided = []string{"-t 0", "-t 1", "tty -s", "/dev/tty", "EDITOR", "VISUAL", "core.editor", "sequence.editor", "TF_CLI_ARGS", "SKIP_CONFIRMATIONS", "Assume-Yes", "assumeyes"}

// Answers says that a variable tells a program what to answer, or which editor to open.
func Answers(variable string) bool {
	switch variable {
	case "EDITOR", "VISUAL", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "KUBE_EDITOR", "PULUMI_SKIP_CONFIRMATIONS", "APT_CONFIG":
		return true
	}
	return strings.HasPrefix(variable, "TF_CLI_ARGS")
}

// readsElsewhere says that an option has read take another descriptor than its input.
func readsElsewhere(a Arg) bool {
	return len(a.Text) > 1 && a.Text[0] == '-' && strings.Contains(a.Text, "u")
}

// isProvided says that one of them stands in the script, which is looked through once.
func (w *walker) isProvided() bool {
	if !w.looked {
		w.looked = true
		w.provided = slices.ContainsFunc(provided, func(sign string) bool { return strings.Contains(w.text, sign) })
	}
	return w.provided
}

// isFed says that a statement is given an input of its own.
func isFed(s *syntax.Stmt) bool {
	return slices.ContainsFunc(s.Redirs, func(r *syntax.Redirect) bool {
		switch r.Op {
		case syntax.RdrIn, syntax.RdrInOut, syntax.DplIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
			return true
		}
		return false
	})
}

// asked is what the words of a command ask for.
func asked(name string, args []Arg) (q Question, asks bool) {
	switch name {
	case "docker", "podman", "nerdctl":
		return inContainers(name, args)
	case "apt-get", "apt", "aptitude":
		return packages(args, "install upgrade dist-upgrade full-upgrade remove purge autoremove build-dep", "-y --yes --assume-yes --assume-no -s --simulate --dry-run --just-print --print-uris -d --download-only --help")
	case "yum", "dnf", "microdnf":
		return packages(args, "install update upgrade remove erase reinstall groupinstall localinstall", "-y --assumeyes --assumeno --downloadonly")
	case "zypper":
		return packages(args, "install in update up remove rm dist-upgrade dup patch", "-y --no-confirm -n --non-interactive --dry-run")
	case "pip", "pip3":
		return packages(args, "uninstall", "-y --yes")
	case "terraform", "tofu":
		return approvals(args)
	case "pulumi":
		if verb := verbOf(args); (verb == "up" || verb == "destroy" || verb == "refresh") && !hasAny(args, "-y", "--yes", "--preview-only", "--help") {
			return Question{Said: "asks before it changes anything, and a step has no terminal", Help: "give it --yes behind an approval of the step", Always: true}, !opaque(args)
		}
	case "git":
		return editors(args)
	case "kubectl", "oc":
		return editing(verbOf(args) == "edit" && !hasAny(args, "--help"))
	case "crontab":
		return editing(hasAny(args, "-e"))
	case "az":
		return logins(verbOf(args) == "login" && !hasAny(args, "--service-principal", "--identity", "-i", "--federated-token", "-u", "--username", "--use-device-code", "-h", "--help"), "give it --service-principal or --identity")
	case "gh":
		return logins(says(args, "auth", "login") && !hasAny(args, "--with-token", "--help"), "give it --with-token, or hand over GH_TOKEN")
	case "npm", "pnpm", "yarn":
		verb := verbOf(args)
		return logins(verb == "login" || verb == "adduser", "write the token to an .npmrc")
	case "aws":
		return logins(says(args, "configure", "") && !hasAny(args, "--help"), "hand AWS_ACCESS_KEY_ID and its like over, or write aws configure set")
	}
	return q, false
}

const noTerminal = ", and a step has no terminal"

func editing(opens bool) (q Question, asks bool) {
	return Question{Said: "opens an editor" + noTerminal, Help: "write the change to a file, and apply that", Always: true}, opens
}

func logins(asksFor bool, help string) (q Question, asks bool) {
	return Question{Said: "asks who you are" + noTerminal, Help: help, Always: true}, asksFor
}

// packages asks before packages come or go.
func packages(args []Arg, changing, quiet string) (q Question, asks bool) {
	at := slices.IndexFunc(args, func(a Arg) bool { return a.Static && hasWord(changing, a.Text) })
	if at < 0 || opaque(args) || slices.ContainsFunc(args, func(a Arg) bool {
		short := len(a.Text) > 1 && a.Text[0] == '-' && a.Text[1] != '-'
		return hasWord(quiet, a.Text) || short && (strings.Contains(a.Text, "y") || strings.Contains(a.Text, "qq")) || strings.Contains(a.Text, "ssume-")
	}) {
		return q, false
	}
	verb := args[at]
	return Question{
		Said: fmt.Sprintf("asks before it goes on with %s, and takes no answer for a no", verb.Text), Help: "-y answers yes",
		At: source.Span{Start: verb.At.End, End: verb.At.End}, Text: " -y",
	}, true
}

// inContainers asks for a terminal, for a name or before it removes.
func inContainers(name string, args []Arg) (q Question, asks bool) {
	switch first, second := verbs(args); {
	case first == "login" && !hasAny(args, "-p", "--password", "--password-stdin", "--help") && !opaque(args) &&
		!slices.ContainsFunc(args, func(a Arg) bool { return strings.HasPrefix(a.Text, "--password=") }):
		return logins(true, "give it --password-stdin")
	case second == "prune" && !hasAny(args, "-f", "--force", "-af", "-fa", "--help") && !opaque(args):
		return Question{Said: "asks before it removes anything, and takes no answer for a no", Help: "-f answers yes"}, true
	case first == "run" || first == "exec" || first == "container" && (second == "run" || second == "exec"):
		return tty(name, args)
	}
	return q, false
}

// tty looks for the options that want a terminal, before the image or the container.
func tty(name string, args []Arg) (q Question, asks bool) {
	input, terminal := false, false
	var at source.Span
	var text string
	at0 := slices.IndexFunc(args, func(a Arg) bool { return a.Text == "run" || a.Text == "exec" }) + 1
	for i := at0; i < len(args); i++ {
		a := args[i]
		if !a.Static || !strings.HasPrefix(a.Text, "-") {
			break
		}
		letters := strings.Trim(a.Text, "-")
		switch {
		case a.Text == "--interactive" || a.Text == "--interactive=true":
			input = true
		case a.Text == "--tty" || a.Text == "--tty=true":
			terminal = true
		case a.Text == "--detach" || a.Text == "--help":
			return q, false
		case strings.HasPrefix(a.Text, "--"):
			if !strings.Contains(a.Text, "=") && !hasWord("--rm --init --privileged --read-only --no-healthcheck --publish-all --quiet --sig-proxy --oom-kill-disable", a.Text) {
				i++
			}
		case strings.Trim(letters, "itdqP") == "":
			if strings.Contains(letters, "d") {
				return q, false
			}
			if strings.Contains(letters, "i") && strings.Contains(letters, "t") {
				at, text = a.At, strings.Replace(a.Text, "t", "", 1)
			}
			input, terminal = input || strings.Contains(letters, "i"), terminal || strings.Contains(letters, "t")
		case len(letters) == 1:
			i++ // its value follows
		}
	}
	return Question{
		Said: "wants a terminal for its input, and a step has none: it fails", Help: "leave out -t, and -i where it is fed nothing", Always: true, At: at, Text: text,
	}, input && terminal && name != "podman"
}

// approvals asks before infrastructure changes.
func approvals(args []Arg) (q Question, asks bool) {
	verb := verbOf(args)
	if verb != "apply" && verb != "destroy" || opaque(args) {
		return q, false
	}
	seen := false
	for _, a := range args {
		switch {
		case strings.Contains(a.Text, "-auto-approve") || a.Text == "-help" || a.Text == "--help":
			return q, false
		case !seen:
			seen = a.Text == verb
		case !a.Static && !strings.HasPrefix(a.Text, "-"), !strings.HasPrefix(a.Text, "-"):
			return q, false // a plan, or the value of an option
		}
	}
	return Question{Said: fmt.Sprintf("%s asks before it changes anything%s", verb, noTerminal), Help: "apply a plan that was written by -out, or give it -auto-approve behind an approval of the step"}, true
}

// editors opens one where git is given no message.
func editors(args []Arg) (q Question, asks bool) {
	verb := verbOf(args)
	opens, help := false, "give it a message: -m"
	switch {
	case opaque(args) || slices.ContainsFunc(args, func(a Arg) bool { return strings.Contains(strings.ToLower(a.Text), "editor") }):
	case verb == "commit":
		opens = !slices.ContainsFunc(args, func(a Arg) bool {
			letters, short := strings.CutPrefix(a.Text, "-")
			return short && letters != "" && letters[0] != '-' && strings.ContainsAny(letters, "mFCh") ||
				slices.ContainsFunc([]string{"--message", "--file", "--reuse", "--no-edit", "--fixup", "--squash", "--dry-run", "--help", "--allow-empty-message"}, func(long string) bool { return strings.HasPrefix(a.Text, long) })
		})
	case verb == "rebase":
		opens, help = hasAny(args, "-i", "--interactive"), "GIT_SEQUENCE_EDITOR=: takes the list as it is"
	}
	if !opens {
		return q, false
	}
	return Question{Said: verb + " opens an editor" + noTerminal, Help: help, Always: true}, true
}

// opaque says that words which are only known when they run may be options.
func opaque(args []Arg) bool {
	return slices.ContainsFunc(args, func(a Arg) bool { return !a.Static && a.Text == "" })
}

// verbs are the first two words that are no options; one behind an option may be its value.
func verbs(args []Arg) (first, second string) {
	for i := 0; i < len(args) && args[i].Static && second == ""; i++ {
		switch text := args[i].Text; {
		case strings.HasPrefix(text, "-"):
			if !strings.Contains(text, "=") && i+1 < len(args) && !strings.HasPrefix(args[i+1].Text, "-") {
				i++
			}
		case first == "":
			first = text
		default:
			second = text
		}
	}
	return first, second
}

func verbOf(args []Arg) string { first, _ := verbs(args); return first }

func says(args []Arg, first, second string) bool {
	a, b := verbs(args)
	return a == first && b == second
}

func hasAny(args []Arg, options ...string) bool {
	return slices.ContainsFunc(args, func(a Arg) bool { return slices.Contains(options, a.Text) })
}
