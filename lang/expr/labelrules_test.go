package expr

import (
	"context"
	"testing"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// TestLabels has the rules of labels one by one, in the scope of TestNoninterference: held_x is a
// secret of kind x, inner_x one whose parts are, plain_x none.
func TestLabels(t *testing.T) {
	const tells = "secret-leak: whether this fails depends on a secret, and what comes of it is none "
	f := newFlows(types.Secret)
	for _, c := range []struct{ text, want string }{
		{`held_S.filter(s, true)`, "secret [secret string]"},
		{`inner_S.map(s, 1)`, "[int]"},
		{`held_S.map(s, 1)`, "secret [int]"},
		{`["a"].filter(s, held_b)`, `secret ["a"]`},
		{`["a"].exists(s, held_b)`, "secret bool"},
		{`held_S.exists(s, true)`, "secret bool"},
		{`held_M.all(k, true)`, "secret bool"},
		{`held_M.map(k, k)`, "secret [secret string]"},
		{`{(held_s): 1}`, "secret {string: int}"},
		{`["a"].transformMapEntry(i, s, {held_s: i})`, "secret {string: int}"},
		{`["a"].transformMap(i, s, held_s)`, "{string: secret string}"},
		{`plain_M[held_s]`, "secret string"},
		{`plain_S[held_i]`, "secret string"},
		{`held_b ? 1 : 2`, "secret int"},
		{`held_b ? plain_R : plain_R`, "secret Rec"},
		{`has((held_b ? plain_R : plain_R).note)`, "secret bool"},
		{`held_b && plain_b`, "secret bool"},
		{`plain_b || 1 / 0 == held_i`, "secret-leak: a secret cannot be compared «held_i»"},
		{`["a"].sortBy(s, held_i)`, "secret-leak: a value that holds a secret cannot be used in sortBy() «[\"a\"].sortBy(s, held_i)»"},
		{`has(plain_R.hush)`, "bool"},
		{`has(held_R.note)`, "bool"},
		{`plain_R.?hush.hasValue()`, "bool"},
		{`held_o.hasValue()`, "bool"},
		{`has(held_M.k1)`, "secret bool"},
		{`has(held_j.a)`, "secret bool"},
		{`has(inner_M.k1)`, "bool"},
		{`held_M.?k1.hasValue()`, "secret bool"},
		{`held_S[?3].hasValue()`, "secret bool"},
		{`inner_S[?3].hasValue()`, "bool"},
		{`plain_M[?held_s].hasValue()`, "secret bool"},
		{`(held_b ? optional.of(1) : optional.none()).hasValue()`, "secret bool"},
		{`[?held_S[?3]]`, "secret [secret string]"},
		{`held_P.present()`, "secret [int]"},
		{`[held_S[?3]].present()`, "secret [secret string]"},
		{`[?held_o]`, "[secret string]"},
		{`{ a: held_s, b: 1 }`, "{ a: secret string, b: int }"},
		{`[{ a: held_s, b: 1 }][0].b`, "int"},
		{`[{ a: held_s, b: 1 }][0].a`, "secret string"},
		{`plain_L.filter(r, r.n == 1).map(r, r.name)`, "[string]"},
		{`plain_L.map(r, r.token)`, "[secret string]"},
		{`[plain_R, Narrow{name: "x"}][0].name`, "secret string"},
		{`json.encode([plain_R, Narrow{name: "x"}][0])`, `secret-leak: a secret cannot be used in json.encode() «[plain_R, Narrow{name: "x"}][0]»`},
		{`[held_j, plain_j]`, "[secret json]"},
		{`json.encode([plain_R])`, `secret-leak: a value that holds a secret cannot be used in json.encode() «[plain_R]»`},
		{`[].first().orValue(held_s)`, "secret json"},
		{`size([][?0].orValue(held_s))`, "secret-leak: a secret cannot be used in size() «[][?0].orValue(held_s)»"},
		{`cel.bind(x, held_S[3], 1)`, tells + "«held_S[3]»"},
		{`{"a": held_S[3], "b": "x"}.map(k, k)`, tells + "«held_S[3]»"},
		{`[held_i + 1].map(x, 1)`, tells + "«held_i + 1»"},
		{`[{ a: held_b ? 1 / 0 : 1, b: 1 }][0].b`, tells + "«held_b ? 1 / 0 : 1»"},
		{`[held_b || 1 / 0 == 1].map(x, 1)`, tells + "«held_b || 1 / 0 == 1»"},
		{`[plain_M[?held_s].orValue(plain_S[7])].map(x, 1)`, tells + "«plain_M[?held_s].orValue(plain_S[7])»"},
		{`[held_o.orValue(held_s)].map(x, 1)`, "[int]"},
		{`[held_j.a].map(x, 1)`, tells + "«held_j.a»"},
		{`held_s.matches("a")`, "secret-leak: a secret cannot be used in matches() «held_s»"},
		{`optional.of(held_s).optMap(x, x + "a")`, "(secret string)?"},
		{`plain_b ? held_s : "x"`, "secret string"},
		{`succeeded(unit) ? "a" : "b"`, `"a" | "b"`},
	} {
		if got, _ := said(t, c.text, f.scope, Options{}); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
	stranger := newFlows(types.Untrusted)
	for _, c := range []struct{ text, want string }{
		{`held_s.reverse()`, "untrusted string"},
		{`held_s.split("/")[0]`, "untrusted string"},
		{`inner_S.distinct()`, "untrusted [untrusted string]"},
		{`plain_S.slice(0, held_i)`, "untrusted [string]"},
		{`plain_S.sortBy(s, held_i)`, "untrusted [string]"},
		{`["a"].transformMapEntry(i, s, {held_s: i})`, "untrusted {string: int}"},
		{`size(held_s)`, "untrusted int"},
		{`held_s == "x" ? 1 : 2`, "int"},
		{`held_s in ["x"]`, "bool"},
		{`json.encode([plain_R])`, "untrusted string"},
		{`[plain_R, Narrow{name: "x"}].map(r, json.encode(r))`, "[untrusted string]"},
	} {
		if got, _ := said(t, c.text, stranger.scope, Options{}); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// Where not even the presence of a value may be told, nothing takes it that could ask for it.
func TestConcealed(t *testing.T) {
	f := newFlows(types.Secret)
	hush := types.StringType.WithLabels(types.Secret)
	for _, c := range []struct {
		text string
		want *types.Type
		said string
	}{
		{`held_S[?3]`, types.OptionalOf(hush), "secret-leak: whether there is a value depends on a secret, and cannot be told as argument x «held_S[?3]»"},
		{`held_o`, types.OptionalOf(hush), "secret string?"},
		{`held_S[?3].orValue("")`, types.OptionalOf(hush), "secret string"},
		{`held_S[3]`, types.OptionalOf(hush), "secret string"},
		{`held_b ? plain_R : plain_R`, f.records["Rec"].WithLabels(types.Secret), "secret-leak: whether there is a value depends on a secret, and cannot be told as argument x «held_b ? plain_R : plain_R»"},
		{`held_b`, types.BoolType, "secret-leak: a secret cannot be used as argument x, which is not declared secret «held_b»"},
	} {
		if got, _ := said(t, c.text, f.scope, Options{Want: c.want, What: "argument x"}); got != c.said {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.said)
		}
	}
}

// A failure of an operation that may be given a secret repeats nothing of the data, unless no
// secret can be in the expression.
func TestDiscreetFailures(t *testing.T) {
	vars := map[string]value.Value{
		"s": value.String("hunter2"), "m": value.Map{"a": value.Int(1)}, "xs": value.List{value.Int(1)}, "n": value.Int(97),
		"j": value.JSON{Data: map[string]any{"hunter2": int64(1)}}, "l": value.JSON{Data: []any{int64(1)}}, "f": value.JSON{Data: 9.7},
	}
	for _, c := range []struct{ text, plain, discreet string }{
		{`m[s]`, `there is no key "hunter2"`, "there is no such key"},
		{`xs[n]`, "index 97 is out of range for a list of 1", "the index is out of range"},
		{`j[s + "x"]`, `there is no key "hunter2x"`, "there is no such key"},
		{`["a", "b"].transformMapEntry(i, x, {s: x})`, "a key is given twice", "a key is given twice"},
		{`l[?f].orValue(1)`, "a list's index is a whole number", "a list's index is a whole number"},
		{`m.nope`, `there is no field "nope"`, `there is no field "nope"`},
	} {
		for want, message := range map[*types.Type]string{types.JSONType: c.plain, types.JSONType.WithLabels(types.Secret): c.discreet, nil: c.discreet} {
			p, err := Compile(mustParse(t, c.text), CompileOptions{Want: want})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Eval(context.Background(), Input{Var: func(name string) (value.Value, bool) { v, ok := vars[name]; return v, ok }})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != message {
				t.Errorf("%s as %v: %s, want %s", c.text, want, got, message)
			}
		}
	}
}
