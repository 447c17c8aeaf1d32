package lower

import (
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
)

// text is a type as the plan writes it; the named records in it go into the plan.
func (b *binder) text(t *types.Type) plan.Type {
	if t == nil {
		return ""
	}
	if have, ok := b.texts[t]; ok {
		return have
	}
	collectRecords(t, b.records)
	b.texts[t] = t.Text()
	return b.texts[t]
}

// recordsOf are the types of the records that an expression builds, by name as written.
func (s spot) recordsOf(x ast.Expr) map[string]*types.Type {
	var out map[string]*types.Type
	for _, n := range recordNames(x) {
		t := s.record(n)
		if t == nil {
			continue
		}
		if out == nil {
			out = map[string]*types.Type{}
		}
		out[n] = t
	}
	return out
}

// record finds a record type by its name in the spot's file.
func (s spot) record(id string) *types.Type {
	namespace, last, qualified := strings.Cut(id, ".")
	if !qualified {
		return s.module.Types[id]
	}
	used := s.module.Load.Uses[s.file][namespace]
	if used == nil || used.Module == nil {
		return nil
	}
	if m := s.draft.program.Modules[used.Module]; m != nil {
		return m.Types[last]
	}
	return nil
}

// recordTypes are the named records that the plan mentions, with what they ask of their fields.
func (b *binder) recordTypes() map[string]plan.RecordType {
	if len(b.records) == 0 {
		return nil
	}
	out := map[string]plan.RecordType{}
	for len(out) < len(b.records) { // a condition may build records of its own
		for _, id := range slices.Sorted(maps.Keys(b.records)) {
			if _, done := out[id]; !done {
				out[id] = b.recordType(id, b.records[id])
			}
		}
	}
	return out
}

func (b *binder) recordType(id string, t *types.Type) plan.RecordType {
	r := plan.RecordOf(t)
	// Importers call it by their namespaces; the plan has it as it was declared.
	r.Name = r.Name[strings.LastIndexByte(r.Name, '.')+1:]
	d, ok := b.draft.declared[id]
	if !ok {
		return r
	}
	r.Module = d.module.Load.ID
	in := b.within(d.module, d.file, nil)
	in.names = in.names.child(false)
	in.names.late("self")
	for _, x := range d.decl.Fields {
		i := slices.IndexFunc(r.Fields, func(f plan.Field) bool { return f.Name == x.Name.Text })
		if x.Where != nil && i >= 0 {
			r.Fields[i].Where, r.Fields[i].Else = in.condition(x.Where), in.opt(x.Else, types.StringType)
		}
	}
	return r
}

// declaredRecord is where a record with conditions stands.
type declaredRecord struct {
	module *check.Module
	file   *ast.File
	decl   *ast.TypeDecl
}

// declarations finds the records of a module whose fields have conditions.
func (d *Draft) declarations(m *check.Module) {
	for _, f := range m.Load.Files {
		for _, x := range f.Decls {
			t, ok := x.(*ast.TypeDecl)
			if ok && slices.ContainsFunc(t.Fields, func(f *ast.Field) bool { return f.Where != nil }) {
				d.declared[m.Load.ID+"."+t.Name.Text] = declaredRecord{m, f, t}
			}
		}
	}
}
