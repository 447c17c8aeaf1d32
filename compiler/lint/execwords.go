package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
)

// execWords finds what only a shell understands among the words of an exec, which runs none: a pipe, a redirection, a
// variable, a command of the shell itself, a whole line as the name of a program.
var execWords = rule{alone: true, op: func(p *pass, o *check.Op) {
	c, ok := execOf(o)
	if !ok {
		return
	}
	if c.Name != "" && p.noProgram(o, c) {
		return
	}
	whole := c
	if c = shell.Unwrapped(c); c.Name == "" || readsShell(c) {
		return
	}
	for i, a := range c.Args {
		if a.Static && ofShell(c, i) && !(strings.HasPrefix(a.Text, "$") && isParam(o, a.Text[1:])) {
			p.report(finding{
				rule: diag.ShellInExec, file: o.File.Source, at: a.At,
				message: fmt.Sprintf("exec runs no shell: %s gets %s as it stands", c.Name, o.File.Source.Slice(a.At)),
				help:    "let a script run it: run `" + inScript(whole) + "`",
				fixes:   letShellRun(o, whole),
			})
			return
		}
	}
}}

// letShellRun makes a script of an exec. A pipe is left to people, since sh loses its failures.
func letShellRun(o *check.Op, c shell.Command) []diag.Fix {
	text := inScript(c)
	a := attr(o.Items, "exec")
	if text == "…" || strings.Contains(text, "|") || a.Range.Start > c.At.Start || int(a.Range.End) > len(o.File.Source.Text) {
		return nil
	}
	return []diag.Fix{{
		Message: "let a shell run it", Changes: "a shell takes the words apart then",
		Edits: []diag.Edit{{File: o.File.Source, Span: a.Range, Text: "run `" + text + "`"}},
	}}
}

// noProgram says that the first word of an exec cannot be one, and tells of it.
func (p *pass) noProgram(o *check.Op, c shell.Command) bool {
	f := finding{rule: diag.ShellInExec, file: o.File.Source, at: c.At}
	name, value, assigns := strings.Cut(c.Name, "=")
	words := strings.Fields(c.Name)
	switch {
	case ofShellAlone[c.Name]:
		f.message = fmt.Sprintf("exec runs programs, and %q is a command of the shell", c.Name)
		f.help = map[string]string{"cd": "workdir says where an op runs", "export": "env { NAME = value } sets variables"}[c.Name]
		if f.help == "" {
			f.help = "let a script run it: run `" + inScript(c) + "`"
		}
	case assigns && isVariable(name):
		f.message = fmt.Sprintf("exec runs programs, and %q is none", c.Name)
		f.help = fmt.Sprintf("env { %s = %q } sets a variable", name, value)
	case len(words) > 1 && !strings.Contains(words[0], "/"):
		f.message = fmt.Sprintf("there is no program %q: each word of exec is an element of its own", c.Name)
		f.help = "let a script run it: run `" + inScript(c) + "`"
		if !strings.ContainsAny(c.Name, "|&;<>$`'\"\\*?(") {
			parts := make([]string, len(words))
			for i, w := range words {
				parts[i] = strconv.Quote(w)
			}
			text := strings.Join(parts, ", ")
			f.help = "write " + text
			f.fixes = []diag.Fix{{Message: "write each word by itself", Edits: []diag.Edit{{File: f.file, Span: c.At, Text: text}}}}
		}
	default:
		return false
	}
	p.report(f)
	return true
}

// ofShellAlone are commands that no system has as programs of use.
var ofShellAlone = map[string]bool{
	"cd": true, "export": true, "source": true, ".": true, "eval": true, "set": true, "unset": true, "alias": true, "exec": true, "trap": true,
	"ulimit": true, "umask": true, "shift": true, "if": true, "for": true, "while": true, "local": true, "declare": true, "pushd": true, "shopt": true,
}

// readsShell says that a program takes shell, or a language that looks like it, among its words.
func readsShell(c shell.Command) bool {
	switch program(c.Name) {
	case "sh", "bash", "dash", "ash", "ksh", "zsh", "fish", "su", "ssh", "eval", "parallel", "watch", "script", "expect", "envsubst", "jq", "yq", "gojq", "awk", "gawk",
		"mawk", "sed", "perl", "ruby", "php", "make", "gmake", "test", "[", "expr", "bc", "dc", "pwsh", "powershell", "cmd", "nu", "tmux", "screen", "mise":
		return true
	}
	return slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
		return a.Static && (a.Text == "-c" || a.Text == "-lc" || a.Text == "-ec" || a.Text == "--command" || strings.HasPrefix(a.Text, "-exec") || a.Text == "-ok")
	})
}

// ofShell says that a word has a meaning to a shell alone. One that follows an option may be the option's value.
func ofShell(c shell.Command, i int) bool {
	text := c.Args[i].Text
	switch text {
	case "&&", "||", ">>", "2>&1", "&>", "|&", "<<<", "2>/dev/null", ">/dev/null", "1>&2", ">&2":
		return true
	}
	if i > 0 && c.Args[i-1].Static && strings.HasPrefix(c.Args[i-1].Text, "-") {
		return false
	}
	switch text {
	case "|", ">", "<", ";":
		return i > 0 && i+1 < len(c.Args) && !searches(c.Name)
	}
	return len(text) > 1 && (text[0] == '$' || text[0] == '~') && !searches(c.Name) && expansion().MatchString(text)
}

// searches says that a program is told signs to look for, or to part lines by.
func searches(name string) bool {
	switch program(name) {
	case "grep", "egrep", "fgrep", "rg", "ag", "tr", "cut", "sort", "column", "paste", "find", "fd", "split", "join", "git":
		return true
	}
	return false
}

var expansion = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\$[A-Za-z_][A-Za-z0-9_]*(/.*)?|\$\{[A-Za-z_][A-Za-z0-9_]*\}(/.*)?|\$\(.+\)|~/.*)$`)
})

func isParam(o *check.Op, name string) bool {
	return slices.ContainsFunc(o.Params, func(p *check.Param) bool { return p.Name == name })
}

// isVariable says that a text may be the name of a variable.
func isVariable(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) && (name[0] < '0' || name[0] > '9')
}

// maxLine is how long a line is that a way out writes, in bytes.
const maxLine = 60

// inScript is an exec as a line of a script, "…" where that is long or holds what is computed.
func inScript(c shell.Command) string {
	words := []string{c.Name}
	for _, a := range c.Args {
		word := a.Text
		if !a.Static || word == "" || strings.ContainsAny(word, "`\n\"\\") {
			return "…"
		}
		if strings.ContainsAny(word, " *?'(") || strings.HasPrefix(word, "$") {
			word = `"` + word + `"`
		}
		words = append(words, word)
	}
	if text := strings.Join(words, " "); len(text) <= maxLine {
		return text
	}
	return "…"
}
