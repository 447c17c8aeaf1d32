package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// execScripts finds what is wrong with the script in exec ["sh", "-c", "…"], and in exec ["ssh", "host", "…"] and the
// like, which run it elsewhere. The shell runs it without -u, and with what arguments and variables there are, so that
// only some risks are any there; and no edit fits into pipe's own quotes.
var execScripts = rule{alone: true, op: func(p *pass, o *check.Op) {
	c, ok := execOf(o)
	if !ok {
		return
	}
	if c = shell.Unwrapped(c); c.Name != "" {
		p.asks(o, c)
	}
	s, ok := p.execScript(o)
	if !ok {
		return
	}
	for _, m := range s.read.Mistakes {
		m.Maybe = m.Maybe || len(s.pasted) > 0
		m.Help = strings.Replace(m.Help, "open the block with ```bash", `let bash run it, exec ["bash", "-c", …]`, 1)
		p.mistake(s, m)
	}
	for _, m := range s.read.Within {
		p.mistake(s, m)
	}
	for _, r := range s.read.Risks {
		if r.Edits = nil; !r.Kind.EveryShell() || !s.certain(r) || r.Kind == shell.NoTerminal && answered(o) || r.Kind == shell.Unquoted && !s.elsewhere && oneWord(o, r.Name) {
			continue
		}
		said := s.file.Slice(s.span(r.At))
		switch {
		case r.Kind == shell.LostFailure && s.dialect == shell.Bash:
			r.Help = "begin it with set -o pipefail, or write to a file in between"
		case r.Kind == shell.LostFailure:
			r.Help = `let bash run it, "bash", "-o", "pipefail", "-c", …, or write to a file in between`
		case inDoubleQuotes(s) && r.Help == "put double quotes around it" && strings.HasPrefix(said, "$"):
			r.Help = `write \"` + strings.Replace(said, "${", "$${", 1) + `\"`
		}
		p.risk(s, r)
	}
}}

// asks tells that a command wants a terminal.
func (p *pass) asks(o *check.Op, c shell.Command) {
	if q, asks := shell.Asks(c); asks && !answered(o) {
		p.report(finding{rule: diag.NoTerminal, file: o.File.Source, at: c.At, message: path.Base(c.Name) + " " + q.Said, help: q.Help})
	}
}

// answered says that an op is given a variable that tells a program what to answer, or which editor to open.
func answered(o *check.Op) bool {
	if a := attr(o.Items, "inherit"); a != nil {
		if list, ok := ast.Unparen(a.Value).(*ast.ListLit); ok && slices.ContainsFunc(list.Elems, func(e ast.ListElem) bool {
			name, ok := ast.Unparen(e.Value).(*ast.StringLit)
			return ok && shell.Answers(name.Value)
		}) {
			return true
		}
	}
	return slices.ContainsFunc(o.Items, func(it ast.Item) bool {
		env, ok := it.(*ast.Env)
		return ok && slices.ContainsFunc(env.Entries, func(e *ast.Assign) bool { return shell.Answers(e.Name.Text) })
	})
}

// inDoubleQuotes says that the string of a script is one in which a double quote is escaped.
func inDoubleQuotes(s *script) bool {
	raw := s.file.Slice(s.src.Range)
	return strings.HasPrefix(raw, `"`) && !strings.HasPrefix(raw, `"""`)
}

// execScript is the script that an op's exec gives to a shell, where that is written out.
func (p *pass) execScript(o *check.Op) (*script, bool) {
	c, ok := execOf(o)
	if !ok {
		return nil, false
	}
	h, ok := shell.Handed(shell.Unwrapped(c))
	if !ok {
		return nil, false
	}
	var s *script
	if slices.ContainsFunc(h.Words, func(a shell.Arg) bool { return !a.Static }) {
		s, ok = p.pastedScript(o, h)
	} else {
		s = p.scriptOf(o.File.Source, h)
	}
	return s, ok && (!h.Unnamed || !shell.Foreign(s.src.Text))
}

func (p *pass) scriptOf(f *source.File, h shell.Handing) *script {
	text, at := h.Words[0].Text, h.Words[0].At
	s := &script{file: f, src: quotedScript(f, at, text), dialect: h.Dialect, elsewhere: h.Elsewhere}
	if s.src.Lines == nil || len(h.Words) > 1 {
		s.places = unescaped(f, at, text)
	}
	if len(h.Words) > 1 { // with the end of a word before it in place of the space
		texts := []string{text}
		for _, word := range h.Words[1:] {
			texts, at = append(texts, word.Text), at.Join(word.At)
			if places := unescaped(f, word.At, word.Text); s.places != nil && places != nil {
				s.places = append(s.places, places...)
			} else {
				s.places = nil
			}
		}
		text = strings.Join(texts, " ")
		s.src = &ast.Script{Text: text}
		s.src.Range = at
	}
	s.read = p.options.Scripts.ReadAs(text, h.Dialect, h.Options)
	return s
}

// unescaped are the places of a string's bytes in the file, where it has simple escapes, and of its end; nil where it
// has others.
func unescaped(f *source.File, at source.Span, text string) []int32 {
	raw := f.Slice(at)
	quote := len(raw) - len(strings.TrimLeft(raw, raw[:1]))
	if quote != 1 && quote != 3 {
		return nil
	}
	return unescapedFrom(raw, at.Start, quote, text)
}

// unescapedFrom does the same for what stands in a string from an offset of it.
func unescapedFrom(raw string, start int32, i int, text string) []int32 {
	places := make([]int32, 0, len(text)+1)
	for j := range len(text) {
		places = append(places, start+int32(i))
		switch rest := raw[min(i, len(raw)):]; {
		case strings.HasPrefix(rest, `$${`):
			places[j]++
			i += len(`$$`)
		case len(rest) > 1 && rest[0] == '\\' && escapes[rest[1]] == text[j]:
			i += len(`\n`)
		case len(rest) > 0 && rest[0] != '\\' && rest[0] == text[j]:
			i++
		default:
			return nil
		}
	}
	return append(places, start+int32(i))
}

// escapes are what simple ones stand for.
var escapes = map[byte]byte{'"': '"', '\'': '\'', '\\': '\\', '`': '`', '?': '?', 'n': '\n', 't': '\t', 'r': '\r'}

// quotedScript is the text of a string as a script, with lines where it stands in the file as it is.
func quotedScript(f *source.File, at source.Span, text string) *ast.Script {
	s := &ast.Script{Text: text}
	s.Range = at
	i := strings.Index(f.Slice(at), text)
	if i < 0 {
		return s
	}
	start := at.Start + int32(i)
	s.Lines = []int32{start}
	for j := range len(text) {
		if text[j] == '\n' && j+1 < len(text) {
			s.Lines = append(s.Lines, start+int32(j)+1)
		}
	}
	return s
}
