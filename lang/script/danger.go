package script

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// dangers looks at one command; words and args are the same words of it.
func (w *walker) dangers(words []*syntax.Word, args []Arg) {
	switch name := nameOf(args); name {
	case "rm":
		w.removesRoot(words, args)
	case "eval":
		w.runsSubstitution(words, name)
	case "source", ".":
		w.runsSubstitution(words[:min(2, len(words))], name)
	default:
		if i := program(name, args); runners[name] && i > 0 {
			w.runsSubstitution([]*syntax.Word{words[0], words[i]}, name)
		}
	}
}

// program is the place of the word that an interpreter runs, a file's name or code; 0 when there is none.
func program(name string, args []Arg) int {
	for i, a := range args {
		switch {
		case i == 0 || a.Text == "-" || strings.HasPrefix(a.Text, "-") && !givesCode(a.Text):
		case a.Text == "-e" && shells[name] || strings.HasPrefix(a.Text, "-") && i+1 == len(args):
		case strings.HasPrefix(a.Text, "-"):
			return i + 1
		default:
			return i
		}
	}
	return 0
}

// removesRoot looks for rm -r of a folder that is a root when a variable is empty.
func (w *walker) removesRoot(words []*syntax.Word, args []Arg) {
	recursive := false
	for _, a := range args[1:] {
		if a.Text == "--recursive" || strings.HasPrefix(a.Text, "-") && !strings.HasPrefix(a.Text, "--") && strings.ContainsAny(a.Text, "rR") {
			recursive = true
		}
	}
	if !recursive {
		return
	}
	for i, word := range words[1:] {
		name, left := whenEmpty(word)
		if name == "" || !roots[left] || w.neverEmpty(name) {
			continue
		}
		w.risk(Risk{
			Kind: RemovesRoot, At: args[i+1].At, Name: name,
			Message: fmt.Sprintf("when %s is empty this removes %s", name, left),
			Help:    fmt.Sprintf("${%s:?} stops the script when it is empty", name),
			Edits:   w.refusingEmpty(word.Parts, name), FixMessage: "stop when it is empty",
		})
	}
}

// refusingEmpty makes the first plain expansion of a variable one that stops the script when it is
// empty; nothing when there is none.
func (w *walker) refusingEmpty(parts []syntax.WordPart, name string) []Edit {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.ParamExp:
			at := spanOf(p)
			if text := w.text[at.Start:at.End]; text == "$"+name || text == "${"+name+"}" {
				return []Edit{{at, "${" + name + ":?}"}}
			}
		case *syntax.DblQuoted:
			if e := w.refusingEmpty(p.Parts, name); e != nil {
				return e
			}
		}
	}
	return nil
}

// roots are folders that nobody means to remove.
var roots = map[string]bool{
	"/": true, "/*": true, "/.": true, "/bin": true, "/boot": true, "/dev": true, "/etc": true, "/home": true, "/home/*": true, "/lib": true,
	"/opt": true, "/root": true, "/sbin": true, "/srv": true, "/usr": true, "/usr/*": true, "/var": true, "/var/*": true,
}

// whenEmpty is what a word comes to when its variables are empty, and the first of them; "" when
// an expansion cannot be empty or is no variable.
func whenEmpty(word *syntax.Word) (name, left string) {
	var b strings.Builder
	name, ok := emptied(&b, word.Parts, "")
	if !ok {
		return "", ""
	}
	return name, b.String()
}

func emptied(b *strings.Builder, parts []syntax.WordPart, name string) (string, bool) {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.ParamExp:
			if p.Param == nil || p.Exp != nil && guards(p.Exp) || !syntax.ValidName(p.Param.Value) || p.Length {
				return "", false
			}
			if name == "" {
				name = p.Param.Value
			}
		case *syntax.DblQuoted:
			var ok bool
			if name, ok = emptied(b, p.Parts, name); !ok {
				return "", false
			}
		default:
			if !literalTo(b, []syntax.WordPart{part}, false) {
				return "", false
			}
		}
	}
	return name, true
}

