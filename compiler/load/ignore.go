package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Report is what people are shown of the findings about a program: those that no comment
// `// pipe:ignore rule-name reason` silences, with pipe.toml's severities, and what is wrong
// with such comments. Of a program in a newer language nothing else is said: what it means
// is not known. It is asked once, when every pass has run.
func (p *Program) Report(list []diag.Diagnostic) []diag.Diagnostic {
	if i := slices.IndexFunc(list, func(d diag.Diagnostic) bool { return d.Rule == diag.NewerLanguage }); i >= 0 {
		return list[i : i+1]
	}
	ignores := p.ignores()
	var out diag.List
	for _, d := range list {
		if !silenced(d, ignores) {
			out.Add(d)
		}
	}
	for _, g := range ignores {
		g.tell(&out, damaged(list, g.file))
	}
	return p.Config.Apply(out.Sorted())
}

// ignore is one comment that silences rules, on its line or in what begins on the next.
type ignore struct {
	file  *source.File
	span  source.Span // the comment
	mark  string      // what begins a comment there: // or, in a script, #
	first int         // its line
	next  int         // the first line below that is not only a comment
	last  int         // the line where what begins there ends
	line  source.Span // the text of next, where the comment stands above it alone
	rules []*ignored
	// reason says why, for whoever reads the file.
	reason string
}

// ignored is one rule that a comment names.
type ignored struct {
	name string
	span source.Span
	used bool
	// refused says that the rule stood there and is an error, which nothing silences.
	refused bool
}

const ignoreWord = "pipe:ignore"

// ignores are those of the program's own files, in their comments and in those of their scripts.
func (p *Program) ignores() (out []*ignore) {
	seen := map[*ast.File]bool{}
	for _, m := range p.Modules {
		for _, f := range m.Files {
			if m.Std || seen[f] || !strings.Contains(f.Source.Text, ignoreWord) {
				continue
			}
			seen[f] = true
			var above []*ignore
			for _, c := range f.Comments {
				if g := parseIgnore(f.Source, c.Range, "//"); g != nil {
					if out = append(out, g); g.alone() {
						above = append(above, g)
					}
				}
			}
			reach(f, above)
			out = append(out, inScripts(f)...)
		}
	}
	return out
}

// commentMark begins a comment in an interpreter's language.
func commentMark(lang string) string {
	switch lang {
	case "node", "nodejs", "deno", "bun", "javascript", "js", "ts", "typescript", "go", "php":
		return "//"
	case "lua", "sql", "psql":
		return "--"
	}
	return "#"
}

// parseIgnore reads a comment; nil when it silences nothing and does not mean to.
func parseIgnore(f *source.File, at source.Span, mark string) *ignore {
	text := f.Slice(at)
	rest := strings.TrimLeft(text, mark[:1]+" \t")
	rest, ok := strings.CutPrefix(rest, ignoreWord)
	if !ok || rest != "" && !strings.ContainsRune(" \t\r", rune(rest[0])) {
		return nil
	}
	g := &ignore{file: f, span: at, mark: mark, first: f.Position(at.Start).Line}
	g.next = g.first + 1
	for commentOnly(f.Line(g.first), mark) && g.next <= f.Lines() && commentOnly(f.Line(g.next), mark) {
		g.next++ // several comments stand above one line
	}
	g.last = g.next
	for more := true; more; {
		rest = strings.TrimLeft(rest, " \t\r,")
		end := len(rest)
		if i := strings.IndexAny(rest, " \t\r,"); i >= 0 {
			end = i
		}
		name := strings.TrimRight(rest[:end], ":")
		if name == "" {
			break
		}
		start := at.Start + int32(len(text)-len(rest))
		g.rules = append(g.rules, &ignored{name: name, span: source.Span{Start: start, End: start + int32(len(name))}})
		rest = rest[end:]
		more = strings.HasPrefix(strings.TrimLeft(rest, " \t"), ",")
	}
	if g.reason = strings.Trim(rest, " \t\r"); strings.HasPrefix(g.reason, mark) || strings.HasPrefix(g.reason, "//") {
		g.reason = "" // another comment
	}
	return g
}

func commentOnly(line, mark string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, mark) || strings.HasPrefix(line, "//")
}

