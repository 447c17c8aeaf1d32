package expr_test

import (
	"errors"
	"testing"

	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/value"
)

// TestLate holds that a record may be known in part.
func TestLate(t *testing.T) {
	ci := value.Record{"event": value.String("push"), "actor": expr.Late{Name: "ci.actor"}, "change": value.Record{"number": expr.Late{Name: "ci.change"}}}
	for text, want := range map[string]value.Value{
		`ci.event == "push"`:                      value.Bool(true),
		`ci.actor == "x"`:                         nil,
		`ci.event == "tag" && ci.actor == "x"`:    value.Bool(false),
		`ci.event == "push" || ci.actor == "x"`:   value.Bool(true),
		`ci.event == "push" ? ci.actor : "none"`:  nil,
		`ci.?change.hasValue()`:                   value.Bool(true),
		`ci.?change.?number.orValue(1) == 1`:      nil,
		`ci.?missing.hasValue()`:                  value.Bool(false),
		`[ci.actor, "a"].exists(x, x == "a")`:     nil, // a list with such a part is unknown as a whole
		`ci.event == "tag" ? ci.actor : ci.event`: value.String("push"),
	} {
		x, err := expr.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := expr.Compile(x, expr.CompileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Eval(t.Context(), expr.Input{Var: func(string) (value.Value, bool) { return ci, true }})
		var late *expr.UnknownError
		switch {
		case want == nil && !errors.As(err, &late):
			t.Errorf("%s: expected it to be unknown, found %v, %v", text, got, err)
		case want != nil && (err != nil || !value.Equal(got, want)):
			t.Errorf("%s: expected %v, found %v, %v", text, want, got, err)
		}
	}
}
