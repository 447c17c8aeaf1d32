package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// origin is where a mentioned value has its label from.
type origin struct {
	// notes are the places on the way, from the mention on.
	notes []diag.Related
	// from is what the value was made of; nil where the label is born.
	from *lead
	// known says that the label is born with a name that is always there, as git.branch.
	known bool
}

// lead is an expression to follow.
type lead struct {
	site site
	x    ast.Expr
}

// origin finds where a mention has its label from; nil when it has none.
func (s site) origin(m mention, l types.Label) *origin {
	for _, find := range []func(mention, types.Label) (*origin, bool){
		s.fromOutside, s.fromSelf, s.fromStep, s.fromOp, s.fromPipeline, s.fromFile,
	} {
		if o, mine := find(m, l); mine {
			return o
		}
	}
	return nil
}

func carries(t *types.Type, m mention, l types.Label) bool {
	return t != nil && part(t, m.path).DeepLabels()&l != 0
}

// fromOutside are what an attempt left behind, and the functions that look outside.
func (s site) fromOutside(m mention, l types.Label) (*origin, bool) {
	call := strings.HasSuffix(m.name, "()")
	switch {
	case m.name == "git.changed()" && l == types.Untrusted:
		return &origin{known: true}, true
	case !call && (!s.attempt || !slices.Contains(attemptNames, m.name)):
		return nil, false
	case !s.attempt || l != types.Untrusted || m.name == "exit_code":
		return nil, true
	}
	return s.reached(l), true
}

// reached is how a stranger's value came to what the site's op printed and wrote.
func (s site) reached(l types.Label) *origin {
	for _, p := range s.op.Params {
		if p.Type.DeepLabels()&l == 0 {
			continue
		}
		if o, _ := s.fromStep(mention{name: p.Name}, l); o != nil {
			return o
		}
		if p.Decl != nil {
			return &origin{notes: s.file.declared(p.Decl, "parameter", nil, l)}
		}
	}
	var found *origin
	inner := s
	inner.attempt = false
	handed(s.op.Items, func(x ast.Expr) {
		if found != nil || x == nil {
			return
		}
		for _, m := range mentioned(x) {
			if inner.origin(m, l) != nil {
				text := s.file.brief(m.at) + " reaches the op here, and with it what the op prints and writes"
				found = &origin{notes: []diag.Related{s.file.note(m.at, text)}, from: &lead{inner, x}}
				return
			}
		}
	})
	return found
}

// fromSelf is the value that a condition is about.
func (s site) fromSelf(m mention, l types.Label) (*origin, bool) {
	if s.self == nil || m.name != "self" {
		return nil, false
	}
	return &origin{notes: s.file.declared(s.self, s.selfIs, m.path, l)}, true
}

// fromStep are the loop variables and the bindings of the site's step.
func (s site) fromStep(m mention, l types.Label) (*origin, bool) {
	if s.step == nil {
		return nil, false
	}
	st := s.step.step
	outer := s
	outer.bound, outer.attempt = false, false
	for i := min(s.loops, len(st.Loops)) - 1; i >= 0; i-- {
		if loop := st.Loops[i]; loop.Var == m.name {
			if !carries(loop.Type, m, l) {
				return nil, true
			}
			outer.loops, outer.bound = i, true
			text := fmt.Sprintf("loop variable %q goes over it", m.name)
			return &origin{notes: []diag.Related{s.file.note(loop.Decl.Var.Range, text)}, from: &lead{outer, loop.Decl.List}}, true
		}
	}
	for _, need := range s.step.bindings() {
		if !s.bound || need.Name.Text != m.name {
			continue
		}
		i := slices.IndexFunc(st.Bindings, func(b Binding) bool { return b.Name == m.name })
		if i < 0 || !carries(st.Bindings[i].Type, m, l) {
			return nil, true
		}
		outer.loops = 0
		text := fmt.Sprintf("needs binds it to %q", m.name)
		return &origin{notes: []diag.Related{s.file.note(need.Name.Range, text)}, from: &lead{outer, need.Value}}, true
	}
	return nil, false
}

// fromOp are the parameters of a declared op.
func (s site) fromOp(m mention, l types.Label) (*origin, bool) {
	if s.op == nil || s.op.Decl == nil {
		return nil, false
	}
	return s.fromParams(s.op.Params, m, l)
}

func (s site) fromParams(params []*Param, m mention, l types.Label) (*origin, bool) {
	p := findParam(params, m.name)
	if p == nil {
		return nil, false
	}
	if !carries(p.Type, m, l) {
		return nil, true
	}
	return &origin{notes: s.file.declared(p.Decl, "parameter", m.path, l)}, true
}

