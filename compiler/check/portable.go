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
		if m := p.program.Modules[l]; m != nil && p.program.Shared[l] == nil {
			p.module(m)
		}
	}
}

func (p portability) module(m *Module) {
	if m.Load.Std {
		return
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
		p.place(o, sent{by: at, file: o.File, module: o.Module, at: headOf(at)})
	}
}

// whose says which op an item is about: its own, or one that takes it from defaults.
func (p portability) whose(o *Op, it ast.Item) string {
	if d := o.Module.Defaults[o.File]; d != nil && slices.Contains(d.Items, it) {
		return "an op that takes it from here"
	}
	return fmt.Sprintf("op %q", o.Name)
}

// sent is the item that names a target, with the module that it stands in and where to report.
type sent struct {
	by     ast.Item
	file   *ast.File
	module *Module
	at     source.Span
	via    string // ", in pipeline NAME" for what a called pipeline holds
}

// step looks at where a step sends what it calls: by its own target, else by its pipeline's where
// the op names none.
func (p portability) step(line *Pipeline, s *Step) {
	if s.Op != nil && s.Op.Inline != nil {
		p.op(s.Op)
	}
	own, head := itemOf(s.Modifiers, "target"), itemOf(line.Head, "target")
	switch {
	case own != nil && s.Pipeline != nil:
		p.below(s.Pipeline, sent{by: own, file: s.File, module: line.Module, at: headOf(own)}, map[*Pipeline]bool{})
	case own != nil && s.Op != nil && s.Op.Inline == nil:
		to := sent{by: own, file: s.File, module: line.Module, at: headOf(own)}
		if !p.unused(s.Op, to) {
			p.place(s.Op, to)
		}
	case own != nil || head == nil:
	case s.Pipeline != nil:
		p.below(s.Pipeline, sent{by: head, file: s.File, module: line.Module, at: s.Decl.Name.Span()}, map[*Pipeline]bool{})
	case s.Op != nil && itemOf(s.Op.Items, "target") == nil:
		p.place(s.Op, sent{by: head, file: s.File, module: line.Module, at: s.Decl.Name.Span()})
	}
}

// below looks at the steps of a called pipeline that name no target of their own: the call's is theirs.
func (p portability) below(line *Pipeline, to sent, seen map[*Pipeline]bool) {
	if seen[line] || itemOf(line.Head, "target") != nil {
		return
	}
	seen[line] = true
	to.via = fmt.Sprintf(", in pipeline %q", line.Name)
	for _, list := range [][]*Step{line.Steps, line.OnFailure, line.Finally} {
		for _, s := range list {
			switch {
			case itemOf(s.Modifiers, "target") != nil:
			case s.Pipeline != nil:
				p.below(s.Pipeline, to, seen)
			case s.Op != nil && itemOf(s.Op.Items, "target") == nil:
				p.place(s.Op, to)
			}
		}
	}
}

// unused finds a step's own target that its native op has no use for.
func (p portability) unused(o *Op, to sent) bool {
	e, known := NativeEffect(o)
	kind, name := p.kindOf(to)
	if !known || e.Engine || kind == "" || kind == "host" {
		return false
	}
	p.report(to.file, diag.WrongTarget, to.at, "leave the target out",
		"%s works from this machine, without an engine, and has no use for target %s", e.Does, name)
	return true
}

// place compares an op with the kind of target that an item names.
func (p portability) place(o *Op, to sent) {
	kind, name := p.kindOf(to)
	image, inPlace := itemOf(o.Items, "image") != nil, itemOf(o.Items, "in place") != nil
	e, _ := NativeEffect(o)
	switch {
	case o.Native && e.Engine && kind != "" && kind != "docker":
		p.report(to.file, diag.WrongTarget, to.at, "leave the target out, or name one of the kind docker",
			"%s works on a Docker engine, and target %s is of the kind %s%s", e.Does, name, kind, to.via)
	case o.Native:
	case kind == "host" && image:
		p.report(to.file, diag.WrongTarget, to.at, "leave the target or the image out",
			"op %q has an image, and target %s runs programs of this machine%s", o.Name, name, to.via)
	case kind == "docker" && inPlace:
		// Of an op's own target it is said where the two stand together.
		if itemOf(o.Items, "target") != to.by {
			p.report(to.file, diag.WrongTarget, to.at, "leave the target or in place out",
				"op %q runs in place, and target %s does not share the repository's files%s", o.Name, name, to.via)
		}
	case kind == "docker" && !image:
		p.report(to.file, diag.WrongTarget, to.at, `give the op an image, as in image "alpine:3"`,
			"op %q has no image, and target %s runs containers%s", o.Name, name, to.via)
	}
}

// kindOf is the kind of the target that an item names, "" for one that is not known.
func (p portability) kindOf(to sent) (kind, name string) {
	a, is := to.by.(*ast.Attr)
	if !is || a.Value == nil {
		return "", ""
	}
	m := to.module
	switch x := ast.Unparen(a.Value).(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.Select:
		ns, ok := ast.Unparen(x.X).(*ast.Ident)
		if !ok {
			return "", ""
		}
		use := m.Load.Uses[to.file][ns.Name]
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
