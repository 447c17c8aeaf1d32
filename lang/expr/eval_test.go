package expr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// fakeHost answers with what it was asked.
type fakeHost struct{}

func (fakeHost) Call(_ context.Context, function string, args []value.Value) (value.Value, error) {
	raw, _ := value.Marshal(args[0])
	switch {
	case string(raw) == `"missing"`:
		return nil, errors.New("no such file: missing")
	case string(raw) == `"late"`:
		return nil, &UnknownError{Names: []string{"repository"}}
	case function == "json":
		return value.ParseJSON([]byte(`{"a": 1, "b": [1.5, "x", null], "none": null, "d": "10m", "deep": {"x": {"y": true}}}`))
	case function == "glob" || function == "git.changed":
		return value.List{value.String(function), value.String(raw)}, nil
	case function == "file":
		return value.File{Name: "x.txt", Digest: "sha256:ab", Size: 2048}, nil
	}
	return value.String(function + string(raw)), nil
}

var testValues = map[string]value.Value{
	"unit":  value.Record{"passed": value.Int(3), "failed": value.Int(1)},
	"there": value.Record{"passed": value.Int(9), "failed": value.Int(0), "note": value.String("hi")},
	"gone":  value.None{},
	"xs":    value.List{value.Int(1), value.Int(2), value.Int(3)},
	"gaps":  value.List{value.Record{"passed": value.Int(1)}, value.None{}},
	"m":     value.Map{"b": value.Int(2), "a": value.Int(1)},
	"name":  value.String("world"),
	"mem":   value.Size(1 << 20),
	"f":     value.Float(2.5),
	"img":   value.Image{Ref: "alpine:3", Digest: "sha256:cd"},
	"tree":  value.Dir{Name: "out", Digest: "sha256:ef", Size: 10, Files: 2},
}

func testInput() Input {
	return Input{
		Var: func(n string) (value.Value, bool) { v, ok := testValues[n]; return v, ok },
		Status: func(s string) Status {
			return map[string]Status{"unit": StatusSucceeded, "gone": StatusSkipped, "broken": StatusFailed, "left": StatusAbandoned}[s]
		},
		Host: fakeHost{},
	}
}

var testRecords = map[string]*types.Type{"Report": func() *types.Type {
	t := types.NewRecord("Report", "./ci.Report")
	t.SetFields([]types.Field{
		{Name: "passed", Type: types.IntType},
		{Name: "note", Type: types.OptionalOf(types.StringType)},
		{Name: "retries", Type: types.IntType, HasDefault: true, Default: "2"},
	})
	return t
}()}

// result is the canonical JSON of a result, or what went wrong and where.
func result(t *testing.T, text string, want *types.Type) string {
	t.Helper()
	p, err := Compile(mustParse(t, text), CompileOptions{Want: want, Records: testRecords})
	if err != nil {
		return "compile: " + err.Error()
	}
	v, err := p.Eval(context.Background(), testInput())
	if bad, ok := errors.AsType[*EvalError](err); ok {
		return fmt.Sprintf("%s «%s»", bad.Message, text[bad.Span.Start:bad.Span.End])
	}
	if unknown, ok := errors.AsType[*UnknownError](err); ok {
		return "unknown: " + strings.Join(unknown.Names, " ")
	}
	if err != nil {
		return "fault: " + err.Error()
	}
	raw, err := value.Marshal(v)
	if err != nil {
		return "marshal: " + err.Error()
	}
	return string(raw)
}

