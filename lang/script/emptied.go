package script

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxFeeding is how many commands of a pipe are looked at that feed one.
const maxFeeding = 32

// emptiesInput looks for a > to a file that the same pipe reads: the shell empties it before anything reads it.
func (w *walker) emptiesInput(s *syntax.Stmt) {
	for _, r := range s.Redirs {
		if r.Op != syntax.RdrOut && r.Op != syntax.RdrClob || r.N != nil && r.N.Value != "1" {
			continue
		}
		file := w.fileOf(r.Word)
		if file == "" || strings.HasPrefix(file, "/dev/") {
			continue
		}
		reader := w.readerOf(s, file)
		for _, x := range w.feeding {
			if reader == "" {
				reader = w.readerOf(x, file)
			}
		}
		if reader == "" {
			continue
		}
		at := spanOf(r)
		w.risk(Risk{
			Kind: EmptiedInput, At: at, Message: fmt.Sprintf("this empties %s before %s reads it", shorten(file), reader),
			Help: "write to another file, and mv it over this one",
		})
	}
}

// fileOf is the text of a word without its quotes, where it is the same each time; "" for others.
func (w *walker) fileOf(word *syntax.Word) string {
	if text, static := literal(word.Parts); static {
		return text
	}
	at := spanOf(word)
	text := w.text[at.Start:at.End]
	if strings.ContainsAny(text, "`(*?") {
		return ""
	}
	return bareName.Replace(text)
}

// bareName takes away what may stand around the name of a variable.
var bareName = strings.NewReplacer(`"`, "", "{", "", "}", "")

// readerOf is the program of a statement that reads a file; "" when none does.
func (w *walker) readerOf(s *syntax.Stmt, file string) string {
	call, _ := s.Cmd.(*syntax.CallExpr)
	name := "the command"
	if call != nil && len(call.Args) > 0 {
		name = w.tool(call)
	}
	for _, r := range s.Redirs {
		if r.Op == syntax.RdrIn && w.fileOf(r.Word) == file {
			return name
		}
	}
	if call == nil || len(call.Args) == 0 {
		return ""
	}
	skip := 0
	switch name {
	case "cat", "sort", "head", "tail", "cut", "uniq", "tac", "rev", "nl", "fold", "column", "base64", "iconv", "xmllint", "envsubst", "fmt", "expand", "shuf":
	case "sed", "awk", "gawk", "grep", "egrep", "fgrep", "jq", "yq":
		skip = 1 // what to look for, or to do
	default:
		return ""
	}
	for _, word := range call.Args[1:] {
		text := w.fileOf(word)
		switch {
		case strings.HasPrefix(text, "-"):
		case skip > 0:
			skip--
		case text == file:
			return name
		}
	}
	return ""
}
