package value

import (
	"encoding/json"
	"math"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/types"
)

var failureType = types.RecordOf(
	types.Field{Name: "name", Type: types.StringType},
	types.Field{Name: "line", Type: types.IntType})

func reportType() *types.Type {
	t := types.NewRecord("Report", "./ci.Report")
	t.SetFields([]types.Field{
		{Name: "passed", Type: types.IntType},
		{Name: "failures", Type: types.ListOf(failureType)},
		{Name: "note", Type: types.OptionalOf(types.StringType)},
		{Name: "retries", Type: types.IntType, HasDefault: true, Default: "2"},
	})
	return t
}

func TestMarshal(t *testing.T) {
	at := Timestamp(time.Date(2024, 5, 1, 12, 0, 0, 500, time.FixedZone("", 3600)))
	for _, c := range []struct {
		v    Value
		want string
	}{
		{String("a<b>&\"\\\n\x01é\u2028"), "\"a<b>&\\\"\\\\\\n\\u0001é\u2028\""},
		{String("a\xffb"), "\"a\ufffdb\""},
		{Int(-5), "-5"},
		{Float(1), "1.0"},
		{Float(0.1), "0.1"},
		{Float(1e300), "1e+300"},
		{Float(math.Copysign(0, -1)), "-0.0"},
		{Bool(true), "true"},
		{Duration(90 * time.Minute), `"1h30m"`},
		{Duration(1500 * time.Millisecond), `"1.5s"`},
		{Duration(0), `"0s"`},
		{Duration(time.Hour + time.Second), `"1h0m1s"`},
		{Duration(-10 * time.Minute), `"-10m"`},
		{Size(512 << 20), "536870912"},
		{at, `"2024-05-01T11:00:00.0000005Z"`},
		{Bytes("\x00x"), `"AHg="`},
		{List{Int(1), String("a")}, `[1,"a"]`},
		{Map{"b": Int(1), "a": Int(2)}, `{"a":2,"b":1}`},
		{Record{"b": Int(1), "a": None{}}, `{"b":1}`},
		{File{"x.txt", "sha256:ab", 3, 0o644}, `{"digest":"sha256:ab","file":"x.txt","mode":420,"size":3}`},
		{Dir{"out", "sha256:cd", 9, 2}, `{"digest":"sha256:cd","dir":"out","files":2,"size":9}`},
		{Image{"alpine:3", "sha256:ef"}, `{"digest":"sha256:ef","image":"alpine:3"}`},
		{None{}, "null"},
		{JSON{map[string]any{"z": []any{nil, int64(1), 1.0, "x", true}}}, `{"z":[null,1,1.0,"x",true]}`},
	} {
		raw, err := Marshal(c.v)
		if err != nil || string(raw) != c.want {
			t.Errorf("Marshal(%#v) = %s, %v; want %s", c.v, raw, err, c.want)
		}
		if !json.Valid(raw) {
			t.Errorf("%s is no JSON", raw)
		}
	}
	if _, err := Marshal(List{Float(math.NaN())}); err == nil {
		t.Error("NaN has no JSON")
	}
}

