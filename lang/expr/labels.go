package expr

import "github.com/pipelang/pipe/lang/types"

// unlabelled is a type without any labels, inside too.
func unlabelled(t *types.Type) *types.Type {
	if t.DeepLabels() == 0 {
		return t
	}
	return stripped(t, map[*types.RecordInfo]*types.Type{})
}

func stripped(t *types.Type, seen map[*types.RecordInfo]*types.Type) *types.Type {
	u := *t
	u.Labels = 0
	if t.Elem != nil {
		u.Elem = stripped(t.Elem, seen)
	}
	if t.Kind != types.Record {
		return &u
	}
	if done := seen[t.Record]; done != nil {
		return done
	}
	u.Record = &types.RecordInfo{Name: t.Record.Name}
	seen[t.Record] = &u
	for _, f := range t.Record.Fields {
		f.Type = stripped(f.Type, seen)
		u.Record.Fields = append(u.Record.Fields, f)
	}
	return &u
}

// lostLabels are the labels that keep got from standing where want is expected: 0 when it is
// something else that does.
func lostLabels(got, want *types.Type) types.Label {
	lost := got.DeepLabels() &^ want.Labels
	if lost == 0 || !types.Assignable(unlabelled(got), want) {
		return 0
	}
	if l := got.DeepLabels() &^ want.DeepLabels(); l != 0 {
		return l
	}
	return lost
}
