package expr

import "github.com/pipelang/pipe/lang/types"

// TestReport is the type of what junit("p") and gotest("p") give.
var TestReport = newTestReport()

func newTestReport() *types.Type {
	failure := types.RecordOf(
		types.Field{Name: "name", Type: types.StringType},
		types.Field{Name: "file", Type: types.StringType},
		types.Field{Name: "line", Type: types.IntType},
		types.Field{Name: "message", Type: types.StringType})
	t := types.NewRecord("TestReport", "TestReport")
	var fields []types.Field
	for _, n := range []string{"passed", "failed", "errors", "skipped", "flaky", "total"} {
		fields = append(fields, types.Field{Name: n, Type: types.IntType})
	}
	t.SetFields(append(fields,
		types.Field{Name: "duration", Type: types.DurationType},
		types.Field{Name: "failures", Type: types.ListOf(failure)}))
	return t
}
