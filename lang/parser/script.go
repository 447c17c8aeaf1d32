package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// script is a code span, or a fenced block without its fences and common indentation.
func script(t *lexer.Token) *ast.Script {
	out := &ast.Script{At: ast.At{Range: spanOf(t)}}
	if kindOf(t) == token.CodeSpan {
		out.Text = t.Value[1 : len(t.Value)-1]
		out.Lines = []int32{start(t) + 1}
		return out
	}
	out.Fenced = true
	ticks := len(t.Value) - len(strings.TrimLeft(t.Value, "`"))
	head, rest, _ := strings.Cut(t.Value, "\n")
	out.Lang = strings.TrimSpace(head[ticks:])
	lines := strings.SplitAfter(rest, "\n")
	lines = lines[:len(lines)-1] // the closing fence
	indent := commonIndent(lines)
	var text strings.Builder
	at := start(t) + int32(len(head)) + 1
	for _, line := range lines {
		kept := strings.TrimRight(line, "\r\n")
		cut := min(indent, len(kept)-len(strings.TrimLeft(kept, " \t")))
		if strings.TrimSpace(kept) == "" {
			cut = len(kept)
		}
		out.Lines = append(out.Lines, at+int32(cut))
		text.WriteString(kept[cut:])
		text.WriteByte('\n')
		at += int32(len(line))
	}
	out.Text = text.String()
	return out
}

// commonIndent is the white space that all lines but blank ones start with, in bytes.
func commonIndent(lines []string) int {
	common, found := "", false
	for _, line := range lines {
		body := strings.TrimLeft(line, " \t")
		if strings.TrimSpace(body) == "" {
			continue
		}
		indent := line[:len(line)-len(body)]
		if !found {
			common, found = indent, true
		}
		n := 0
		for n < len(common) && n < len(indent) && common[n] == indent[n] {
			n++
		}
		common = common[:n]
	}
	return len(common)
}
