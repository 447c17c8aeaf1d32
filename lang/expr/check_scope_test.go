package expr

import "github.com/pipelang/pipe/lang/types"

// checkScope is a scope with one of everything.
func checkScope() *Scope {
	s := NewScope(Repo | Steps | Attempt)
	rec := types.NewRecord("Report", "./ci.Report")
	rec.SetFields([]types.Field{
		{Name: "passed", Type: types.IntType},
		{Name: "failed", Type: types.IntType},
		{Name: "note", Type: types.OptionalOf(types.StringType)},
		{Name: "next", Type: types.OptionalOf(rec)},
	})
	s.DeclareRecord("Report", rec)
	s.DeclareRecord("ci.Report", rec)
	s.Declare("unit", Var{Type: rec, Step: true})
	s.Declare("maybe", Var{Type: types.OptionalOf(rec), Step: true, Why: &Why{Text: "when go"}})
	s.Declare("env", Var{Type: types.LiteralsOf("dev", "staging", "prod")})
	s.Declare("token", Var{Type: types.StringType.WithLabels(types.Secret)})
	s.Declare("alerts", Var{Type: types.OptionalOf(types.URLType).WithLabels(types.Secret)})
	s.Declare("branch", Var{Type: types.StringType.WithLabels(types.Untrusted)})
	s.Declare("xs", Var{Type: types.ListOf(types.IntType)})
	s.Declare("gaps", Var{Type: types.ListOf(types.OptionalOf(rec))})
	s.Declare("bad", Var{Broken: true})
	s.Declare("n", Var{Type: types.IntType})
	s.Declare("mem", Var{Type: types.SizeType})
	s.Declare("report", Var{Type: types.JSONType})
	s.Declare("git", Var{Type: types.RecordOf(types.Field{Name: "branch", Type: types.StringType.WithLabels(types.Untrusted)})})
	return s
}
