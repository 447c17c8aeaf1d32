package lint

import (
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
		p.used = &mentions{settings: map[string]bool{}, modules: map[*load.Module]*moduleMentions{}}
		for _, m := range p.program.Load.Modules {
			if !m.Std {
				p.used.module(m)
			}
		}
	}
	return p.used
}

func (u *mentions) module(m *load.Module) {
	mm := &moduleMentions{values: map[string]bool{}, types: map[string]bool{}, spaces: map[*ast.File]map[string]bool{}, damaged: m.Broken}
	u.modules[m] = mm
	for _, f := range m.Files {
		if len(m.Uses[f]) > 0 {
			mm.spaces[f] = map[string]bool{}
		}
		for _, imp := range m.Uses[f] {
			u.importless = u.importless || imp.Module == nil
		}
		spaces := mm.spaces[f]
		ast.Inspect(f, func(n ast.Node) bool {
			u.node(mm, spaces, n)
			return !u.selected(n)
		})
	}
}

func (u *mentions) node(m *moduleMentions, spaces map[string]bool, n ast.Node) {
	switch n := n.(type) {
	case *ast.BadDecl, *ast.BadItem, *ast.BadExpr, *ast.BadType, *ast.Reserved:
		m.damaged = true
	case *ast.Field:
		m.damaged = m.damaged || n.Bad
	case *ast.Assign:
		m.damaged = m.damaged || n.Bad
	case *ast.Step:
		m.damaged = m.damaged || n.Bad
		m.qualified(spaces, n.Callee)
		for _, it := range n.Items {
			m.named(it)
		}
	case *ast.NamedType:
		m.qualified(spaces, n.Name)
	case *ast.RecordLit:
		m.qualified(spaces, n.Type)
	case *ast.Ident:
		m.values[n.Name] = true
		if spaces != nil {
			spaces[n.Name] = true
		}
		u.allSettings = u.allSettings || n.Name == "settings"
	}
}

// selected takes in settings.name, which is no use of all settings.
func (u *mentions) selected(n ast.Node) bool {
	sel, ok := n.(*ast.Select)
	if !ok {
		return false
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok || id.Name != "settings" {
		return false
	}
	u.settings[sel.Name.Text] = true
	return true
}

func (m *moduleMentions) qualified(spaces map[string]bool, q ast.QualName) {
	if len(q.Parts) == 0 {
		return
	}
	m.types[q.Parts[0].Text] = true
	if len(q.Parts) > 1 && spaces != nil {
		spaces[q.Parts[0].Text] = true
	}
}

// named takes in the steps in needs and after.
func (m *moduleMentions) named(it ast.Item) {
	switch it := it.(type) {
	case *ast.Needs:
		for _, n := range it.Items {
			if n.Value == nil {
				m.values[n.Name.Text] = true
			}
		}
	case *ast.After:
		for _, n := range it.Steps {
			m.values[n.Text] = true
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
