package types

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func report() *Type {
	t := NewRecord("Report", "./ci.Report")
	t.SetFields([]Field{{Name: "passed", Type: IntType}, {Name: "note", Type: OptionalOf(StringType)}})
	return t
}

func node(name string) *Type {
	t := NewRecord(name, "./ci."+name)
	t.SetFields([]Field{{Name: "v", Type: IntType}, {Name: "next", Type: OptionalOf(t)}})
	return t
}

func TestAssignable(t *testing.T) {
	secret, untrusted := StringType.WithLabels(Secret), StringType.WithLabels(Untrusted)
	env, dev := LiteralsOf("dev", "staging", "prod"), LiteralsOf("dev")
	wide := RecordOf(Field{Name: "passed", Type: IntType}, Field{Name: "more", Type: BoolType})
	holder := RecordOf(Field{Name: "token", Type: secret})
	open := RecordOf(Field{Name: "token", Type: StringType})
	hidden := RecordOf(Field{Name: "note", Type: OptionalOf(StringType)})
	named := NewRecord("Named", "./x.Named")
	named.SetFields([]Field{{Name: "token", Type: StringType}})
	withDefault := RecordOf(Field{Name: "passed", Type: IntType}, Field{Name: "retries", Type: IntType, HasDefault: true})
	for _, c := range []struct {
		name     string
		from, to *Type
		want     bool
	}{
		{"same", IntType, IntType, true},
		{"int is no float", IntType, FloatType, false},
		{"broken fits", InvalidType, IntType, true},
		{"everything fits broken", IntType, InvalidType, true},
		{"literal is a string", dev, StringType, true},
		{"string is no literal", StringType, env, false},
		{"subset of a closed set", dev, env, true},
		{"superset of a closed set", env, dev, false},
		{"url is a string", URLType, StringType, true},
		{"string is a url", StringType, URLType, true},
		{"url is no path", URLType, PathType, false},
		{"plain may become secret", StringType, secret, true},
		{"secret stays secret", secret, StringType, false},
		{"untrusted stays untrusted", untrusted, StringType, false},
		{"untrusted where it is asked for", untrusted, untrusted, true},
		{"secret elements", ListOf(secret), ListOf(StringType), false},
		{"a secret list's elements", ListOf(StringType).WithLabels(Secret), ListOf(StringType), false},
		{"a secret list of plain", ListOf(secret), ListOf(StringType).WithLabels(Secret), true},
		{"T fits T?", IntType, OptionalOf(IntType), true},
		{"a secret fits a secret optional", secret, OptionalOf(secret), true},
		{"a secret fits an optional that is secret", secret, OptionalOf(StringType).WithLabels(Secret), true},
		{"a secret optional is no plain one", OptionalOf(secret), OptionalOf(StringType), false},
		{"a concealed secret fits a secret", secret.WithLabels(Concealed), secret, true},
		{"a concealed optional fits no other", OptionalOf(secret).WithLabels(Secret | Concealed), OptionalOf(secret), false},
		{"a concealed optional fits one", OptionalOf(secret).WithLabels(Secret | Concealed), OptionalOf(secret).WithLabels(Secret | Concealed), true},
		{"a concealed record shows no optional field", hidden.WithLabels(Secret | Concealed), hidden.WithLabels(Secret), false},
		{"a concealed record without one", holder.WithLabels(Secret | Concealed), holder.WithLabels(Secret), true},
		{"a concealed list of optionals", ListOf(OptionalOf(IntType)).WithLabels(Secret | Concealed), ListOf(OptionalOf(IntType)).WithLabels(Secret), false},
		{"a secret map is no plain one", MapOf(StringType).WithLabels(Secret), MapOf(secret), false},
		{"a map of secrets is a secret map", MapOf(secret), MapOf(StringType).WithLabels(Secret), true},
		{"secrets are no data", holder, JSONType, false},
		{"secrets are secret data", holder, JSONType.WithLabels(Secret), true},
		{"secret data is no record of secrets", JSONType.WithLabels(Secret), holder, false},
		{"a secret field is dropped", RecordOf(Field{Name: "token", Type: secret}, Field{Name: "passed", Type: IntType}), RecordOf(Field{Name: "passed", Type: IntType}), true},
		{"not from a secret record", wide.WithLabels(Secret), RecordOf(Field{Name: "passed", Type: IntType}), false},
		{"not from a secret record to the same", named.WithLabels(Secret), named, false},
		{"not inside a list", ListOf(named.WithLabels(Secret)), ListOf(named), false},
		{"T? is no T", OptionalOf(IntType), IntType, false},
		{"T? fits T?", OptionalOf(dev), OptionalOf(env), true},
		{"secret T? to T?", OptionalOf(StringType).WithLabels(Secret), OptionalOf(StringType), false},
		{"width", wide, RecordOf(Field{Name: "passed", Type: IntType}), true},
		{"missing field", RecordOf(), wide, false},
		{"optional field may be missing", wide, report(), true},
		{"defaulted field may be missing", wide, withDefault, true},
		{"field of another type", RecordOf(Field{Name: "passed", Type: StringType}), report(), false},
		{"secret field", holder, open, false},
		{"secret field of a secret record", holder, open.WithLabels(Secret), true},
		{"plain field of a secret record", open.WithLabels(Secret), holder, false},
		{"recursive records by shape", node("A"), node("B"), true},
		{"list elements", ListOf(dev), ListOf(env), true},
		{"list is no map", ListOf(IntType), MapOf(IntType), false},
		{"data fits everything", JSONType, report(), true},
		{"data is no secret", JSONType.WithLabels(Secret), report(), false},
		{"record as data", report(), JSONType, true},
		{"T? as data", OptionalOf(IntType), JSONType, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Assignable(c.from, c.to); got != c.want {
				t.Errorf("Assignable(%s, %s) = %v", c.from, c.to, got)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	secret := StringType.WithLabels(Secret)
	for _, c := range []struct {
		a, b *Type
		want string // "" for none
	}{
		{LiteralsOf("a"), LiteralsOf("b", "a"), `"a" | "b"`},
		{LiteralsOf("a"), StringType, "string"},
		{StringType, secret, "secret string"},
		{URLType, PathType, "string"},
		{IntType, OptionalOf(IntType), "int?"},
		{OptionalOf(LiteralsOf("a")), LiteralsOf("b"), `("a" | "b")?`},
		{IntType, StringType, ""},
		{OptionalOf(IntType), StringType, ""},
		{InvalidType, IntType, "int"},
		{ListOf(InvalidType), ListOf(IntType), "[int]"},
		{ListOf(IntType), ListOf(InvalidType), "[int]"},
		{ListOf(LiteralsOf("a")), ListOf(LiteralsOf("b")), `["a" | "b"]`},
		{ListOf(IntType), ListOf(StringType), ""},
		{MapOf(secret), MapOf(StringType), "{string: secret string}"},
		{IntType, FloatType, ""},
		{JSONType, LiteralsOf("a"), "json"},
		// The field that one of them lacks is dropped only where the value goes.
		{RecordOf(Field{Name: "a", Type: IntType}, Field{Name: "b", Type: secret}), RecordOf(Field{Name: "a", Type: IntType}), "secret { a: int }"},
		{ListOf(RecordOf(Field{Name: "a", Type: IntType}, Field{Name: "b", Type: secret})), ListOf(RecordOf(Field{Name: "a", Type: IntType})), "[secret { a: int }]"},
		{InvalidType.WithLabels(Secret), IntType, "secret int"},
		{JSONType, ListOf(LiteralsOf("a")), "json"},
		{JSONType, IntType, "json"},
		{ListOf(JSONType), ListOf(IntType), "[json]"},
		{JSONType, RecordOf(Field{Name: "a", Type: StringType}), "json"},
		{JSONType, ListOf(secret), "secret json"},
		{JSONType, OptionalOf(IntType), "json?"},
		{OptionalOf(JSONType), LiteralsOf("a"), "json?"},
	} {
		for _, pair := range [][2]*Type{{c.a, c.b}, {c.b, c.a}} {
			got, ok := Join(pair[0], pair[1])
			if ok != (c.want != "") {
				t.Errorf("Join(%s, %s) = %s, %v", pair[0], pair[1], got, ok)
				continue
			}
			if want, _ := Join(c.a, c.b); ok && !Equal(got, want) {
				t.Errorf("Join(%s, %s) = %s, but %s the other way", pair[0], pair[1], got, want)
			}
		}
		if got, ok := Join(c.a, c.b); ok && got.String() != c.want {
			t.Errorf("Join(%s, %s) = %s, want %s", c.a, c.b, got, c.want)
		}
	}
}

func TestEqual(t *testing.T) {
	if !Equal(LiteralsOf("a", "b"), LiteralsOf("b", "a")) {
		t.Error("the order of a closed set does not count")
	}
	if Equal(StringType, StringType.WithLabels(Secret)) {
		t.Error("a label counts")
	}
	if Equal(StringType, URLType) {
		t.Error("string and url differ")
	}
}

func TestText(t *testing.T) {
	named := map[string]*Type{"./ci.Report": report(), "my ci.Report": NewRecord("Report", "my ci.Report"), "string": NewRecord("string", "string")}
	find := func(id string) *Type { return named[id] }
	for _, c := range []struct {
		typ  *Type
		text string
	}{
		{IntType, "int"},
		{BytesType, "bytes"},
		{NoneType, "nothing"},
		{JSONType, "json"},
		{StringType.WithLabels(Secret | Untrusted), "untrusted secret string"},
		{LiteralsOf("a", `b"c`), `"a" | "b\"c"`},
		{OptionalOf(LiteralsOf("a", "b")), `("a" | "b")?`},
		{OptionalOf(StringType.WithLabels(Secret)), "(secret string)?"},
		{OptionalOf(StringType).WithLabels(Secret), "secret string?"},
		{ListOf(LiteralsOf("a", "b").WithLabels(Untrusted)), `[untrusted "a" | "b"]`},
		{MapOf(ListOf(OptionalOf(IntType))), "{string: [int?]}"},
		{named["./ci.Report"], "./ci.Report"},
		{named["my ci.Report"], `@"my ci.Report"`},
		{named["string"], `@"string"`},
		{RecordOf(), "{}"},
		{RecordOf(Field{Name: "string", Type: IntType}), "{ string: int }"},
		{RecordOf(Field{Name: "a", Type: OptionalOf(named["./ci.Report"])}, Field{Name: "b", Type: IntType, HasDefault: true, Default: "3"}, Field{Name: "c", Type: IntType, HasDefault: true}),
			"{ a: ./ci.Report?, b: int = 3, c: int = _ }"},
		{RecordOf(Field{Name: "a", Type: ListOf(StringType), HasDefault: true, Default: `["x","}"]`}), `{ a: [string] = ["x","}"] }`},
	} {
		if got := string(c.typ.Text()); got != c.text {
			t.Errorf("Text() = %s, want %s", got, c.text)
		}
		back, err := Parse(Text(c.text), find)
		if err != nil {
			t.Errorf("Parse(%s): %v", c.text, err)
			continue
		}
		if !Equal(back, c.typ) || back.Text() != c.typ.Text() {
			t.Errorf("Parse(%s) = %s", c.text, back.Text())
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[Text]string{
		"":             `type "": expected a type at byte 0`,
		"[int":         `type "[int": expected "]" at byte 4`,
		"nope":         `type "nope": expected a known record, found "nope", at byte 4`,
		`"a" | int`:    `type "\"a\" | int": expected string literals on both sides of | at byte 9`,
		"int int":      `type "int int": expected the end at byte 4`,
		"{ a int }":    `type "{ a int }": expected ":" at byte 4`,
		`"a`:           `type "\"a": expected a string at byte 0`,
		"{ a: int = }": `type "{ a: int = }": expected a default at byte 11`,
	} {
		_, err := Parse(text, nil)
		if err == nil {
			t.Errorf("Parse(%s) has no error", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("Parse(%s): %s", text, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"int", `("a" | "b")?`, "{ a: int = 3, b: [secret string] }", "{string: x}", `@"q"`, "[[[[", "{ a: int = {\"x\": [1]} }"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := Parse(Text(s), func(id string) *Type { return NewRecord(id, id) })
		if err != nil {
			return
		}
		again, err := Parse(typ.Text(), func(id string) *Type { return NewRecord(id, id) })
		if err != nil || again.Text() != typ.Text() {
			t.Fatalf("%q gives %q, which gives %v, %v", s, typ.Text(), again, err)
		}
	})
}

// Records that hold the next one twice are many paths and few records.
func TestSharedRecords(t *testing.T) {
	shared := func(name string, inner *Type) *Type {
		for i := range 64 {
			r := NewRecord(name, fmt.Sprintf("./ci.%s%d", name, i))
			r.SetFields([]Field{{Name: "a", Type: inner}, {Name: "b", Type: inner}})
			inner = r
		}
		return inner
	}
	plain, hidden := shared("P", StringType), shared("H", StringType.WithLabels(Secret))
	if hidden.DeepLabels() != Secret {
		t.Errorf("labels %v, want secret", hidden.DeepLabels())
	}
	if !Assignable(plain, hidden) || Assignable(hidden, plain) || !Assignable(hidden, plain.WithLabels(Secret)) {
		t.Error("a secret may be gained, and none lost, however deep")
	}
}
