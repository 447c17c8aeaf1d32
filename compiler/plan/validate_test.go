package plan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
)

func TestValidate(t *testing.T) {
	if err := plan.Validate(sample(t)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want   string
		change func(*plan.Plan)
	}{
		{"schema", func(p *plan.Plan) { p.Schema = "x" }},
		{"entry must be named", func(p *plan.Plan) { p.Entry = "" }},
		{"expected sha256", func(p *plan.Plan) { p.Sources[0].Digest = "md5:1" }},
		{"out of order or repeated", func(p *plan.Plan) { p.Sources[1].Path = "ci/go.pipe" }},
		{"setting alerts is secret and has a value", func(p *plan.Plan) { p.Settings[1].Value = json.RawMessage(`"x"`) }},
		{"late names are not sorted", func(p *plan.Plan) { p.Late = []string{"run", "git"} }},
		{"graph.steps[0].args[0].value: an expression is either", func(p *plan.Plan) { p.Graph.Steps[0].Args[0].Value = plan.Expr{} }},
		{`ops["ship.pipe.pytest"].image: an expression is either`, func(p *plan.Plan) { p.Ops["ship.pipe.pytest"].Image.CEL = "x" }},
		{"the value is no JSON", func(p *plan.Plan) { p.Graph.Steps[0].Args[0].Value = val(`{`) }},
		{"graph.steps[0].type: ", func(p *plan.Plan) { p.Graph.Steps[0].Type = "Gone" }},
		{"record ship.pipe.Report: field passed", func(p *plan.Plan) { p.Types["ship.pipe.Report"].Fields[0].Type = "[int" }},
		{"not named after its module", func(p *plan.Plan) { p.Ops["x"] = p.Ops["ship.pipe.pytest"] }},
		{"runs nothing", func(p *plan.Plan) { p.Ops["m.x"] = plan.Op{Name: "x", Module: "m", Result: "nothing"} }},
		{"script 1 has no interpreter", func(p *plan.Plan) { p.Ops["ship.pipe.pytest"].Runs[0].Interpreter = "" }},
		{`two steps called "locked"`, func(p *plan.Plan) { p.Graph.Steps[0].Name = "locked" }},
		{`step "tag" at "tag"`, func(p *plan.Plan) { p.Graph.Steps[3].Graph.Steps[0].Path = "tag" }},
		{"either an op or a graph", func(p *plan.Plan) { p.Graph.Steps[3].Op = "ship.pipe.pytest" }},
		{`calls the op "gone"`, func(p *plan.Plan) { p.Graph.Steps[0].Op = "gone" }},
		{`refers to "nowhere"`, func(p *plan.Plan) { p.Graph.Steps[0].Needs = []string{"nowhere"} }},
		{"lock policy", func(p *plan.Plan) { p.Graph.Steps[0].Locks = []plan.Lock{{Key: val("1"), Policy: "any"}} }},
		{"in a circle", func(p *plan.Plan) { p.Graph.Steps[1].OrderEdges = []string{"each"} }},
	} {
		p := sample(t)
		c.change(p)
		err := plan.Validate(p)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("expected %q, found %v", c.want, err)
		}
	}
}

func TestValidateStopsCounting(t *testing.T) {
	p := sample(t)
	for range 1000 {
		p.Graph.Steps = append(p.Graph.Steps, plan.Step{})
	}
	if n := len(plan.Validate(p).Error()); n > 10_000 {
		t.Errorf("a message of %d bytes", n)
	}
}