// neverEmpty says that the shell, or every value that the script gives it so far, fills a variable.
func (w *walker) neverEmpty(name string) bool {
	if w.dialect.Sets(name) || name == "HOME" || name == "TMPDIR" {
		return true
	}
	for _, t := range w.tests {
		if t.Text == name {
			return true
		}
	}
	for _, r := range w.script.Reads {
		if r.Name == name && r.Guarded {
			return true
		}
	}
	seen := false
	for _, a := range w.script.Assigns {
		if a.Name == name {
			seen = true
			if a.value == anything || int(a.At.End) < len(w.text) && strings.HasPrefix(w.text[a.At.End:], "=\n") {
				return false
			}
		}
	}
	return seen
}

// fetches are the programs that print what they download.
var fetches = map[string]bool{"curl": true, "wget": true, "fetch": true}

// runners run what they are fed.
var runners = map[string]bool{
	"sh": true, "bash": true, "dash": true, "zsh": true, "ksh": true, "python": true, "python3": true, "perl": true, "ruby": true, "node": true, "php": true,
}

// shells are those of the runners that take -e for an option without a value.
var shells = map[string]bool{"sh": true, "bash": true, "dash": true, "zsh": true, "ksh": true}

// pipedDownload looks for curl … | sh, and says whether it told of one.
func (w *walker) pipedDownload(operands []*syntax.Stmt) bool {
	from := -1
	for i, s := range operands {
		call, ok := s.Cmd.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			continue
		}
		args := make([]Arg, len(call.Args))
		for i, word := range call.Args {
			args[i] = w.arg(word)
		}
		args = w.innermost(args)
		name := nameOf(args)
		if w.defines(name, args[0].At.Start) {
			continue
		}
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			name = name[i+1:]
		}
		switch {
		case fetches[name] && from < 0:
			from = i
		case from >= 0 && runners[name] && runsInput(name, args[1:]):
			w.download(source.Span{Start: spanOf(operands[from]).Start, End: spanOf(s).End}, name)
			return true
		}
	}
	return false
}

// runsInput says that an interpreter is given no program but its input.
func runsInput(name string, args []Arg) bool {
	for _, a := range args {
		switch {
		case a.Text == "-" || a.Text == "-s" || a.Text == "/dev/stdin":
			return true
		case !strings.HasPrefix(a.Text, "-"):
			return false
		case a.Text == "-e" && shells[name]:
			return true
		case notPrograms[a.Text] || strings.HasPrefix(a.Text, "-c") || !shells[name] && givesCode(a.Text):
			return false
		}
	}
	return true
}

// givesCode says that an option of an interpreter has its program behind it, alone or as the last of
// several letters: -e, -ne, -lane, -r of PHP, --eval=.
func givesCode(flag string) bool {
	flag, _, _ = strings.Cut(flag, "=")
	switch {
	case flag == "--eval" || flag == "--print":
		return true
	case strings.HasPrefix(flag, "--"):
		return false
	}
	return strings.IndexByte("eEcmr", flag[len(flag)-1]) >= 0
}

// runsSubstitution looks for sh -c "$(curl …)", eval "$(curl …)" and bash <(curl …).
func (w *walker) runsSubstitution(words []*syntax.Word, name string) {
	for _, word := range words[1:] {
		stmts := substituted(word.Parts)
		if len(stmts) != 1 {
			continue
		}
		first := stmts[0]
		if b, ok := first.Cmd.(*syntax.BinaryCmd); ok && isPipe(b.Op) {
			operands, _ := chain(b, true)
			first = operands[0]
		}
		if call := plainCall(first); call != nil {
			if fetches[w.tool(call)] {
				w.download(source.Span{Start: spanOf(words[0]).Start, End: spanOf(word).End}, name)
			}
		}
	}
}

func substituted(parts []syntax.WordPart) []*syntax.Stmt {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.CmdSubst:
			return p.Stmts
		case *syntax.ProcSubst:
			return p.Stmts
		case *syntax.DblQuoted:
			return substituted(p.Parts)
		}
	}
	return nil
}

func (w *walker) download(at source.Span, name string) {
	w.risk(Risk{
		Kind: RunsDownload, At: at,
		Message: fmt.Sprintf("%s runs whatever the server sends, and the start of it when the connection breaks", name),
		Help:    "download to a file, compare its checksum, then run it",
	})
}
