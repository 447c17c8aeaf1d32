package engine

import (
	"context"
	"path"
	"slices"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// scope is the names that an expression sees: its own, then those of the scope around it,
// then its graph's, then its module's, then those of every expression.
type scope struct {
	run    *run
	outer  *scope
	module *module
	graph  *graphRun // nil in a module and in an op that is not inline
	// reader is the step whose expressions are evaluated; nil for the graph's own.
	reader *stepInfo
	locals []local
	// facts and answers belong to an attempt that has ended.
	facts   *facts
	answers expr.Host
}

// local is a loop variable, a binding or a parameter.
type local struct {
	name  string
	value value.Value
}

// read gives a name's value. The error is an *expr.UnknownError for what is not known.
func (s *scope) read(ctx context.Context, name string) (value.Value, error) {
	for in := s; in != nil; in = in.outer {
		for i := range in.locals {
			if in.locals[i].name == name {
				return known(in.locals[i].value, name)
			}
		}
		if in.facts != nil {
			if v, ok, err := in.facts.read(name); ok {
				return v, err
			}
		}
		if in.graph != nil {
			if v, ok, err := in.graph.read(ctx, name, in); ok {
				return v, err
			}
		}
	}
	if v, ok, err := s.module.read(ctx, s.run, name); ok {
		return v, err
	}
	return s.run.global(name)
}

func known(v value.Value, name string) (value.Value, error) {
	if v == nil {
		return nil, unknown(name)
	}
	return v, nil
}

func unknown(name string) error { return &expr.UnknownError{Names: []string{name}} }

// global gives the names that every expression sees.
func (r *run) global(name string) (value.Value, error) {
	if name == "settings" {
		return r.settings, nil
	}
	return known(r.Context[name], name)
}

// status says how a step of the same graph ended.
func (s *scope) status(step string) expr.Status {
	for in := s; in != nil; in = in.outer {
		if in.graph != nil {
			return in.graph.status(step)
		}
	}
	return ""
}

// host answers functions that look outside.
func (s *scope) host() expr.Host {
	for in := s; in != nil; in = in.outer {
		if in.answers != nil {
			return in.answers
		}
	}
	return s.run.hostIn(s.module.folder)
}

// hostIn answers for the expressions of files in a folder.
func (r *run) hostIn(folder string) expr.Host {
	switch {
	case r.RepoIn != nil:
		return r.RepoIn(folder)
	case r.Repo != nil:
		return folderHost{r.Repo, folder}
	}
	return nil
}

// folderHost makes the paths of one module relative to the root.
type folderHost struct {
	expr.Host
	folder string
}

// Call implements expr.Host.
func (h folderHost) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	out := make([]value.Value, len(args))
	for i, a := range args {
		out[i] = fromRoot(h.folder, a)
	}
	return h.Host.Call(ctx, function, out)
}

func fromRoot(folder string, v value.Value) value.Value {
	return eachText(v, func(s string) string { return plan.Resolve(folder, s) })
}

// eachText changes a text, or every text of a list.
func eachText(v value.Value, change func(string) string) value.Value {
	switch v := v.(type) {
	case value.String:
		return value.String(change(string(v)))
	case value.List:
		out := make(value.List, len(v))
		for i := range v {
			out[i] = eachText(v[i], change)
		}
		return out
	}
	return v
}

// module is what the expressions of one module see.
type module struct {
	plan    plan.Module
	folder  string
	records map[string]*types.Type
	lets    *lets
}

// readModules prepares the plan's modules.
func (r *run) readModules() {
	r.modules = map[string]*module{}
	for i := range r.Plan.Modules {
		m := r.Plan.Modules[i]
		r.modules[m.ID] = r.newModule(m)
	}
}

func (r *run) newModule(p plan.Module) *module {
	m := &module{plan: p, folder: p.Folder, records: map[string]*types.Type{}, lets: newLets()}
	for name, id := range p.Records {
		m.records[name] = r.records[id]
	}
	return m
}

// module finds a module by its ID; at is a place in one of its files, for a module that the
// plan says nothing of.
func (r *run) module(id, at string) *module {
	if m, ok := r.modules[id]; ok {
		return m
	}
	return r.newModule(plan.Module{ID: id, Folder: folderOf(at)})
}

// folderOf is the folder of the file in file:line:column, "" for the root.
func folderOf(at string) string {
	dir := path.Dir(at)
	if dir == "." {
		return ""
	}
	return dir
}

// read gives a let of the module.
func (m *module) read(ctx context.Context, r *run, name string) (value.Value, bool, error) {
	i := slices.IndexFunc(m.plan.Lets, func(l plan.Let) bool { return l.Name == name })
	if i < 0 {
		return nil, false, nil
	}
	v, err := m.lets.eval(ctx, &m.plan.Lets[i], &scope{run: r, module: m})
	return v, true, err
}
