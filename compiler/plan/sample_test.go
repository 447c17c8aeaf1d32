package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
)

func val(text string) plan.Expr { return plan.Expr{Value: json.RawMessage(text)} }

func known(text string) *plan.Expr {
	x := val(text)
	return &x
}

func cel(text, at string) plan.Expr { return plan.Expr{CEL: text, At: at} }

func late(text, at string) *plan.Expr {
	x := cel(text, at)
	return &x
}

// sample is a plan that holds most of what a plan can hold.
func sample(t testing.TB) *plan.Plan {
	t.Helper()
	p := &plan.Plan{
		Schema: plan.Version, Language: plan.Language, Pipeline: "ship", Doc: "Ships it.\nAll of it.", Profile: "production",
		Entry:   "ship.pipe",
		Sources: []plan.Source{{Path: "ci/go.pipe", Digest: plan.DigestOf([]byte("b"))}, {Path: "ship.pipe", Digest: plan.DigestOf([]byte("a"))}},
		Types: map[string]plan.RecordType{"ship.pipe.Report": {Name: "Report", Fields: []plan.Field{
			{Name: "passed", Type: "int"}, {Name: "inner", Type: "ship.pipe.Report?"}, {Name: "n", Type: "int", HasDefault: true, Default: json.RawMessage("3")}}}},
		Settings: []plan.Setting{
			{Name: "environment", Type: `"development" | "production"`, Value: json.RawMessage(`"production"`), Variable: "DEPLOY_ENV"},
			{Name: "alerts", Type: "(secret url)?", Secret: true, Variable: "ALERTS"},
			{Name: "port", Type: "int?", Variable: "PORT"}},
		Params:  []plan.Param{{Name: "version", Type: "string", Value: known(`"1.2"`)}},
		Late:    []string{"git", "run"},
		Modules: []plan.Module{{ID: "ship.pipe", Lets: []plan.Let{{Name: "files", Type: "[string]", Value: val(`["app/**"]`)}}, Records: map[string]string{"Report": "ship.pipe.Report"}}},
		Ops: map[string]plan.Op{
			"ship.pipe.pytest": {
				Name: "pytest", Module: "ship.pipe", At: "ship.pipe:30:1", Result: "ship.pipe.Report",
				Params: []plan.Param{{Name: "marker", Type: "string", Value: known(`""`)}},
				Image:  known(`"python:3.11-slim"`), Inputs: known(`["app/**"]`),
				Runs:    []plan.Run{{Interpreter: "sh", Script: `pytest -m "$marker" < in && true`, At: "ship.pipe:35:7"}, {Title: "logs", Interpreter: "bash", Script: "a\nb\nc\n", At: "ship.pipe:36:7", OnFailure: true}},
				Env:     []plan.NamedExpr{{Name: "DATABASE_URL", Type: "secret string", Value: cel("settings.database_url", "ship.pipe:33:24")}},
				Inherit: []string{"GOFLAGS"}, Keep: known(`["report.xml"]`), Timeout: known(`"600s"`),
				Mounts: []plan.Mount{{Path: val(`"data"`), Cache: "pip"}}, Cached: &plan.Cached{For: known(`"3600s"`)},
				Return: late(`junit("report.xml")`, "ship.pipe:38:10")},
			"ship.pipe.ship/locked": {Name: "ship/locked", Module: "ship.pipe", At: "ship.pipe:44:12", Inline: true, InPlace: true, Result: "nothing",
				Runs: []plan.Run{{Interpreter: "sh", Script: "poetry check --lock", At: "ship.pipe:44:30"}}},
			"std/notify.webhook": {Name: "webhook", Module: "std/notify", At: "std/notify:3:1", Native: true, Result: "nothing"},
		},
		Graph: plan.Graph{
			Name: "ship", Module: "ship.pipe", At: "ship.pipe:41:1", Result: "{ url: string }",
			Locks: []plan.Lock{{Key: val(`"ship"`), Policy: "latest"}},
			Steps: []plan.Step{
				{Path: "unit", Name: "unit", At: "ship.pipe:46:3", Op: "ship.pipe.pytest", Result: "ship.pipe.Report", Type: "ship.pipe.Report",
					Args: []plan.NamedExpr{{Name: "marker", Type: "string", Value: val(`"not integration"`)}}, Needs: []string{"locked"}, ValueEdges: []string{"locked"}},
				{Path: "locked", Name: "locked", At: "ship.pipe:44:3", Op: "ship.pipe.ship/locked", Result: "nothing", Type: "nothing"},
				{Path: "each", Name: "each", At: "ship.pipe:50:3", Op: "ship.pipe.pytest", Result: "ship.pipe.Report", Type: "[ship.pipe.Report]?",
					Args:    []plan.NamedExpr{{Name: "marker", Type: "string", Value: cel("x", "ship.pipe:50:20")}},
					When:    []plan.Guard{{Expr: cel(`git.branch == "main"`, "ship.pipe:51:10")}},
					For:     []plan.Loop{{Var: "x", Type: "string", List: val(`["a","b"]`), Where: late(`x != "a"`, "ship.pipe:52:9"), Max: known("2")}},
					Require: []plan.Require{{Cond: cel("unit.passed > 0", "ship.pipe:53:13"), Else: known(`"none passed"`)}},
					Retry:   &plan.Retry{Count: val("2"), Every: known(`"5s"`)}, ValueEdges: []string{"unit"}, OrderEdges: []string{"locked"}, After: []string{"locked"}},
				{Path: "live", Name: "live", At: "ship.pipe:60:3", Result: "nothing", Type: "nothing?", ValueEdges: []string{"each"}, Needs: []string{"each"},
					Approve: &plan.Approve{Message: val(`"Deploy?"`)},
					Graph: &plan.Graph{Name: "roll", Module: "ci/go.pipe", At: "ci/go.pipe:3:1", Result: "nothing",
						Steps: []plan.Step{{Path: "live/tag", Name: "tag", At: "ci/go.pipe:4:3", Op: "std/notify.webhook", Result: "nothing", Type: "nothing"}}}},
				{Path: "never", Name: "never", At: "ship.pipe:70:3", Op: "ship.pipe.gone", Result: "nothing", Type: "nothing?", Never: true,
					When: []plan.Guard{{Expr: val("false")}}},
			},
			OnFailure: []plan.Step{{Path: "webhook", Name: "webhook", At: "ship.pipe:80:5", Op: "std/notify.webhook", Result: "nothing", Type: "nothing?",
				Bindings: []plan.NamedExpr{{Name: "hook", Type: "secret url", Value: cel("settings.?alerts", "ship.pipe:80:50")}}}},
			Finally: []plan.Step{{Path: "cleanup", Name: "cleanup", At: "ship.pipe:82:5", Op: "std/notify.webhook", Result: "nothing", Type: "nothing",
				OrderEdges: []string{"live"}, After: []string{"live"}, AllowFailure: &plan.AllowFailure{}}},
			Return: late(`{ url: "x" }`, "ship.pipe:90:10"),
		},
		Effects: plan.Effects{Files: []string{"**"}, Secrets: []string{"alerts"}, Inherit: []string{"GOFLAGS"}, Images: []string{"python:3.11-slim"}, Network: true, Changes: []string{"repository"}},
	}
	seal(t, p)
	return p
}

func seal(t testing.TB, p *plan.Plan) {
	t.Helper()
	digest, err := plan.Digest(p)
	if err != nil {
		t.Fatal(err)
	}
	p.Digest = digest
}
