package lower

import (
	"strings"

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

// recordTypes are the named records that the plan mentions.
func (b *binder) recordTypes() map[string]plan.RecordType {
	if len(b.records) == 0 {
		return nil
	}
	out := map[string]plan.RecordType{}
	for id, t := range b.records {
		r := plan.RecordOf(t)
		// Importers call it by their namespaces; the plan has it as it was declared.
		r.Name = r.Name[strings.LastIndexByte(r.Name, '.')+1:]
		out[id] = r
	}
	return out
}
