package lint

import (
	"slices"
	"strings"
	"unicode"

	"github.com/pipelang/pipe/compiler/check"
	shell "github.com/pipelang/pipe/lang/script"
)

// acts says that a step may well change something that a person has to agree to, by its name or by what it runs,
// though no command is known for certain to do so.
func (p *pass) acts(s *check.Step) bool {
	switch {
	case speaksOfActing(s.Name):
		return true
	case s.Op != nil:
		return speaksOfActing(s.Op.Name) || slices.ContainsFunc(p.commands(s.Op), acting)
	case s.Pipeline != nil:
		return speaksOfActing(s.Pipeline.Name)
	}
	return false
}

// speaksOfActing says that a part of a name speaks of changing what others see.
func speaksOfActing(name string) bool {
	for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		switch strings.ToLower(w) {
		case "deploy", "deploys", "deployed", "deployment", "redeploy", "release", "released", "releases", "publish", "published", "ship", "shipped", "promote",
			"promoted", "rollout", "rollback", "roll", "apply", "applied", "migrate", "migrated", "migration", "migrations", "upload", "uploaded", "switch",
			"switched", "live", "launch", "launched", "provision", "destroy", "delete", "drop", "cutover", "restart", "upgrade", "activate", "install", "rotate",
			"restore", "failover", "scale":
			return true
		}
	}
	return false
}

// speaksOfTelling says that a program's name says that it tells somebody what was done.
func speaksOfTelling(name string) bool {
	return containsAny(strings.ToLower(name), []string{"announce", "notify", "notification", "summary", "report"})
}

// acting says that a command may change what others see: all do that are not known to look, to test, or to work here
// alone.
func acting(c shell.Command) bool {
	switch name := program(c.Name); name {
	case "echo", "printf", "cat", "ls", "test", "[", "true", "false", ":", "sleep", "date", "env", "printenv", "pwd", "cd", "head", "tail", "grep", "jq", "yq",
		"sed", "awk", "sort", "uniq", "wc", "cut", "tr", "mkdir", "touch", "set", "export", "local", "exit", "return", "read", "diff", "cmp", "find",
		"sha256sum", "base64", "seq", "basename", "dirname", "mktemp", "hostname", "whoami", "id", "uname", "trap", "shift", "wait":
		return false
	case "curl", "wget":
		return slices.ContainsFunc(c.Args, sends)
	case "git":
		verb, _, _ := strings.Cut(leading(c), " ")
		return !slices.Contains([]string{"status", "log", "diff", "show", "describe", "rev-parse", "fetch"}, verb)
	}
	return !tests(c) && !speaksOfTelling(program(c.Name)) || speaksOfActing(c.Name) || slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
		return a.Static && !strings.HasPrefix(a.Text, "-") && !strings.ContainsAny(a.Text, " /") && speaksOfActing(a.Text)
	})
}

// sends says that a word makes curl or wget send something.
func sends(a shell.Arg) bool {
	for _, long := range []string{"--data", "--request", "--upload-file", "--form", "--json", "--post", "--body", "--method"} {
		if strings.HasPrefix(a.Text, long) {
			return true
		}
	}
	return len(a.Text) > 1 && a.Text[0] == '-' && strings.IndexByte("dXTF", a.Text[1]) >= 0
}