// fromPipeline are the parameters, lets and steps of a pipeline.
func (s site) fromPipeline(m mention, l types.Label) (*origin, bool) {
	if s.pipe == nil {
		return nil, false
	}
	if o, mine := s.fromParams(s.pipe.out.Params, m, l); mine {
		return o, true
	}
	outside := site{file: s.file, pipe: s.pipe, bound: true}
	if d := s.pipe.lets[m.name]; d != nil {
		return outside.fromLet(d, s.pipe.out.Lets, m, l), true
	}
	if n := s.node(m.name); n != nil {
		if !carries(n.step.Type, m, l) {
			return nil, true
		}
		return s.result(n, m, l), true
	}
	return nil, false
}

// fromLet is a named value; the site is where its expression stands.
func (s site) fromLet(d *ast.Let, lets []*Let, m mention, l types.Label) *origin {
	i := slices.IndexFunc(lets, func(x *Let) bool { return x.Decl == d })
	if i < 0 || !carries(lets[i].Type, m, l) {
		return nil
	}
	text := fmt.Sprintf("let %q holds it", m.name)
	return &origin{notes: []diag.Related{s.file.note(d.Name.Range, text)}, from: &lead{s, d.Value}}
}

// result is what a step gave: its op or pipeline declares it, or returns what has the label.
func (s site) result(n *node, m mention, l types.Label) *origin {
	o := &origin{notes: []diag.Related{s.file.note(n.step.Decl.Name.Range, fmt.Sprintf("step %q gives it", m.name))}}
	path := m.path
	if len(n.step.Loops) > 0 {
		path = rest(path)
	}
	switch {
	case n.step.Pipeline != nil:
		p := n.step.Pipeline
		f := s.file.fileIn(p.Module, p.File)
		if p.Decl.Result != nil {
			o.notes = append(o.notes, f.declaredResult(p.Decl.Result, fmt.Sprintf("pipeline %q", p.Name), path, l)...)
		} else if d := f.pipelines[p.Name]; d != nil && d.body != nil {
			o.from = &lead{site{file: f, pipe: d.body, bound: true}, fieldValue(p.Return, path)}
		}
	case n.step.Op == nil:
	case n.step.Op.Inline != nil:
		in := site{file: s.file, pipe: s.pipe, bound: true}
		in.enter(n.step.Decl)
		in.attempt = true
		for _, it := range n.step.Op.Items {
			if r, ok := it.(*ast.Return); ok && r.Value != nil {
				o.from = &lead{in, fieldValue(r.Value, path)}
			}
		}
	case n.step.Op.Decl.Result != nil:
		op := n.step.Op
		f := s.file.fileIn(op.Module, op.File)
		o.notes = append(o.notes, f.declaredResult(op.Decl.Result, fmt.Sprintf("op %q", op.Name), path, l)...)
	}
	return o
}

// fieldValue is the part of a record that a path starts with, where it is written out.
func fieldValue(x ast.Expr, path []string) ast.Expr {
	var fields []ast.RecordField
	switch x := ast.Unparen(x).(type) {
	case *ast.RecordBody:
		fields = x.Fields
	case *ast.RecordLit:
		fields = x.Fields
	}
	for _, f := range fields {
		if len(path) > 0 && f.Name.Text == path[0] {
			return f.Value
		}
	}
	return x
}

// fileIn is a file of a checked module.
func (f *file) fileIn(m *Module, x *ast.File) *file {
	return f.modules[m.Load].fileOf(x)
}

// fromFile are the lets of a module, the settings, and the names that are always there.
func (s site) fromFile(m mention, l types.Label) (*origin, bool) {
	f := s.file
	if d := f.lets[m.name]; d != nil {
		return site{file: d.file, bound: true}.fromLet(d.decl, f.out.Lets, m, l), true
	}
	if m.name == "settings" {
		if !f.entry {
			return nil, true
		}
		return f.fromSettings(m, l), true
	}
	v, ok := f.scope.Lookup(m.name)
	if m.name == "run" && s.tail != nil {
		v.Type = tailRunType
	}
	if !ok || !slices.Contains(globals, m.name) || !carries(v.Type, m, l) {
		return nil, ok
	}
	return &origin{known: true}, true
}

// fromSettings is a setting, the first one with the label where all are read.
func (f *file) fromSettings(m mention, l types.Label) *origin {
	for _, x := range f.checker.out.Settings {
		if len(m.path) > 0 && m.path[0] != x.Name {
			continue
		}
		if inner := (mention{path: rest(m.path)}); carries(x.Type, inner, l) {
			return &origin{notes: f.fileOf(x.File).declared(x.Decl, "setting", inner.path, l)}
		}
	}
	return nil
}
