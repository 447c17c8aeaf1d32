package lint

import (
	"fmt"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// outputNames finds outputs that scripts write and `return` never reads, and those that it reads
// and no script writes.
var outputNames = rule{alone: true, op: func(p *pass, o *check.Op) {
	list := p.scripts(o)
	w := written(o, list)
	read, whole := outputsRead(o)
	if whole || len(list) == 0 {
		return
	}
	p.lostBetween(list)
	p.writtenTwice(o, list)
	for _, s := range list {
		for _, out := range s.read.Outputs.Names {
			if _, ok := read[out.Name]; !ok {
				p.report(unreadOutput(s, out, read, w))
			}
		}
	}
	if w.unknown {
		return
	}
	for name, r := range read {
		if r.must && !slices.Contains(w.names, name) {
			p.report(finding{
				rule: diag.MissingOutput, file: o.File.Source, at: r.at,
				message: fmt.Sprintf("no script writes the output %q", name),
				help:    outputHelp(name, w.names),
			})
		}
	}
}}

// unreadOutput is an output that return never reads; it may read one that no script writes, and mean this.
func unreadOutput(s *script, out shell.Output, read map[string]reading, w outputs) finding {
	f := finding{
		rule: diag.UnreadOutput, file: s.file, at: s.span(out.At),
		message: fmt.Sprintf("output %q is written, and return never reads it", out.Name),
		help:    fmt.Sprintf("return it as outputs.%s, or do not write it", out.Name),
	}
	if w.elsewhere || !w.unknown {
		return f // others write there, or what is missing is told where it is read
	}
	var absent []string
	for name, r := range read {
		if r.must && !slices.Contains(w.names, name) {
			absent = append(absent, name)
		}
	}
	if meant := diag.Suggest(out.Name, absent); meant != "" {
		f.help = fmt.Sprintf("return reads %q, which no script writes: one of the two names is wrong", meant)
		f.related = []diag.Related{{File: s.file, Span: read[meant].at, Message: "it is read here"}}
		if at := s.span(out.At); s.file.Slice(at) == out.Name {
			f.fixes = []diag.Fix{{Message: "write " + meant, Changes: "return finds it then", Edits: []diag.Edit{{File: s.file, Span: at, Text: meant}}}}
		}
	}
	return f
}

// lostBetween finds scripts that begin the file anew which an earlier one of the op wrote to.
func (p *pass) lostBetween(list []*script) {
	before := false
	for _, s := range list {
		for _, at := range s.read.Outputs.Anew {
			if before {
				p.risk(s, shell.LostOutputs(s.src.Text, at, "an earlier script"))
			}
		}
		before = before || len(s.read.Outputs.Names) > 0
	}
}

// writtenTwice finds a name that an op writes twice whatever happens, which fails the step when it has ended.
func (p *pass) writtenTwice(o *check.Op, list []*script) {
	first := map[string]diag.Related{}
	for _, s := range list {
		over := losesOutputs(s)
		if over || len(s.read.Outputs.Anew) > 0 {
			clear(first)
		}
		if over || !unguarded(o, s) {
			continue
		}
		for _, out := range s.read.Outputs.Names {
			if out.Branch {
				continue
			}
			at := s.span(out.At)
			if before, twice := first[out.Name]; twice {
				p.report(finding{
					rule: diag.MalformedOutput, file: s.file, at: at, related: []diag.Related{before},
					message: fmt.Sprintf("output %q is written twice, and a name twice fails the step", out.Name),
					help:    "write it once; a variable may hold what it is going to be",
				})
				continue
			}
			first[out.Name] = diag.Related{File: s.file, Span: at, Message: "it is written here, too"}
		}
	}
}

// losesOutputs says that a script throws away what it has written itself, which is told as that.
func losesOutputs(s *script) bool {
	return slices.ContainsFunc(s.read.Risks, func(r shell.Risk) bool { return r.Kind == shell.LostOutput })
}

// unguarded says that a script runs whenever its op does and what stands before it has not failed.
func unguarded(o *check.Op, s *script) bool {
	return slices.ContainsFunc(o.Items, func(it ast.Item) bool {
		r, ok := it.(*ast.Run)
		return ok && r.Script == s.src && r.When == nil && !r.OnFailure
	})
}

func outputHelp(name string, names []string) string {
	if help := diag.DidYouMean(name, names); help != "" {
		return help
	}
	return fmt.Sprintf(`write it: echo "%s=…" >> "$PIPE_OUTPUT"`, name)
}

// outputs are the names that an op's scripts write.
type outputs struct {
	names     []string
	unknown   bool // others may be written, too
	elsewhere bool // others are written in a way that no text tells
}

func written(o *check.Op, list []*script) (out outputs) {
	runs := 0
	for _, it := range o.Items {
		switch it := it.(type) {
		case *ast.Run:
			runs++
		case *ast.Attr:
			out.elsewhere = out.elsewhere || it.Key.Text == "exec"
		}
	}
	out.elsewhere = out.elsewhere || runs != len(list) // Python and others write in their own way
	for _, s := range list {
		r := s.read
		out.elsewhere = out.elsewhere || r.Unread || len(r.Mistakes) > 0 || r.Outputs.Unknown
		out.unknown = out.unknown || r.Outputs.Elsewhere
		for _, n := range r.Outputs.Names {
			out.names = append(out.names, n.Name)
		}
	}
	out.unknown = out.unknown || out.elsewhere
	return out
}

// reading is where an output is read, and whether it must be there.
type reading struct {
	at   source.Span
	must bool
}

// outputsRead are the outputs that return and conditions of an op name; whole says that they are used
// in another way too, so that nobody knows which.
func outputsRead(o *check.Op) (read map[string]reading, whole bool) {
	read = map[string]reading{}
	for _, it := range o.Items {
		ast.Inspect(it, func(n ast.Node) bool {
			var in, name ast.Node
			var text string
			var asked bool // for what may be absent
			switch n := n.(type) {
			case *ast.Select:
				in, name, text = ast.Unparen(n.X), n.Name, n.Name.Text
				asked = n.Optional
			case *ast.Index:
				if s, ok := ast.Unparen(n.Index).(*ast.StringLit); ok {
					in, name, text = ast.Unparen(n.X), s, s.Value
					asked = n.Optional
				}
			case *ast.Ident:
				whole = whole || n.Name == "outputs"
			}
			if id, ok := in.(*ast.Ident); ok && id.Name == "outputs" {
				if known, ok := read[text]; !ok || !known.must {
					read[text] = reading{name.Span(), !asked}
				}
				return false
			}
			return true
		})
	}
	return read, whole
}