func TestCoerce(t *testing.T) {
	data := func(s string) Value {
		j, err := ParseJSON([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	optional := types.OptionalOf(types.IntType)
	env := types.LiteralsOf("dev", "prod")
	for _, c := range []struct {
		name  string
		v     Value
		t     *types.Type
		want  Value
		error string
	}{
		{"width drops", Record{"name": String("a"), "line": Int(1), "more": Int(2)}, failureType, Record{"name": String("a"), "line": Int(1)}, ""},
		{"whole float is an int", Float(3), types.IntType, Int(3), ""},
		{"fraction is no int", Float(3.5), types.IntType, nil, "expected int, found 3.5"},
		{"huge float is no int", Float(1e30), types.IntType, nil, "expected int, found 1e+30"},
		{"int is a float", Int(3), types.FloatType, Float(3), ""},
		{"number in data", data("3.0"), types.IntType, Int(3), ""},
		{"duration in data", data(`"10m"`), types.DurationType, Duration(10 * time.Minute), ""},
		{"size in data", data(`"1kB"`), types.SizeType, Size(1000), ""},
		{"bytes of a size in data", data(`1000`), types.SizeType, Size(1000), ""},
		{"float is no size", Float(3), types.SizeType, nil, "expected size, found float"},
		{"no duration in data", data(`"soon"`), types.DurationType, nil, `expected duration, found "soon"`},
		{"timestamp in data", data(`"2024-01-01T00:00:00Z"`), types.TimestampType, Timestamp(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)), ""},
		{"closed set", data(`"dev"`), env, String("dev"), ""},
		{"outside a closed set", String("qa"), env, nil, `expected "dev" | "prod", found "qa"`},
		{"secret outside a closed set", String("qa"), env.WithLabels(types.Secret), nil, `expected "dev" | "prod", found string`},
		{"secret fraction is no int", Float(3.5), types.IntType.WithLabels(types.Secret), nil, "expected int, found float"},
		{"secret map's mistake", data(`{"hunter2":"x"}`), types.MapOf(types.IntType).WithLabels(types.Secret), nil, "*: expected int, found string"},
		{"secret data's mistake", data(`[{"a":"hunter2"}]`), types.ListOf(types.MapOf(types.DurationType)).WithLabels(types.Secret), nil, "[0].*: expected duration, found string"},
		{"absent optional field", data(`{"passed":1,"failures":[]}`), reportType(), Record{"passed": Int(1), "failures": List{}, "retries": Int(2)}, ""},
		{"null for an optional field", data(`{"passed":1,"failures":[],"note":null,"retries":5}`), reportType(), Record{"passed": Int(1), "failures": List{}, "retries": Int(5)}, ""},
		{"path of a mistake", data(`{"passed":1,"failures":[{"name":"a","line":1},{"name":"b","line":"x"}]}`), reportType(), nil, "failures[1].line: expected int, found string"},
		{"missing field", data(`{"passed":1}`), reportType(), nil, "failures: expected [{ name: string, line: int }], found nothing"},
		{"a list is no record", data(`[]`), reportType(), nil, "expected Report, found a list"},
		{"map", data(`{"a":1}`), types.MapOf(types.IntType), Map{"a": Int(1)}, ""},
		{"map's mistake", data(`{"a":"x"}`), types.MapOf(types.IntType), nil, "a: expected int, found string"},
		{"optional", None{}, optional, None{}, ""},
		{"null is none", data("null"), optional, None{}, ""},
		{"optional's content", Float(2), optional, Int(2), ""},
		{"none is no int", None{}, types.IntType, nil, "expected int, found nothing"},
		{"value as data", Record{"a": List{Int(1)}}, types.JSONType, data(`{"a":[1]}`), ""},
		{"data cannot forge a file", data(`{"file":"x","digest":"sha256:00"}`), types.FileType, nil, "expected file, found an object"},
		{"file", File{Name: "x"}, types.FileType, File{Name: "x"}, ""},
		{"file is no dir", File{Name: "x"}, types.DirType, nil, "expected dir, found file"},
		{"nothing is wanted", Int(1), types.NoneType, None{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Coerce(c.v, c.t)
			if message(err) != c.error {
				t.Fatalf("error %q, want %q", message(err), c.error)
			}
			if err == nil && !cmp.Equal(got, c.want, cmp.Comparer(func(a, b Value) bool { return Equal(a, b) })) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseText(t *testing.T) {
	for _, c := range []struct {
		t     *types.Type
		text  string
		want  string // canonical JSON
		error string
	}{
		{types.StringType, " a ", `" a "`, ""},
		{types.BoolType, "true", "true", ""},
		{types.BoolType, "yes", "", `expected true or false, found "yes"`},
		{types.IntType, "-12", "-12", ""},
		{types.IntType, "1.5", "", `expected int, found "1.5"`},
		{types.IntType, "99999999999999999999", "", `expected int, found "99999999999999999999"`},
		{types.FloatType, "2", "2.0", ""},
		{types.DurationType, "1h30m", `"1h30m"`, ""},
		{types.DurationType, "90", "", `expected a duration such as 10m or 1h30m, found "90"`},
		{types.SizeType, "1GiB", "1073741824", ""},
		{types.SizeType, "1024", "1024", ""},
		{types.SizeType, "1 GB", "", `expected a size such as 512MiB or 1GB, found "1 GB"`},
		{types.TimestampType, "2024-01-01T01:00:00+01:00", `"2024-01-01T00:00:00Z"`, ""},
		{types.URLType, "postgres://u:p@h/db", `"postgres://u:p@h/db"`, ""},
		{types.URLType, "example.com", "", `expected a URL such as https://example.com, found "example.com"`},
		{types.URLType, "http://", "", `expected a URL such as https://example.com, found "http://"`},
		{types.PathType, "", "", `expected a path, found ""`},
		{types.LiteralsOf("a", "b"), "b", `"b"`, ""},
		{types.LiteralsOf("a", "b"), "c", "", `expected "a" | "b", found "c"`},
		{types.OptionalOf(types.IntType), "", "null", ""},
		{types.OptionalOf(types.IntType), "3", "3", ""},
		{types.ListOf(types.IntType), "1, 2,3", "[1,2,3]", ""},
		{types.ListOf(types.IntType), " [1, 2]", "[1,2]", ""},
		{types.ListOf(types.IntType), "", "[]", ""},
		{types.ListOf(types.IntType), "1,x", "", `[1]: expected int, found "x"`},
		{types.ListOf(types.StringType), "a,b", `["a","b"]`, ""},
		{types.MapOf(types.IntType), `{"a": 1}`, `{"a":1}`, ""},
		{types.MapOf(types.IntType), `a=1`, "", `expected {string: int} as JSON, found "a=1"`},
		{failureType, `{"name":"x","line":1}`, `{"line":1,"name":"x"}`, ""},
		{failureType, `{"name":"x"}`, "", "line: expected int, found nothing"},
		{types.FileType, "x", "", `expected file, found "x"`},
		{types.ImageType, "alpine@sha256:ab", `{"digest":"sha256:ab","image":"alpine@sha256:ab"}`, ""},
		{types.JSONType, `[1]`, `[1]`, ""},
	} {
		v, err := ParseText(c.t, c.text)
		if message(err) != c.error {
			t.Errorf("ParseText(%s, %q): %v", c.t, c.text, err)
			continue
		}
		if err != nil {
			continue
		}
		if raw, _ := Marshal(v); string(raw) != c.want {
			t.Errorf("ParseText(%s, %q) = %s, want %s", c.t, c.text, raw, c.want)
		}
	}
}

func TestEnv(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want string
		ok   bool
	}{
		{String("x y"), "x y", true},
		{Bool(true), "true", true},
		{Int(-3), "-3", true},
		{Float(2), "2", true},
		{Float(1e21), "1000000000000000000000", true},
		{Duration(10 * time.Minute), "600s", true},
		{Duration(250 * time.Millisecond), "0.25s", true},
		{Duration(-1500 * time.Millisecond), "-1.5s", true},
		{Size(1 << 20), "1048576", true},
		{List{String("a"), Int(1)}, `["a",1]`, true},
		{Record{"b": Int(1), "a": String("x")}, `{"a":"x","b":1}`, true},
		{JSON{"plain"}, "plain", true},
		{JSON{int64(3)}, "3", true},
		{JSON{nil}, "", false},
		{Image{"alpine", "sha256:ab"}, "alpine@sha256:ab", true},
		{None{}, "", false},
		{File{}, "", false},
		{Dir{}, "", false},
	} {
		if got, ok := Env(c.v); got != c.want || ok != c.ok {
			t.Errorf("Env(%#v) = %q, %v; want %q, %v", c.v, got, ok, c.want, c.ok)
		}
	}
}

func TestEqual(t *testing.T) {
	utc := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	same := [][2]Value{
		{Record{"a": Int(1), "b": None{}}, Record{"a": Int(1)}},
		{Timestamp(utc), Timestamp(utc.In(time.FixedZone("", 3600)))},
		{JSON{map[string]any{"a": int64(1)}}, JSON{map[string]any{"a": int64(1)}}},
		{None{}, JSON{}},
		{List{Map{"a": List{}}}, List{Map{"a": List{}}}},
	}
	for _, p := range same {
		if !Equal(p[0], p[1]) {
			t.Errorf("%#v and %#v are the same", p[0], p[1])
		}
	}
	differ := [][2]Value{
		{Int(1), Float(1)}, {String("a"), Bytes("a")}, {List{Int(1)}, List{}}, {Record{"a": Int(1)}, Record{}},
		{Map{"a": Int(1)}, Record{"a": Int(1)}}, {Int(1), List{Int(1)}}, {File{Name: "a"}, File{Name: "b"}},
	}
	for _, p := range differ {
		if Equal(p[0], p[1]) || Equal(p[1], p[0]) {
			t.Errorf("%#v and %#v differ", p[0], p[1])
		}
	}
}

func TestNewJSON(t *testing.T) {
	j, err := NewJSON(map[any]any{"a": 1, 2: []any{uint64(3), time.Unix(0, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := Marshal(j); string(raw) != `{"2":[3,"1970-01-01T00:00:00Z"],"a":1}` {
		t.Errorf("got %s", raw)
	}
	if _, err := NewJSON(make(chan int)); err == nil {
		t.Error("a channel is no data")
	}
	if _, err := ParseJSON([]byte(strings.Repeat("[", 5000) + strings.Repeat("]", 5000))); err == nil {
		t.Error("deep data must be refused")
	}
	for _, text := range []string{"", "{", "1 2", "nul", "[1,]", "{}}", "1 ]"} {
		if _, err := ParseJSON([]byte(text)); err == nil {
			t.Errorf("%q is no JSON", text)
		}
	}
}

// TestRoundTrip holds that what is marshalled reads back as its type and marshals the same, and
// that a coerced value stays what it is.
func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 3000 {
		typ := randomType(rnd, 3)
		v := randomValue(rnd, typ)
		raw, err := Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Unmarshal(typ, raw)
		if err != nil {
			t.Fatalf("%s as %s: %v", raw, typ.Text(), err)
		}
		if again, _ := Marshal(back); string(again) != string(raw) {
			t.Fatalf("%s as %s gives %s", raw, typ.Text(), again)
		}
		fitted, err := Coerce(v, typ)
		if err != nil {
			t.Fatalf("coerce %s to %s: %v", raw, typ.Text(), err)
		}
		if again, _ := Marshal(fitted); string(again) != string(raw) {
			t.Fatalf("coerced %s to %s gives %s", raw, typ.Text(), again)
		}
		if !Equal(v, back) && !strings.Contains(string(typ.Text()), "?") && !strings.Contains(string(typ.Text()), "nothing") {
			t.Fatalf("%s as %s is not equal to what it was", raw, typ.Text())
		}
	}
}

func randomType(rnd *rand.Rand, depth int) *types.Type {
	flat := []*types.Type{types.StringType, types.IntType, types.FloatType, types.BoolType, types.DurationType, types.SizeType, types.TimestampType,
		types.BytesType, types.FileType, types.DirType, types.ImageType, types.LiteralsOf("a", "b"), types.URLType, types.JSONType}
	if depth == 0 {
		return flat[rnd.Intn(len(flat))]
	}
	switch rnd.Intn(6) {
	case 0:
		return types.ListOf(randomType(rnd, depth-1))
	case 1:
		return types.MapOf(randomType(rnd, depth-1))
	case 2:
		var fields []types.Field
		for _, n := range []string{"a", "b", "c"}[:rnd.Intn(4)] {
			fields = append(fields, types.Field{Name: n, Type: randomType(rnd, depth-1)})
		}
		return types.RecordOf(fields...)
	case 3:
		if t := randomType(rnd, depth-1); t.Kind != types.JSON {
			return types.OptionalOf(t)
		}
	}
	return randomType(rnd, 0)
}

func randomValue(rnd *rand.Rand, t *types.Type) Value {
	word := func() string { return []string{"", "x", "é\n<&>", "\"", "a b"}[rnd.Intn(5)] }
	switch t.Kind {
	case types.Int:
		return Int(rnd.Int63() - rnd.Int63())
	case types.Float:
		return Float(math.Ldexp(rnd.Float64()-0.5, rnd.Intn(200)-100))
	case types.Bool:
		return Bool(rnd.Intn(2) == 0)
	case types.Duration:
		return Duration(rnd.Int63n(1<<40) - 1<<39)
	case types.Size:
		return Size(rnd.Int63())
	case types.Timestamp:
		return Timestamp(time.Unix(rnd.Int63n(1<<33), rnd.Int63n(1e9)).UTC())
	case types.Bytes:
		return Bytes(word() + "\xff")
	case types.File:
		return File{word(), "sha256:" + word(), rnd.Int63(), 0o755}
	case types.Dir:
		return Dir{word(), "sha256:" + word(), rnd.Int63(), rnd.Intn(9)}
	case types.Image:
		return Image{word(), word()}
	case types.Literals:
		return String(t.Literals[rnd.Intn(len(t.Literals))])
	case types.List:
		l := List{}
		for range rnd.Intn(4) {
			l = append(l, randomValue(rnd, t.Elem))
		}
		return l
	case types.Map:
		m := Map{}
		for range rnd.Intn(4) {
			m[word()] = randomValue(rnd, t.Elem)
		}
		return m
	case types.Record:
		r := Record{}
		for _, f := range t.Record.Fields {
			if v := randomValue(rnd, f.Type); v != (None{}) {
				r[f.Name] = v
			}
		}
		return r
	case types.Optional:
		if rnd.Intn(2) == 0 {
			return None{}
		}
		return randomValue(rnd, t.Elem)
	case types.JSON:
		return JSON{[]any{map[string]any{word(): []any{nil, int64(rnd.Int()), rnd.Float64(), 2.0, word()}}, "x", true}[rnd.Intn(3)]}
	}
	return String(word())
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,1e400,null,"x"]}`, "-0", "1.0", `"\ud800"`, "[[]]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		j, err := ParseJSON(raw)
		if err != nil {
			return
		}
		once, err := Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseJSON(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice, _ := Marshal(again); string(twice) != string(once) {
			t.Fatalf("%s then %s", once, twice)
		}
	})
}
