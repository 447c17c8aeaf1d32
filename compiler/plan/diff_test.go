package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
)

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*plan.Plan)
		want   []string
	}{
		{"nothing", func(*plan.Plan) {}, nil},
		{"a source", func(p *plan.Plan) { p.Sources[1].Digest = plan.DigestOf(nil) }, []string{"source ship.pipe changed"}},
		{"sources", func(p *plan.Plan) { p.Sources[0].Path = "a.pipe" }, []string{"source a.pipe was added", "source ci/go.pipe was removed"}},
		{"a setting", func(p *plan.Plan) { p.Settings[0].Value = json.RawMessage(`"development"`) },
			[]string{`setting environment was "production", is "development"`}},
		{"settings", func(p *plan.Plan) { p.Settings = p.Settings[1:]; p.Settings[0].Name = "hook" },
			[]string{"setting alerts was removed", "setting environment was removed", "setting hook was added: (secret url)? from ALERTS"}},
		{"a parameter", func(p *plan.Plan) { p.Params[0].Value = known(`"1.3"`) }, []string{`parameter version was "1.2", is "1.3"`}},
		{"the profile", func(p *plan.Plan) { p.Profile = "" }, []string{`profile was "production", is ""`}},
		{"a step", func(p *plan.Plan) {
			p.Graph.Steps[0].Args[0].Value = val(`"x"`)
			p.Graph.Steps[0].Retry = &plan.Retry{Count: val("1")}
		}, []string{"step unit changed: args, retry"}},
		{"steps", func(p *plan.Plan) { p.Graph.Steps[4].Name, p.Graph.Steps[4].Path = "new", "new" }, []string{"step never was removed", "step new was added"}},
		{"a step inside", func(p *plan.Plan) { p.Graph.Steps[3].Graph.Steps[0].Never = true }, []string{"step live/tag changed: never"}},
		{"an op", func(p *plan.Plan) { p.Ops["ship.pipe.pytest"].Runs[0].Script = "true" }, []string{"op ship.pipe.pytest changed: runs"}},
		{"the pipeline", func(p *plan.Plan) { p.Graph.Return = nil; p.Effects.Network = false }, []string{"pipeline ship changed: return", "effects changed: network"}},
		{"places only", func(p *plan.Plan) { p.Graph.Steps[2].Args[0].Value.At = "ship.pipe:99:1" }, []string{"places in the files moved"}},
		{"a field called at", func(p *plan.Plan) { p.Graph.Steps[0].Args[0].Value = val(`{"at":1}`) }, []string{"step unit changed: args"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := sample(t), sample(t)
			c.change(b)
			seal(t, b)
			if d := cmp.Diff(c.want, plan.Diff(a, b)); d != "" {
				t.Error(d)
			}
		})
	}
	a, b := sample(t), sample(t)
	a.Graph.Steps[0].Args[0].Value, b.Graph.Steps[0].Args[0].Value = val(`{"at":1}`), val(`{"at":2}`)
	seal(t, a)
	seal(t, b)
	if d := cmp.Diff([]string{"step unit changed: args"}, plan.Diff(a, b)); d != "" {
		t.Error(d)
	}
}
