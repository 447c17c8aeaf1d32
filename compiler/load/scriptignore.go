package load

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// inScripts are the ignores of a file's scripts, and of the strings that exec hands to a shell.
func inScripts(f *ast.File) (out []*ignore) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Script:
			list := commented(f.Source, n.Text, commentMark(n.Lang), n.Within)
			if d, ok := script.DialectOf(n.Lang); ok && len(list) > 0 {
				reachStatements(n.Text, d, list, n.Within)
			}
			out = append(out, list...)
		case *ast.Attr:
			if n.Key.Text == "exec" {
				out = append(out, inArgv(f.Source, n)...)
			}
		}
		return true
	})
	return out
}

// inArgv are the ignores of the strings of several lines among the words of an exec.
func inArgv(f *source.File, exec *ast.Attr) (out []*ignore) {
	ast.Inspect(exec, func(n ast.Node) bool {
		if s, ok := n.(*ast.StringLit); ok {
			at := s.Span()
			text := strings.TrimRight(f.Slice(at), `"'`)
			within := func(start, end int) source.Span {
				return source.Span{Start: at.Start + int32(start), End: at.Start + int32(end)}
			}
			list := commented(f, text, commentMark(""), within)
			if quotes := len(text) - len(strings.TrimLeft(text, `"'`)); len(list) > 0 {
				reachStatements(strings.Repeat(" ", quotes)+text[quotes:], script.Bash, list, within)
			}
			out = append(out, list...)
		}
		return true
	})
	return out
}

// commented are the ignores in the comments of a text, each to the end of its line; within gives the place of a part.
func commented(f *source.File, text, mark string, within func(start, end int) source.Span) (out []*ignore) {
	start := 0
	for line := range strings.Lines(text) {
		line, end := strings.TrimRight(line, "\r\n"), start+len(line)
		if word := strings.Index(line, ignoreWord); word > 0 {
			at := len(strings.TrimRight(line[:word], " \t")) - len(mark)
			if at >= 0 && line[at:at+len(mark)] == mark && (at == 0 || strings.ContainsRune(" \t;&|(", rune(line[at-1]))) {
				if g := parseIgnore(f, within(start+at, start+len(line)), mark); g != nil {
					out = append(out, g)
				}
			}
		}
		start = end
	}
	return out
}
