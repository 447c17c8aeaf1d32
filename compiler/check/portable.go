package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// containersOnly are what a program on a machine cannot be held to or given. A service is none of
// them: it is a container itself, which programs of this machine reach.
var containersOnly = map[string]bool{"network": true, "user": true, "cpu": true, "memory": true, "pids": true, "capabilities": true}

// portability says what ops and steps ask of a place that it cannot do, whatever the run will know.
type portability struct {
	program *Program
	diags   *diag.List
}

func (p portability) check() {
	for _, l := range p.program.Load.Modules {
		m := p.program.Modules[l]
		if m == nil || l.Std {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(m.Ops)) {
			p.op(m.Ops[name])
		}
		for _, name := range slices.Sorted(maps.Keys(m.Pipelines)) {
			line := m.Pipelines[name]
			for _, list := range [][]*Step{line.Steps, line.OnFailure, line.Finally} {
				for _, s := range list {
					p.step(line, s)
				}
			}
		}
	}
}

func (p portability) report(f *ast.File, rule string, at source.Span, help, format string, args ...any) {
	severity, _ := diag.Natural(rule)
	p.diags.Add(diag.Diagnostic{Rule: rule, Severity: severity, File: f.Source, Span: at, Message: fmt.Sprintf(format, args...), Help: help})
}

// op looks at what an op says of itself.
func (p portability) op(o *Op) {
	if o.Native {
		return
	}
	if itemOf(o.Items, "image") == nil {
		for _, it := range o.Items {
			if word := keyword(it); containersOnly[word] {
				p.report(o.File, diag.NeedsContainer, headOf(it), "give the op an image, or leave "+word+" out",
					"%s is for containers, and %s has no image", word, p.whose(o, it))
			}
		}
	}
	if at := itemOf(o.Items, "target"); at != nil {
		p.place(o, o.File, o.Module, at, headOf(at))
	}
}

// whose says which op an item is about: its own, or one that takes it from defaults.
func (p portability) whose(o *Op, it ast.Item) string {
	if d := o.Module.Defaults[o.File]; d != nil && slices.Contains(d.Items, it) {
		return "an op that takes it from here"
	}
	return fmt.Sprintf("op %q", o.Name)
}

// step looks at where a step sends an op: by its own target, else by its pipeline's where the
// op names none.
func (p portability) step(line *Pipeline, s *Step) {
	if s.Op == nil || s.Op.Native {
		return
	}
	if s.Op.Inline != nil {
		p.op(s.Op)
	}
	at := itemOf(s.Modifiers, "target")
	switch {
	case at != nil && s.Op.Inline == nil:
		p.place(s.Op, s.File, line.Module, at, headOf(at))
	case at == nil && itemOf(s.Op.Items, "target") == nil:
		if at = itemOf(line.Head, "target"); at != nil {
			p.place(s.Op, s.File, line.Module, at, s.Decl.Name.Span())
		}
	}
}

// place compares an op with the kind of target that an item names.
func (p portability) place(o *Op, f *ast.File, m *Module, it ast.Item, at source.Span) {
	a, is := it.(*ast.Attr)
	if !is || a.Value == nil {
		return
	}
	kind, name := p.kindOf(f, m, a.Value)
	image, inPlace := itemOf(o.Items, "image") != nil, itemOf(o.Items, "in place") != nil
	switch {
	case kind == "host" && image:
		p.report(f, diag.WrongTarget, at, "leave the target or the image out",
			"op %q has an image, and target %s runs programs of this machine", o.Name, name)
	case kind == "docker" && inPlace:
		// Of an op's own target it is said where the two stand together.
		if itemOf(o.Items, "target") != it {
			p.report(f, diag.WrongTarget, at, "leave the target or in place out",
				"op %q runs in place, and target %s does not share the repository's files", o.Name, name)
		}
	case kind == "docker" && !image:
		p.report(f, diag.WrongTarget, at, `give the op an image, as in image "alpine:3"`,
			"op %q has no image, and target %s runs containers", o.Name, name)
	}
}

// kindOf is the kind of the target that an expression names, "" for one that is not known.
func (p portability) kindOf(f *ast.File, m *Module, x ast.Expr) (kind, name string) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.Select:
		ns, ok := ast.Unparen(x.X).(*ast.Ident)
		if !ok {
			return "", ""
		}
		use := m.Load.Uses[f][ns.Name]
		if use == nil || p.program.Modules[use.Module] == nil {
			return "", ""
		}
		m, name = p.program.Modules[use.Module], x.Name.Text
	}
	switch d := m.Targets[name]; {
	case d != nil:
		return d.Kind.Text, name
	case slices.Contains(builtinTargets, name):
		return name, name
	}
	return "", name
}

// itemOf is the first item with a keyword, nil without one.
func itemOf(items []ast.Item, word string) ast.Item {
	for _, it := range items {
		if keyword(it) == word {
			return it
		}
	}
	return nil
}
