package lint

import (
	"maps"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
)

// mentions are the names that a program uses, each module's by itself. A name that stands in
// two scopes counts for both: what is told as unused is used nowhere.
type mentions struct {
	settings    map[string]bool
	allSettings bool // settings is used as a whole
	modules     map[*load.Module]*moduleMentions
	importless  bool // a module could not be loaded: nobody knows what it would have been used for
}

// moduleMentions are those of one module.
type moduleMentions struct {
	values, types map[string]bool               // in expressions; as types and records
	spaces        map[*ast.File]map[string]bool // namespaces, by file that has some
	damaged       bool                          // some text could not be read: nobody knows what it uses
}

// mentioned finds what is used, once a pass.
func (p *pass) mentioned() *mentions {
	if p.used == nil {
		p.used = newMentions()
		for _, m := range p.program.Load.Modules {
			switch f := p.shared[p.program.Modules[m]]; {
			case m.Std:
			case f != nil:
				p.used.take(f.used, m)
			default:
				p.mentionsOf(m)
			}
		}
	}
	return p.used
}

func newMentions() *mentions {
	return &mentions{settings: map[string]bool{}, modules: map[*load.Module]*moduleMentions{}}
}

// take takes in what was found of a module for several programs.
func (u *mentions) take(known *mentions, m *load.Module) {
	u.modules[m] = known.modules[m]
	u.allSettings = u.allSettings || known.allSettings
	maps.Copy(u.settings, known.settings)
}

func (p *pass) mentionsOf(m *load.Module) {
	u, mm := p.used, &moduleMentions{values: map[string]bool{}, types: map[string]bool{}, spaces: map[*ast.File]map[string]bool{}, damaged: m.Broken}
	u.modules[m] = mm
	for _, f := range m.Files {
		if len(m.Uses[f]) > 0 {
			mm.spaces[f] = map[string]bool{}
		}
		for _, imp := range m.Uses[f] {
			u.importless = u.importless || imp.Module == nil
		}
		in := mentionsIn{u, mm, mm.spaces[f], nil}
		p.eachPart(f, func(since uint64, n ast.Node) { p.recalling.mentions(since, in, n) })
	}
}

// mentions are those of a part of a file, which is a step where it has a number.
func (r *recalling) mentions(since uint64, in mentionsIn, n ast.Node) {
	if r == nil || since == 0 {
		in.read(n)
		return
	}
	if known := r.known[since].mentions; known != nil {
		in.again(known)
		return
	}
	in.noted = &stepMentions{}
	in.read(n)
	if r.used == nil {
		r.used = map[uint64]*stepMentions{}
	}
	r.used[since] = in.noted
}

// mentionsIn takes in the names that stand in a part of a file.
type mentionsIn struct {
	used   *mentions
	module *moduleMentions
	spaces map[string]bool // nil where the file has none
	noted  *stepMentions   // nil where nobody remembers them
}

// stepMentions are the names that a step uses. They share no text with the file.
type stepMentions struct{ values, types, spaces, settings []string }

func (m mentionsIn) read(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		m.node(n)
		return !m.selected(n)
	})
}

// again takes in what a step was found to use.
func (m mentionsIn) again(s *stepMentions) {
	for _, name := range s.values {
		m.value(name)
	}
	for _, name := range s.types {
		m.typ(name)
	}
	for _, name := range s.spaces {
		m.space(name)
	}
	for _, name := range s.settings {
		m.setting(name)
	}
}

func (m mentionsIn) value(name string) {
	m.module.values[name] = true
	m.used.allSettings = m.used.allSettings || name == "settings"
	if m.noted != nil {
		m.noted.values = append(m.noted.values, strings.Clone(name))
	}
}

func (m mentionsIn) typ(name string) {
	m.module.types[name] = true
	if m.noted != nil {
		m.noted.types = append(m.noted.types, strings.Clone(name))
	}
}

func (m mentionsIn) space(name string) {
	if m.spaces == nil {
		return
	}
	m.spaces[name] = true
	if m.noted != nil {
		m.noted.spaces = append(m.noted.spaces, strings.Clone(name))
	}
}

func (m mentionsIn) setting(name string) {
	m.used.settings[name] = true
	if m.noted != nil {
		m.noted.settings = append(m.noted.settings, strings.Clone(name))
	}
}

func (m mentionsIn) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.BadDecl, *ast.BadItem, *ast.BadExpr, *ast.BadType, *ast.Reserved:
		m.module.damaged = true
	case *ast.Field:
		m.module.damaged = m.module.damaged || n.Bad
	case *ast.Assign:
		m.module.damaged = m.module.damaged || n.Bad
	case *ast.Step:
		m.module.damaged = m.module.damaged || n.Bad
		m.qualified(n.Callee)
		for _, it := range n.Items {
			m.named(it)
		}
	case *ast.NamedType:
		m.qualified(n.Name)
	case *ast.RecordLit:
		m.qualified(n.Type)
	case *ast.Ident:
		m.value(n.Name)
		m.space(n.Name)
	}
}

// selected takes in settings.name, which is no use of all settings.
func (m mentionsIn) selected(n ast.Node) bool {
	sel, ok := n.(*ast.Select)
	if !ok {
		return false
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok || id.Name != "settings" {
		return false
	}
	m.setting(sel.Name.Text)
	return true
}

func (m mentionsIn) qualified(q ast.QualName) {
	if len(q.Parts) == 0 {
		return
	}
	m.typ(q.Parts[0].Text)
	if len(q.Parts) > 1 {
		m.space(q.Parts[0].Text)
	}
}

// named takes in the steps in needs and after.
func (m mentionsIn) named(it ast.Item) {
	switch it := it.(type) {
	case *ast.Needs:
		for _, n := range it.Items {
			if n.Value == nil {
				m.value(n.Name.Text)
			}
		}
	case *ast.After:
		for _, n := range it.Steps {
			m.value(n.Text)
		}
	}
}

// intact are the mentions of a module; nil for one that is damaged.
func (p *pass) intact(m *check.Module) *moduleMentions {
	if mm := p.mentioned().modules[m.Load]; mm != nil && !mm.damaged {
		return mm
	}
	return nil
}