func TestEval(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`1 + 2 * 3`, "7"},
		{`7 / 2`, "3"},
		{`7 % 4`, "3"},
		{`1.5 * 2.0`, "3.0"},
		{`"a" + "b"`, `"ab"`},
		{`"hello ${name}, ${1 + 1} ${true} ${2.0} ${10m} ${1MiB}"`, `"hello world, 2 true 2 600s 1048576"`},
		{`"${img}"`, `"alpine:3@sha256:cd"`},
		{`"$${x}"`, `"${x}"`},
		{`r"${x}\n"`, `"${x}\\n"`},
		{`10m + 30s`, `"10m30s"`},
		{`3 * 10m`, `"30m"`},
		{`10m * 3 == 30m`, "true"},
		{`1h / 4`, `"15m"`},
		{`1d > 23h`, "true"},
		{`mem + 1kB`, "1049576"},
		{`mem - 1MiB`, "0"},
		{`2 * mem > 1MiB && mem <= 1MiB`, "true"},
		{`mem * 2`, "2097152"},
		{`mem / 2`, "524288"},
		{`int(mem) + 1`, "1048577"},
		{`unit.passed`, "3"},
		{`unit`, `{"failed":1,"passed":3}`},
		{`unit == there`, "false"},
		{`unit == unit`, "true"},
		{`there.?note.orValue("x")`, `"hi"`},
		{`unit.?note.orValue("x")`, `"x"`},
		{`unit.?note`, "null"},
		{`gone.?passed.orValue(5)`, "5"},
		{`there.?passed.orValue(1 / 0)`, "9"},
		{`gone.orValue(there).passed`, "9"},
		{`gone.hasValue() || there.hasValue()`, "true"},
		{`gone.?note.or(there.?note).orValue("z")`, `"hi"`},
		{`there.optMap(r, r.passed + 1).orValue(0)`, "10"},
		{`gone.optMap(r, r.passed + 1).orValue(0)`, "0"},
		{`has(there.note) && !has(unit.note)`, "true"},
		{`has(gone.note)`, "false"},
		{`succeeded(unit) ? "y" : "n"`, `"y"`},
		{`skipped(gone) && failed(broken) && !succeeded(left) && !failed(left)`, "true"},
		{`xs.map(x, x * 2).filter(x, x > 2)`, "[4,6]"},
		{`xs.exists(x, x == 2) && xs.all(x, x > 0)`, "true"},
		{`xs.exists_one(x, x == 2)`, "true"},
		{`xs.map(x, x > 1, x)`, "[2,3]"},
		{`xs + [4]`, "[1,2,3,4]"},
		{`xs[1]`, "2"},
		{`xs[?7].orValue(0)`, "0"},
		{`2 in xs`, "true"},
		{`"a" in m`, "true"},
		{`m.a + m["b"]`, "3"},
		{`m.map(k, k)`, `["a","b"]`},
		{`{"z": 1, "y": 2, "x": 3}.map(k, k)`, `["x","y","z"]`},
		{`m.transformMap(k, v, v + 1)`, `{"a":2,"b":3}`},
		{`m.transformMap(k, v, v + 1).map(k, k)`, `["a","b"]`},
		{`m.transformList(k, v, "${k}${v}")`, `["a1","b2"]`},
		{`m.transformMapEntry(k, v, {"${k}!": v})`, `{"a!":1,"b!":2}`},
		{`gaps.present().map(g, g.passed)`, "[1]"},
		{`gaps.map(g, g.?passed.orValue(0))`, "[1,0]"},
		{`gaps`, `[{"passed":1},null]`},
		{`[?unit.?note, ?there.?note]`, `["hi"]`},
		{`[?there.passed]`, "[9]"},
		{`{"k": 1, ?"n": unit.?note, ?"h": there.?note}`, `{"h":"hi","k":1}`},
		{`{ a: 1, b: gone, ?c: there.?note }`, `{"a":1,"c":"hi"}`},
		{`Report{passed: 1}`, `{"passed":1,"retries":2}`},
		{`Report{passed: 1, ?note: there.?note, retries: 5}.note`, `"hi"`},
		{`Report{passed: json("p").a}.passed`, "1"},
		{`cel.bind(z, 2 + 3, z * z)`, "25"},
		{`json("p").a + 1`, "2"},
		{`json("p").b[0]`, "1.5"},
		{`json("p").deep.x.y ? 1 : 2`, "1"},
		{`json("p").?none.orValue("d")`, `"d"`},
		{`has(json("p").none)`, "false"},
		{`json("p").b.size()`, "3"},
		{`json("p").deep`, `{"x":{"y":true}}`},
		{`json("p").a == 1 && json("p").d == "10m"`, "true"},
		{`glob("x")`, `["glob","\"x\""]`},
		{`glob(["a", "b"])[1]`, `"[\"a\",\"b\"]"`},
		{`git.changed("x")[0]`, `"git.changed"`},
		{`file("x").size > 1kB`, "true"},
		{`file("x")`, `{"digest":"sha256:ab","file":"x.txt","mode":0,"size":2048}`},
		{`text("p")`, `"text\"p\""`},
		{`tree.files + 1`, "3"},
		{`"${tree.size}"`, `"10"`},
		{`trusted("v1.2", r"v[0-9.]+")`, `"v1.2"`},
		{`semver.compare("1.2.3", "v1.10.0") < 0`, "true"},
		{`[semver.major("v2.3.4-rc.1+b"), semver.minor("2.3.4"), semver.patch("2.3.4")]`, "[2,3,4]"},
		{`semver.prerelease("2.0.0-rc.1+b")`, `"rc.1"`},
		{`semver.valid("1.2") || semver.valid("x")`, "false"},
		{`"a,b".split(",").join("-")`, `"a-b"`},
		{`"Ab".lowerAscii()`, `"ab"`},
		{`math.greatest(1, 5, 3)`, "5"},
		{`sets.contains(xs, [1, 2])`, "true"},
		{`lists.range(3)`, "[0,1,2]"},
		{`xs.sortBy(x, -x)`, "[3,2,1]"},
		{`base64.encode(b"hi")`, `"aGk="`},
		{`json.encode({"b": [1, 2], "a": []})`, `"{\"a\":[],\"b\":[1,2]}"`},
		{`json.encode({("k" + "1"): {"z": 1.0, "y": 0.5}})`, `"{\"k1\":{\"y\":0.5,\"z\":1.0}}"`},
		{`json.encode(Report{passed: 1})`, `"{\"passed\":1,\"retries\":2}"`},
		{`json.encode([10m, 1h])`, `"[\"10m\",\"1h\"]"`},
		{`json.encode(json("p").b) + json.encode("<é>")`, `"[1.5,\"x\",null]\"<é>\""`},
		{`regex.replace("a1b2", "[0-9]", "_")`, `"a_b_"`},
		{`"x1".matches("^[a-z][0-9]$")`, "true"},
		{`timestamp("2024-01-01T00:00:00Z") + 1h`, `"2024-01-01T01:00:00Z"`},
		{`duration("1d") == 24h`, "true"},
		{`int("12") + int(2.9)`, "14"},
		{`float(3) / 2.0`, "1.5"},
		{`string(10m) + string(mem) + string(1.5) + string(true)`, `"600s10485761.5true"`},
		{`bool("true")`, "true"},
		{`!true || false`, "false"},
		{`-f`, "-2.5"},
		{`false && 1 / 0 == 1`, "false"},
		{`true || xs[9] == 1`, "true"},
		{`"%d-%s".format([1, "a"])`, `"1-a"`},
		{`1 == 1 ? unit.?note : there.?note`, "null"},
	} {
		if got := result(t, c.text, nil); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestEvalFailures(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`1 + xs[5]`, "index 5 is out of range for a list of 3 «xs[5]»"},
		{`xs[-1]`, "index -1 is out of range for a list of 3 «xs[-1]»"},
		{`{"": 1, b"": 2}`, "a map's key: expected a string, found bytes «{\"\": 1, b\"\": 2}»"},
		{`2 * (1 / (unit.failed - 1))`, "division by zero «1 / (unit.failed - 1)»"},
		{`1 % 0`, "division by zero «1 % 0»"},
		{`mem / 0`, "division by zero «mem / 0»"},
		{`2.0 * (1.0 / 0.0)`, "division by zero «1.0 / 0.0»"},
		{`0.0 / 0.0 > 1.0`, "division by zero «0.0 / 0.0»"},
		{`1e308 * 10.0`, "the result is too large «1e308 * 10.0»"},
		{`1e308 + 1e308`, "the result is too large «1e308 + 1e308»"},
		{`-1e308 - 1e308`, "the result is too large «-1e308 - 1e308»"},
		{`1e308 / 1e-308`, "the result is too large «1e308 / 1e-308»"},
		{`double("Inf")`, `expected a finite float, found "Inf" «double("Inf")»`},
		{`math.sqrt(-1.0)`, "the result is no finite number «math.sqrt(-1.0)»"},
		{`int("x") + 1`, `expected int, found "x" «int("x")»`},
		{`duration("soon")`, `expected a duration such as 10m or 1h30m, found "soon" «duration("soon")»`},
		{`timestamp("x")`, `expected a timestamp such as 2006-01-02T15:04:05Z, found "x" «timestamp("x")»`},
		{`m["z"]`, `there is no key "z" «m["z"]»`},
		{`m.z + 1`, `there is no field "z" «m.z»`},
		{`json("p").nope.x`, `there is no field "nope" «json("p").nope.x»`},
		{`1 + json("p").d`, `+ does not work between int and string «1 + json("p").d»`},
		{`json("p").a && true`, `the operation does not work on what the data turned out to be «json("p").a && true»`},
		{`json("p").b > 1`, `> does not work between a list and int «json("p").b > 1»`},
		{`"${json("p").b}"`, `a list cannot be put into a string «json("p").b»`},
		{`json("missing").a`, `no such file: missing «json("missing")»`},
		{`9223372036854775807 + 1`, "the result is too large «9223372036854775807 + 1»"},
		{`9223372036854775807 * mem`, "the result is too large «9223372036854775807 * mem»"},
		{`trusted("a;b", r"[a-z]+")`, `"a;b" is not admitted by [a-z]+ «trusted("a;b", r"[a-z]+")»`},
		{`semver.major("one")`, `expected a version such as 1.2.3, found "one" «semver.major("one")»`},
		{`json("p").a.map(x, x)`, `expected a list or a map «json("p").a.map(x, x)»`},
		{`Report{passed: json("p").d}`, `passed: expected int, found string «Report{passed: json("p").d}»`},
		{`name.matches(json("p").b[1] + "(")`, "no regular expression: missing closing ): `x(` «name.matches(json(\"p\").b[1] + \"(\")»"},
	} {
		if got := result(t, c.text, types.JSONType); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestEvalWant(t *testing.T) {
	report := testRecords["Report"]
	for _, c := range []struct {
		text string
		want *types.Type
		out  string
	}{
		{`json("p").a`, types.IntType, "1"},
		{`json("p").d`, types.DurationType, `"10m"`},
		{`json("p").d`, types.IntType, `expected int, found string «json("p").d»`},
		{`json("p").b`, types.ListOf(types.IntType), `[0]: expected int, found 1.5 «json("p").b»`},
		{`unit`, types.RecordOf(types.Field{Name: "passed", Type: types.IntType}), `{"passed":3}`},
		{`unit.note`, types.OptionalOf(types.StringType), "null"},
		{`there.note`, types.OptionalOf(types.StringType), `"hi"`},
		{`gone.note`, types.OptionalOf(types.StringType), "null"},
		{`true ? unit.note : there.note`, types.OptionalOf(types.StringType), "null"},
		{`{ passed: json("p").a, note: unit.note }`, report, `{"passed":1,"retries":2}`},
		{`{ passed: 2, note: there.note }`, report, `{"note":"hi","passed":2,"retries":2}`},
		{`[{ passed: 1 }]`, types.ListOf(report), `[{"passed":1,"retries":2}]`},
		{`{"a": { passed: 1 }}`, types.MapOf(report), "compile"},
		{`gone`, types.IntType, "expected int, found nothing «gone»"},
		{`3.0`, types.IntType, "3"},
		{`xs`, types.ListOf(types.FloatType), "[1.0,2.0,3.0]"},
		{`"prod"`, types.LiteralsOf("dev"), `expected "dev", found "prod" «"prod"»`},
		{`unit`, types.JSONType, `{"failed":1,"passed":3}`},
	} {
		if c.out == "compile" {
			continue
		}
		if got := result(t, c.text, c.want); got != c.out {
			t.Errorf("%s as %s\n got %s\nwant %s", c.text, c.want, got, c.out)
		}
	}
}

func TestEvalUnknown(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`late`, "unknown: late"},
		{`late.a.b[0]`, "unknown: late"},
		{`false && late`, "false"},
		{`late && false`, "false"},
		{`true && late`, "unknown: late"},
		{`late || true`, "true"},
		{`late || false`, "unknown: late"},
		{`late ? 1 : 2`, "unknown: late"},
		{`true ? 1 : late`, "1"},
		{`late + later`, "unknown: late later"},
		{`"${late}-${later}"`, "unknown: late later"},
		{`[1, late]`, "unknown: late"},
		{`{"a": late}`, "unknown: late"},
		{`{ a: late, b: 1 }`, "unknown: late"},
		{`late.map(x, x)`, "unknown: late"},
		{`xs.map(x, x + late)`, "unknown: late"},
		{`xs.all(x, x > 5 && late)`, "false"},
		{`xs.exists(x, x == 2 || late)`, "true"},
		{`late.?a.orValue(1)`, "unknown: late"},
		{`unit.?note.orValue(late)`, "unknown: late"},
		{`there.?note.orValue(late)`, `"hi"`},
		{`has(late.x)`, "unknown: late"},
		{`xs[late]`, "unknown: late"},
		{`late == 1`, "unknown: late"},
		{`late in xs`, "unknown: late"},
		{`1 in late`, "unknown: late"},
		{`late.present()`, "unknown: late"},
		{`succeeded(late)`, "unknown: late"},
		{`succeeded(late) && false`, "false"},
		{`json("late").a`, "unknown: repository"},
		{`false && json("late").a`, "false"},
		{`late && 1 / 0 == 1`, "unknown: late"},
		{`size(late) > 1`, "unknown: late"},
		{`trusted(late, r"x")`, "unknown: late"},
		{`late.optMap(x, x)`, "unknown: late"},
		{`cel.bind(a, late, false && a)`, "false"},
	} {
		if got := result(t, c.text, nil); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestEvalWithoutHost(t *testing.T) {
	p, err := Compile(mustParse(t, `true || glob("x").size() > 1`), CompileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := p.Eval(context.Background(), Input{}); err != nil || v != value.Bool(true) {
		t.Error(v, err)
	}
	p, err = Compile(mustParse(t, `glob("x")`), CompileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Eval(context.Background(), Input{})
	if unknown, ok := errors.AsType[*UnknownError](err); !ok || unknown.Names[0] != "glob" {
		t.Error(err)
	}
}

func TestEvalAt(t *testing.T) {
	p, err := Compile(mustParse(t, `1 + xs[5]`), CompileOptions{At: 100})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Eval(context.Background(), testInput())
	bad, ok := errors.AsType[*EvalError](err)
	if !ok || bad.Span.Start != 104 || bad.Span.End != 109 {
		t.Errorf("%+v", err)
	}
}

func TestEvalLimits(t *testing.T) {
	big := make(value.List, 3000)
	for i := range big {
		big[i] = value.Int(i)
	}
	in := Input{Var: func(string) (value.Value, bool) { return big, true }}
	p, err := Compile(mustParse(t, `l.map(a, l.map(b, l.map(c, a * b * c)))`), CompileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Eval(context.Background(), in)
	if bad, ok := errors.AsType[*EvalError](err); !ok || !strings.HasPrefix(bad.Message, "the expression takes too long") {
		t.Errorf("no cost limit: %v", err)
	}
	less := in
	less.Limit = 500
	if _, err = p.Eval(context.Background(), less); err == nil || !strings.Contains(err.Error(), "may do 500 operations") {
		t.Errorf("no limit of its own: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err = p.Eval(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("not interrupted: %v", err)
	}
}

// TestEvalGrowth holds that text which doubles with each binding meets the limit before it fills the memory.
func TestEvalGrowth(t *testing.T) {
	text := "s59"
	for i := 59; i > 0; i-- {
		text = fmt.Sprintf("cel.bind(s%d, s%d + s%d, %s)", i, i-1, i-1, text)
	}
	p, err := Compile(mustParse(t, text), CompileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Eval(context.Background(), Input{Var: func(string) (value.Value, bool) { return value.String(strings.Repeat("x", 1000)), true }})
	if _, ok := errors.AsType[*EvalError](err); !ok {
		t.Errorf("no limit: %v", err)
	}
	for _, text := range []string{
		`lists.range(2000000000)`,
		`cel.bind(a, s + s, cel.bind(b, a.replace("x", a), b.replace("x", b)))`,
		`lists.range(100000).map(i, s).join("")`,
		`regex.replace(s, "x", lists.range(1000).map(i, s).join("") + s + s)`,
		strings.Replace(text, "s0 + s0", "[s0] + [s0]", 1),
		`cel.bind(a, [s,s,s,s,s,s,s,s,s,s], cel.bind(b, [a,a,a,a,a,a,a,a,a,a], cel.bind(c, [b,b,b,b,b,b,b,b,b,b], cel.bind(d, [c,c,c,c,c,c,c,c,c,c], cel.bind(e, [d,d,d,d,d,d,d,d,d,d], cel.bind(f, [e,e,e,e,e,e,e,e,e,e], [f,f,f,f,f,f,f,f,f,f]))))))`,
	} {
		p, err := Compile(mustParse(t, text), CompileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Eval(context.Background(), Input{Var: func(string) (value.Value, bool) { return value.String(strings.Repeat("x", 1000)), true }})
		if _, ok := errors.AsType[*EvalError](err); !ok {
			t.Errorf("no limit to %.60s: %v", text, err)
		}
	}
}

func TestEvalConcurrently(t *testing.T) {
	texts := []string{`xs.map(x, x * 2).filter(x, x > 2)`, `1 + json("p").d`, `unit.?note.orValue("x")`, `timestamp("x")`, `json("p").a && true`}
	want := map[string]string{}
	for _, text := range texts {
		want[text] = result(t, text, nil)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				for _, text := range texts {
					if diff := cmp.Diff(want[text], result(t, text, nil)); diff != "" {
						t.Errorf("%s: %s", text, diff)
					}
				}
			}
		})
	}
	group.Wait()
}

func TestCompileErrors(t *testing.T) {
	for text, want := range map[string]string{
		`nope(1)`:         `unknown function "nope"`,
		`x.nope()`:        `unknown function "nope"`,
		`Nope{a: 1}`:      `unknown type "Nope"`,
		`null`:            "there is no null: what may be missing has a type T?",
		`xs.map(1, 2)`:    "map takes a name for each element first: map(x, …)",
		`dyn(1)`:          "there is no dyn() here: every value has one type that is known before it runs",
		`@text("a")`:      "",
		`x.value()`:       `unknown function "value"`,
		`has(x)`:          "has takes a field: has(x.name)",
		`type(x)`:         "there is no type() here: every value has one type that is known before it runs",
		`optional.nope()`: `unknown function "nope"`,
	} {
		x, err := Parse(text)
		if want == "" {
			if err == nil {
				t.Errorf("%s can be read", text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err = Compile(x, CompileOptions{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
