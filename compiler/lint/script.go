package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// script is one shell script of an op.
type script struct {
	file *source.File
	src  *ast.Script
	read *shell.Script

	dialect shell.Dialect
	places  []int32 // of each byte and of the end, where it stands in a string with escapes, or in several

	pasted []source.Span // of the text, where pipe puts values in

	elsewhere bool // on another machine or in a container, with variables of its own
}

// scripts are those of an op that are sh or bash, read once.
func (p *pass) scripts(o *check.Op) (out []*script) {
	if known, ok := p.read[o]; ok {
		return known
	}
	if known, ok := p.factsOf(o).scripts(o); ok {
		return known
	}
	for _, it := range o.Items {
		r, ok := it.(*ast.Run)
		if !ok || r.Script == nil {
			continue
		}
		if d, ok := shell.DialectOf(r.Script.Lang); ok {
			out = append(out, &script{file: o.File.Source, src: r.Script, read: p.options.Scripts.Read(r.Script.Text, d), dialect: d})
		}
	}
	p.read[o] = out
	return out
}

// span is a place of a script in its file.
func (s *script) span(at source.Span) source.Span {
	switch {
	case s.places != nil:
		return source.Span{Start: s.places[at.Start], End: s.places[max(at.End, at.Start)]}
	case s.src.Lines == nil:
		return s.src.Range // of a string with escapes by number
	}
	return s.src.Within(int(at.Start), int(at.End))
}

func (s *script) edits(list []shell.Edit) []diag.Edit {
	out := make([]diag.Edit, len(list))
	for i, e := range list {
		out[i] = diag.Edit{File: s.file, Span: s.span(e.At), Text: e.Text}
	}
	return out
}

// misspeltInterpreters finds a script for a program whose name is nearly that of a known one.
var misspeltInterpreters = rule{alone: true, op: func(p *pass, o *check.Op) {
	for _, it := range o.Items {
		r, ok := it.(*ast.Run)
		if !ok || r.Script == nil || len(r.Script.Lang) < 4 || slices.Contains(interpreters, r.Script.Lang) || slices.Contains(alike, r.Script.Lang) {
			continue
		}
		word := r.Script.Lang
		at := r.Script.Range.Start + int32(max(0, strings.Index(o.File.Source.Text[min(int(r.Script.Range.Start), len(o.File.Source.Text)):], word)))
		if near := diag.Suggest(word, interpreters); near != "" && !strings.Contains(word, strings.TrimRight(near, "0123456789.")) { // nodejs, ipython and jruby are there, too
			p.report(finding{
				rule: diag.UnknownKeyword, file: o.File.Source, at: source.Span{Start: at, End: at + int32(len(word))}, maybe: true,
				message: fmt.Sprintf("the program %q is to run the script", word), help: fmt.Sprintf("did you mean %q?", near),
			})
		}
	}
}}

// interpreters are the programs that run most scripts.
var interpreters = []string{"bash", "dash", "zsh", "fish", "python", "python3", "node", "deno", "ruby", "perl", "php", "lua", "pwsh", "Rscript", "julia", "groovy", "elixir"}

// alike are programs whose names are nearly those of others.
var alike = []string{"yash", "posh", "wish", "jython", "cython", "rscript"}

// scriptSyntax finds scripts that the shell would not run.
var scriptSyntax = rule{alone: true, script: func(p *pass, _ *check.Op, s *script) {
	for _, m := range s.read.Mistakes {
		p.mistake(s, m)
	}
	for _, m := range s.read.Within {
		p.mistake(s, m)
	}
}}

func (p *pass) mistake(s *script, m shell.Mistake) {
	p.report(finding{rule: diag.ScriptSyntax, file: s.file, at: s.span(m.At), message: m.Message, help: m.Help, maybe: m.Maybe})
}

// scriptRisks finds what is legal shell and goes wrong all the same. A rule has the name of its kind.
var scriptRisks = rule{alone: true, script: func(p *pass, o *check.Op, s *script) {
	for _, r := range s.read.Risks {
		if r.Kind == shell.Unquoted && (oneWord(o, r.Name) || collection(o, r.Name) != "") {
			continue
		}
		if r.Kind == shell.NoTerminal && answered(o) {
			continue
		}
		p.risk(s, r)
	}
	if s.read.Ends.Text != "" {
		p.lostChange(o, s)
	}
}}

// lostChange tells of what a script changes last of its own shell, where another one follows that may count on it.
func (p *pass) lostChange(o *check.Op, s *script) {
	follows := slices.ContainsFunc(o.Items, func(it ast.Item) bool {
		r, ok := it.(*ast.Run)
		return ok && r.Script != nil && r.Script.Range.Start > s.src.Range.Start
	})
	if !follows {
		return
	}
	f := finding{rule: diag.LostChange, file: s.file, at: s.span(s.read.Ends.At)}
	switch s.read.Ends.Text {
	case "cd":
		f.message, f.help = "this cd is gone with its script: the next run starts in the folder of the op again", "give the op a workdir, or write both into one script"
	case "export":
		f.message, f.help = "what this exports is gone with its script: the next run is a shell of its own", "env { NAME = value } holds for every run of the op"
	default:
		f.message, f.help = "what this activates is gone with its script: the next run is a shell of its own", "write both into one script"
	}
	p.report(f)
}

func (p *pass) risk(s *script, r shell.Risk) {
	f := finding{rule: string(r.Kind), file: s.file, at: s.span(r.At), message: r.Message, help: r.Help, maybe: r.Maybe}
	if len(r.Edits) > 0 {
		f.fixes = []diag.Fix{{Message: r.FixMessage, Changes: changes[r.Kind], Edits: s.edits(r.Edits)}}
	}
	p.report(f)
}

// changes say what a script does differently after a fix; a kind that is not here is one whose
// script could not do what it says.
var changes = map[shell.Kind]string{
	shell.Unquoted:      "a value with white space is one word then",
	shell.MaskedStatus:  "a failure in it ends the script then",
	shell.RemovesRoot:   "an empty value ends the script then",
	shell.TestRedirect:  "it compares numbers then, and writes no file",
	shell.ConstantTest:  "it compares then, and may be false",
	shell.NotAssignment: "it assigns then, and runs no command",
	shell.MissingSpace:  "it tests then, and runs no command of that name",
	shell.NoTerminal:    "it asks nobody then",
	shell.StrayLocal:    "it assigns then, and does not fail",
	shell.FirstElement:  "all elements are taken then",
	shell.LostOutput:    "the earlier outputs are kept then",

	shell.MalformedOutput: "the output is written then, and no file of that name",
}

// oneWord says that a parameter's values are single words, which no shell splits.
func oneWord(o *check.Op, name string) bool {
	for _, q := range o.Params {
		if q.Name == name {
			return isNumeric(q.Type.Plain()) || plainWords(q.Type.Plain())
		}
	}
	return false
}