func silenced(d diag.Diagnostic, ignores []*ignore) bool {
	if d.File == nil {
		return false
	}
	line := d.File.Position(d.Span.Start).Line
	for _, g := range ignores {
		if g.file != d.File || line != g.first && (line < g.next || line > g.last) {
			continue
		}
		for _, r := range g.rules {
			switch {
			case r.name != d.Rule:
			case d.Severity == diag.Error:
				r.refused = true
			default:
				r.used = true
				return true
			}
		}
	}
	return false
}

// damaged says that not all of a file could be read, so that less was looked for.
func damaged(list []diag.Diagnostic, f *source.File) bool {
	return slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.File == f && (d.Rule == diag.Syntax || d.Rule == diag.TooDeep) })
}

// tell says what is wrong with a comment: that it names nothing, what is not there, what
// silences nothing, or that it does not say why. In a damaged file nobody knows what it would silence.
func (g *ignore) tell(out *diag.List, damaged bool) {
	if len(g.rules) == 0 {
		out.Add(g.finding(diag.UnusedIgnore, g.span, "this ignore names no rule", "write "+g.mark+" pipe:ignore rule-name reason"))
		return
	}
	used := false
	for _, r := range g.rules {
		_, known := diag.Natural(r.name)
		switch {
		case r.used:
			used = true
		case asksFiles(r.name): // which may be there on this machine alone
		case !damaged || !known || r.refused:
			out.Add(g.unused(r))
		}
	}
	if used && g.reason == "" {
		out.Add(g.finding(diag.UnexplainedIgnore, g.span, "this ignore does not say why",
			fmt.Sprintf("write the reason behind it: %s pipe:ignore %s reason", g.mark, g.names())))
	}
}

// asksFiles says that what a rule finds depends on which files are there, those that git ignores among them.
func asksFiles(rule string) bool {
	switch rule {
	case diag.MissingPath, diag.NotExecutable, diag.EmptyInputs, diag.UndeclaredInput:
		return true
	}
	return false
}

func (g *ignore) unused(r *ignored) diag.Diagnostic {
	at := g.span
	if len(g.rules) > 1 {
		at = r.span
	}
	d := g.finding(diag.UnusedIgnore, at, "", "")
	d.Fixes = []diag.Fix{{Message: "remove it", Obvious: true, Edits: []diag.Edit{{File: g.file, Span: g.without(r)}}}}
	_, known := diag.Natural(r.name)
	switch {
	case !known:
		d.Message = fmt.Sprintf("there is no rule %q", r.name)
		if near := diag.Suggest(r.name, diag.Rules()); near != "" {
			d.Help = fmt.Sprintf("did you mean %q?", near)
			d.Fixes = []diag.Fix{{Message: "write " + near, Obvious: true, Edits: []diag.Edit{{File: g.file, Span: r.span, Text: near}}}}
		} else {
			d.Help, d.Fixes = "`pipe rules` lists them", nil
		}
	case r.refused:
		d.Message = fmt.Sprintf("%s is an error, and only warnings and hints can be ignored", r.name)
	default:
		d.Message = fmt.Sprintf("this ignore silences nothing: no %s on its line or in what follows", r.name)
		d.Help = "remove it"
	}
	return d
}

func (g *ignore) finding(rule string, at source.Span, message, help string) diag.Diagnostic {
	severity, _ := diag.Natural(rule)
	return diag.Diagnostic{Rule: rule, Severity: severity, File: g.file, Span: at, Message: message, Help: help}
}

func (g *ignore) names() string {
	names := make([]string, len(g.rules))
	for i, r := range g.rules {
		names[i] = r.name
	}
	return strings.Join(names, ", ")
}

// without is what to take out so that a rule is no longer named: the name and its comma, or the whole
// comment, with its line where nothing else stands there.
func (g *ignore) without(r *ignored) source.Span {
	i := slices.Index(g.rules, r)
	switch {
	case i+1 < len(g.rules):
		return source.Span{Start: r.span.Start, End: g.rules[i+1].span.Start}
	case i > 0:
		return source.Span{Start: g.rules[i-1].span.End, End: r.span.End}
	}
	text, out := g.file.Text, g.span
	for out.Start > 0 && (text[out.Start-1] == ' ' || text[out.Start-1] == '\t') {
		out.Start--
	}
	if out.Start > 0 && text[out.Start-1] != '\n' {
		return out
	}
	if end := strings.IndexByte(text[out.End:], '\n'); end >= 0 {
		out.End += int32(end) + 1
	}
	return out
}
