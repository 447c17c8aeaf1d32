package lint

import (
	"path"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// execScripts finds what is wrong with the script in exec ["sh", "-c", "…"]. The shell runs it without -e and -u, and
// with what arguments there are, so that only some risks are any there; and no edit fits into pipe's own quotes.
var execScripts = rule{alone: true, op: func(p *pass, o *check.Op) {
	s, ok := p.execScript(o)
	if !ok {
		return
	}
	for _, m := range s.read.Mistakes {
		help := strings.Replace(m.Help, "open the block with ```bash", `let bash run it, exec ["bash", "-c", …]`, 1)
		p.report(finding{rule: diag.ScriptSyntax, file: s.file, at: s.span(m.At), message: m.Message, help: help})
	}
	for _, r := range s.read.Risks {
		if r.Edits = nil; everyShell[r.Kind] && !(r.Kind == shell.Unquoted && oneWord(o, r.Name)) {
			p.risk(s, r)
		}
	}
}}

// everyShell are the risks of a script that do not depend on the options of its shell.
var everyShell = map[shell.Kind]bool{
	shell.Unquoted: true, shell.RunsDownload: true, shell.RemovesRoot: true, shell.TestRedirect: true, shell.ConstantTest: true,
	shell.NotAssignment: true, shell.MissingSpace: true,
}

// execScript is the script that an op's exec gives to a shell, where that is written out.
func (p *pass) execScript(o *check.Op) (*script, bool) {
	c, ok := execOf(o)
	if !ok {
		return nil, false
	}
	d, shells := shell.DialectOf(path.Base(c.Name))
	if !shells || c.Name == "" {
		return nil, false
	}
	for i, a := range c.Args {
		switch {
		case !a.Static || !strings.HasPrefix(a.Text, "-") && !strings.HasPrefix(a.Text, "+"):
			return nil, false
		case strings.HasSuffix(a.Text, "o"):
			return nil, false // an option's name is the next word
		case strings.HasPrefix(a.Text, "-") && !strings.HasPrefix(a.Text, "--") && strings.Contains(a.Text, "c"):
			return p.scriptOf(o.File.Source, c.Args[i+1:], d)
		}
	}
	return nil, false
}

func (p *pass) scriptOf(f *source.File, rest []shell.Arg, d shell.Dialect) (*script, bool) {
	if len(rest) == 0 || !rest[0].Static {
		return nil, false
	}
	text, at := rest[0].Text, rest[0].At
	return &script{file: f, src: quotedScript(f, at, text), read: p.options.Scripts.Read(text, d), dialect: d}, true
}

// quotedScript is the text of a string as a script. Where it stands in the file as it is, its places are exact; where
// it has escapes they are the string.
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
