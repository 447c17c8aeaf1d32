package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pipelang/pipe/lang/types"
)

// RecordOf is a named record as a plan holds it, without what its fields ask of their values.
func RecordOf(t *types.Type) RecordType {
	out := RecordType{Name: t.Record.Name, Fields: []Field{}}
	for _, f := range t.Record.Fields {
		x := Field{Name: f.Name, Type: f.Type.Text(), HasDefault: f.HasDefault}
		if f.Default != "" {
			x.Default = json.RawMessage(f.Default)
		}
		out.Fields = append(out.Fields, x)
	}
	return out
}

// Records are the plan's named records as types, by ID. They may refer to each other and to themselves.
func (p *Plan) Records() (map[string]*types.Type, error) {
	out := map[string]*types.Type{}
	for id, r := range p.Types {
		out[id] = types.NewRecord(r.Name, id)
	}
	for _, id := range slices.Sorted(maps.Keys(p.Types)) {
		fields, err := fieldsOf(p.Types[id], out)
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", id, err)
		}
		out[id].SetFields(fields)
	}
	return out, nil
}

func fieldsOf(r RecordType, named map[string]*types.Type) ([]types.Field, error) {
	var out []types.Field
	for _, f := range r.Fields {
		t, err := types.Parse(f.Type, func(id string) *types.Type { return named[id] })
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		out = append(out, types.Field{Name: f.Name, Type: t, HasDefault: f.HasDefault, Default: string(f.Default)})
	}
	return out, nil
}
