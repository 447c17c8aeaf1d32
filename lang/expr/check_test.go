package expr

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// checks are expressions in checkScope, with their type or with what is said about them and where.
var checks = []struct{ text, want string }{
	{`unit.passed + 1`, `int`},
	{`unit.pased`, `unknown-field: Report has no field "pased" «pased»`},
	{`maybe.passed`, `maybe-skipped: step maybe may have no result (when go) «maybe.passed»`},
	{`maybe.?passed.orValue(1)`, `int`},
	{`succeeded(maybe) && maybe.passed > 1`, `bool`},
	{`succeeded(maybe) ? maybe.passed : 0`, `int`},
	{`!succeeded(maybe) || maybe.passed == 0`, `bool`},
	{`env == "production"`, `unknown-literal: "production" is not one of "dev" | "staging" | "prod" «"production"»`},
	{`"a" == "b"`, `unknown-literal: "a" and "b" are never equal: both are written out «"a"»`},
	{`"a" in ["b"]`, `unknown-literal: "a" and "b" are never equal: both are written out «"a"»`},
	{`env == "prd"`, `unknown-literal: "prd" is not one of "dev" | "staging" | "prod" «"prd"»`},
	{`env in ["dev", "stagin"]`, `unknown-literal: "stagin" is not one of "dev" | "staging" | "prod" «"stagin"»`},
	{`token == "x"`, `secret-leak: a secret cannot be compared «token»`},
	{`"Bearer ${token}"`, `secret string`},
	{`token + "x"`, `secret string`},
	{`[token].join()`, `secret-leak: a value that holds a secret cannot be used in join() «[token]»`},
	{`size(token)`, `secret-leak: a secret cannot be used in size() «token»`},
	{`has(unit.note)`, `bool`},
	{`unit.note`, `maybe-missing: Report may have no note «unit.note»`},
	{`unit.?note.orValue("x")`, `string`},
	{`unit.?next.?next.?passed.orValue(3)`, `int`},
	{`unit.?next.next.passed.orValue(2)`, `int`},
	{`alerts.hasValue()`, `bool`},
	{`alerts.orValue("x")`, `secret url`},
	{`branch == "main"`, `bool`},
	{`branch + "x"`, `untrusted string`},
	{`branch.startsWith("x")`, `bool`},
	{`trusted(branch, r"[a-z]+")`, `string`},
	{`trusted(branch, r"[a-z")`, "invalid-value: no regular expression: missing closing ]: `[a-z` «r\"[a-z\"»"},
	{`branch.split("/")`, `untrusted [string]`},
	{`git.changed(["x"]).exists(f, f == "a")`, `bool`},
	{`git.changed(["x"]).map(f, f + "y")`, `[untrusted string]`},
	{`xs.map(x, x + 1)`, `[int]`},
	{`xs.map(x, "a")`, `["a"]`},
	{`xs.filter(x, x > 1)`, `[int]`},
	{`xs.map(x, y)`, `unknown-name: unknown name "y" «y»`},
	{`xs.mapp(x, x)`, `unknown-function: unknown function "mapp" «mapp»`},
	{`null`, `no-null: there is no null: what may be missing has a type T? «null»`},
	{`1u`, `no-null: there are no unsigned numbers, found 1u «1u»`},
	{`dyn(1)`, `no-null: there is no dyn() here: every value has one type that is known before it runs «dyn»`},
	{`[1, "a"]`, `type-mismatch: the elements of a list must have one type, found int and string «"a"»`},
	{`{"a": 1, "b": "c"}`, `type-mismatch: the values of a map must have one type, found int and string «"c"»`},
	{`{1: 2}`, `type-mismatch: a map's key: expected string, found int 1 «1»`},
	{`Report{passed: 1}`, `missing-field: Report lacks failed: int «Report{passed: 1}»`},
	{`Report{passed: 1, failed: 0, note: "x"}`, `Report`},
	{`Report{passed: "a", failed: 0, foo: 1}`, `type-mismatch: field passed: expected int, found "a" «"a"»; unknown-field: Report has no field "foo" «foo»`},
	{`Repot{}`, `unknown-type: unknown type "Repot" «Repot»`},
	{`{ a: n, b: "x" }`, `{ a: int, b: "x" }`},
	{`bad.x.y + nope`, `unknown-name: unknown name "nope" «nope»`},
	{`bad.foo + 1`, `invalid`},
	{`1 == "a"`, `type-mismatch: int and "a" are never equal «1 == "a"»`},
	{`1 < 1.5`, `type-mismatch: < does not work between int and float «1 < 1.5»`},
	{`n == 1.0`, `type-mismatch: int and float are never equal «n == 1.0»`},
	{`[1].all(x, x < 1.5)`, `type-mismatch: < does not work between int and float «x < 1.5»`},
	{`mem > 512MiB`, `bool`},
	{`mem * 2`, `size`},
	{`mem + 1`, `type-mismatch: + does not work between size and int «mem + 1»`},
	{`json("x").a.b[1] + 1`, `int`},
	{`glob("**")`, `[path]`},
	{`junit("x").failed`, `int`},
	{`junit("x").faild`, `unknown-field: TestReport has no field "faild" «faild»`},
	{`mth.abs(1)`, `unknown-name: unknown name "mth" «mth»`},
	{`jsn.encode(nope)`, `unknown-name: unknown name "jsn" «jsn»`},
	{`nope.bar(1)`, `unknown-name: unknown name "nope" «nope»`},
	{`glob(1)`, `type-mismatch: glob does not take (int) «glob(1)»`},
	{`gaps[0].passed`, `maybe-missing: gaps[0] may be missing «gaps[0].passed»`},
	{`gaps.present()[0].passed`, `int`},
	{`gaps.map(g, g.?passed.orValue(0))`, `[int]`},
	{`"${maybe}"`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`"${unit}"`, `type-mismatch: Report cannot be put into a string «unit»`},
	{`"${maybe.passed}"`, `maybe-skipped: step maybe may have no result (when go) «maybe.passed»`},
	{`n ? 1 : 2`, `type-mismatch: expected bool before ?, found int «n»`},
	{`n && true`, `type-mismatch: expected bool, found int «n»`},
	{`true ? 1 : "a"`, `type-mismatch: the two values of a condition must have one type, found int and string «true ? 1 : "a"»`},
	{`env + 1`, `type-mismatch: + does not work between "dev" | "staging" | "prod" and int «env + 1»`},
	{`maybe == unit`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`unit == unit`, `bool`},
	{`n.foo`, `type-mismatch: int has no fields, found .foo «foo»`},
	{`nn`, `unknown-name: unknown name "nn" «nn»`},
	{`foo(1)`, `unknown-function: unknown function "foo" «foo»`},
	{`"x".startWith("y")`, `unknown-function: unknown function "startWith" «startWith»`},
	{`startsWith("a", "b")`, `unknown-function: "startsWith" is a method «startsWith»`},
	{`succeeded(env)`, `type-mismatch: succeeded takes the name of a step; env is none «env»`},
	{`env.orValue("x")`, `type-mismatch: "dev" | "staging" | "prod" is never missing, so orValue says nothing «env.orValue("x")»`},
	{`xs["a"]`, `type-mismatch: [int] cannot be indexed by "a" «xs["a"]»`},
	{`token.startsWith("x")`, `secret-leak: a secret cannot be used in startsWith() «token»`},
	{`[token]`, `[secret string]`},
	{`{"a": token}.a`, `secret string`},
	{`true ? token : "x"`, `secret string`},
	{`xs.all(1, x)`, `unknown-name: unknown name "x" «x»`},
	{`has(x)`, `unknown-name: unknown name "x" «x»`},
	{`[[token]].map(x, x[0])`, `[secret string]`},
	{`[maybe]`, `[Report?]`},
	{`[?maybe]`, `[Report]`},
	{`xs.transformMap(i, x, "${i}")`, `{string: string}`},
	{`{"a": 1}.transformMapEntry(k, v, {v: k})`, `type-mismatch: a map's key: expected string, found int «v»`},
	{`unit.note.orValue("x")`, `maybe-missing: Report may have no note «unit.note»`},
	{`unit.note.hasValue()`, `maybe-missing: Report may have no note «unit.note»`},
	{`unit.passed.orValue(1)`, `type-mismatch: int is never missing, so orValue says nothing «unit.passed.orValue(1)»`},
	{`"a" in {"a": 1}`, `bool`},
	{`unit.value()`, `unknown-function: unknown function "value" «value»`},
	{`cel.bind(r, { a: 1, b: "x" }, r.a + r.c)`, `unknown-name: unknown name "a" as a key «a»; unknown-name: unknown name "b" as a key «b»`},
	{`[{ a: 1 }, { a: 2 }].map(x, x.a)`, `[int]`},
	{`-env`, `type-mismatch: "dev" | "staging" | "prod" has no negative «-env»`},
	{`!n`, `type-mismatch: expected bool after !, found int «!n»`},
	{`10m + 5`, `type-mismatch: + does not work between duration and int «10m + 5»`},
	{`10m * 2 > 1h`, `bool`},
	{`text("x").trim()`, `string`},
	{`int("5") + 1`, `int`},
	{`-"a"`, `type-mismatch: "a" has no negative «-"a"»`},
	{`semver.major("1.2.3")`, `int`},
	{`math.abs(-1)`, `int`},
	{`math.foo(1)`, `unknown-function: unknown function "math.foo" «foo»`},
	{`string(mem)`, `string`},
	{`env == branch`, `bool`},
	{`[env] == ["x"]`, `bool`},
	{`xs + ["a"]`, `type-mismatch: + does not work between [int] and ["a"] «xs + ["a"]»`},
	{`env.matches("[")`, "invalid-value: no regular expression: missing closing ]: `[` «\"[\"»"},
	{`xs.all(x, x + 1)`, `type-mismatch: expected bool, found int «x + 1»`},
	{`xs.filter(x, x)`, `type-mismatch: expected bool before ?, found int «x»`},
	{`xs.exists(x, "a")`, `type-mismatch: expected bool, found "a" «"a"»`},
	{`n.map(x, x)`, `type-mismatch: expected a list or a map, found int «n»`},
	{`maybe.map(x, x)`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`gaps.filter(g, g.passed > 1)`, `maybe-missing: g may be missing «g.passed»`},
	{`[?n]`, `type-mismatch: int is never missing, so ? says nothing «n»`},
	{`{"a": n, "b": env}.b`, `type-mismatch: the values of a map must have one type, found int and "dev" | "staging" | "prod" «env»`},
	{`xs.sortBy(x, -x)`, `[int]`},
	{`{"b": 1}.transformList(k, v, k)`, `[string]`},
	{`[1,2].map(x, {"k": x}).map(y, y.k)`, `[int]`},
	{`env in [branch]`, `bool`},
	{`xs.map(x, {"a": x})[0].b`, `int`},
	{`n > env`, `type-mismatch: > does not work between int and "dev" | "staging" | "prod" «n > env»`},
	{`token in ["a"]`, `secret-leak: a secret cannot be compared «token»`},
	{`unit.next.passed`, `maybe-missing: Report may have no next «unit.next»`},
	{`alerts + "x"`, `maybe-missing: alerts may be missing «alerts»`},
	{`[] + xs`, `[int]`},
	{`xs == []`, `bool`},
	{`true ? [] : xs`, `[int]`},
	{`xs[0] == "x"`, `type-mismatch: int and "x" are never equal «xs[0] == "x"»`},
	{`maybe.?note`, `string?`},
	{`maybe.?note == "x"`, `maybe-missing: maybe.?note may be missing «maybe.?note»`},
	{`maybe.next`, `maybe-skipped: step maybe may have no result (when go) «maybe.next»`},
	{`maybe.passed + maybe.failed`, `maybe-skipped: step maybe may have no result (when go) «maybe.passed»`},
	{`git.branch == "main" ? 1 : 2`, `int`},
	{`"${git.branch}"`, `untrusted string`},
	{`report.a.b > 3 && report.c == "x"`, `bool`},
	{`report.?a.orValue("x")`, `json`},
	{`optional.none()`, `json?`},
	{`file("x").name`, `string`},
	{`file("x").path`, `unknown-field: file has no field "path" «path»`},
	{`dir("out").files + 1`, `int`},
	{`files("**").map(f, f.digest)`, `[string]`},
	{`xs.exists(x, x == "a")`, `type-mismatch: int and "a" are never equal «x == "a"»`},
	{`xs.map(unit, unit + 1)`, `[int]`},
	{`xs.map(maybe, maybe + 1)`, `[int]`},
	{`succeeded(maybe) && xs.all(maybe, maybe > 1)`, `bool`},
	{`failed(unit) || skipped(maybe)`, `bool`},
	{`!(succeeded(unit))`, `bool`},
	{`succeeded(bad)`, `invalid`},
	{`succeeded(1)`, `type-mismatch: succeeded takes the name of a step «1»`},
	{`succeeded()`, `type-mismatch: succeeded takes the name of one step, found 0 arguments «succeeded()»`},
	{`trusted(branch)`, `type-mismatch: trusted takes a value and a pattern, found 1 arguments «trusted(branch)»`},
	{`trusted(branch, env)`, `invalid-value: the pattern of trusted must be a literal string «env»`},
	{`trusted(token, r"x")`, `secret-leak: a secret cannot be used in trusted() «token»`},
	{`has(unit.nope)`, `unknown-field: Report has no field "nope" «has(unit.nope)»`},
	{`has(report.x)`, `bool`},
	{`has(maybe.passed)`, `bool`},
	{`unit["passed"]`, `type-mismatch: Report cannot be indexed by "passed" «unit["passed"]»`},
	{`ci.Report{passed: 1, failed: 2}.passed`, `int`},
	{`Report{passed: 1, failed: 2, ?note: unit.?note}`, `Report`},
	{`Report{passed: 1, failed: 2, note: unit.note}`, `Report`},
	{`Report{passed: 1, passed: 2, failed: 0}`, `duplicate-name: field passed is given twice «passed»`},
	{`unit.next`, `maybe-missing: Report may have no next «unit.next»`},
	{`env == unit.?note.orValue("x")`, `bool`},
	{`[unit, maybe]`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`[env, "dev"]`, `["dev" | "staging" | "prod"]`},
	{`[env, "dev"][0] == "prod"`, `bool`},
	{`{"a": [1], "b": []}`, `{string: [int]}`},
	{`{"a": maybe}`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`10m > 5`, `type-mismatch: > does not work between duration and int «10m > 5»`},
	{`duration("10m") + 1h`, `duration`},
	{`timestamp("2024-01-01T00:00:00Z") < timestamp("2024-01-02T00:00:00Z")`, `bool`},
	{`float(n) * 1.5`, `float`},
	{`double(n) + 1.0`, `float`},
	{`bytes("x")`, `bytes`},
	{`n % 2 == 0`, `bool`},
	{`mem - 1MiB`, `size`},
	{`mem / 2`, `size`},
	{`3 * mem`, `size`},
	{`mem * mem`, `type-mismatch: * does not work between size and size «mem * mem»`},
	{`mem == 5`, `type-mismatch: size and int are never equal «mem == 5»`},
	{`"a" < "b"`, `bool`},
	{`env < "b"`, `bool`},
	{`token < "b"`, `secret-leak: a secret cannot be compared «token»`},
	{`optional.of(n).orValue(2)`, `int`},
	{`unit.?note.or(maybe.?note).orValue("x")`, `string`},
	{`unit.?note.optMap(s, s + "!").orValue("")`, `string`},
	{`maybe.hasValue()`, `bool`},
	{`maybe.orValue(unit).passed`, `int`},
	{`[token, "a"][0]`, `secret string`},
	{`xs.size() > 2`, `bool`},
	{`size(xs)`, `int`},
	{`xs.sizes()`, `unknown-function: unknown function "sizes" «sizes»`},
	{`sets.contains(xs, [1])`, `bool`},
	{`sets.contain(xs, [1])`, `unknown-function: unknown function "sets.contain" «contain»`},
	{`math.greatest(n, 2)`, `int`},
	{`math.greatest(n, "a")`, `type-mismatch: greatest takes numbers «"a"»`},
	{`lists.range(3)`, `[int]`},
	{`env.upperAscii()`, `string`},
	{`"a-b".split("-").join("+")`, `string`},
	{`regex.replace("a", "b", "c")`, `string`},
	{`base64.encode(b"x")`, `string`},
	{`strings.quote("x")`, `string`},
	{`uint(1)`, `no-null: there is no uint() here: every value has one type that is known before it runs «uint»`},
	{`type(n)`, `no-null: there is no type() here: every value has one type that is known before it runs «type»`},
	{`xs.map(x, x, x)`, `type-mismatch: expected bool before ?, found int «x»`},
	{`cel.bind(z, n + 1, z * 2)`, `int`},
	{`cel.bind(z, branch, z + "x")`, `untrusted string`},
	{`xs.map(x, [x]).flatten()`, `[int]`},
	{`xs.slice(0, 1)`, `[int]`},
	{`[env].distinct()`, `["dev" | "staging" | "prod"]`},
	{`"a".matches("(")`, "invalid-value: no regular expression: missing closing ): `(` «\"(\"»"},
	{`"a".nope`, `type-mismatch: "a" has no fields, found .nope «nope»`},
	{`n.foo.bar`, `type-mismatch: int has no fields, found .foo «foo»`},
	{`bad.x.y`, `invalid`},
	{`[bad, 1]`, `[int]`},
	{`bad == 1 || nope`, `unknown-name: unknown name "nope" «nope»`},
	{`nope.a + nope.b`, `unknown-name: unknown name "nope" «nope»`},
	{`text("a") + nope2`, `unknown-name: unknown name "nope2" «nope2»`},
	{`glob(["a", "b"])`, `[path]`},
	{`glob("a", "b")`, `type-mismatch: glob takes one argument, found 2 «glob("a", "b")»`},
	{`git.changed("x")`, `[untrusted path]`},
	{`git.nope`, `unknown-field: { branch: untrusted string } has no field "nope" «nope»`},
	{`git.nope("x")`, `unknown-function: unknown function "git.nope" «nope»`},
	{`env.orValue(1)`, `type-mismatch: "dev" | "staging" | "prod" is never missing, so orValue says nothing «env.orValue(1)»`},
	{`"x" + 1`, `type-mismatch: + does not work between "x" and int «"x" + 1»`},
	{`"x" + n`, `type-mismatch: + does not work between "x" and int «"x" + n»`},
	{`xs + [1]`, `[int]`},
	{`xs + 1`, `type-mismatch: + does not work between [int] and int «xs + 1»`},
	{`-n`, `int`},
	{`!true`, `bool`},
	{`!maybe`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`maybe ? 1 : 2`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`true && maybe`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`n == maybe.?passed.orValue(0)`, `bool`},
	{`xs[maybe]`, `maybe-skipped: step maybe may have no result (when go) «maybe»`},
	{`xs[?5].orValue(1)`, `int`},
	{`gaps[?0]`, `Report?`},
	{`"${xs}"`, `type-mismatch: [int] cannot be put into a string «xs»`},
	{`"${report}"`, `string`},
	{`"${file("x")}"`, `type-mismatch: file cannot be put into a string «file("x")»`},
	{`"${10m} ${mem} ${1.5} ${true} ${env}"`, `string`},
	{`"${alerts}"`, `maybe-missing: alerts may be missing «alerts»`},
	{`"${token} ${branch}"`, `untrusted secret string`},
	{`{"k": branch}`, `{string: untrusted string}`},
	{`{branch: 1}`, `{ branch: int }`},
	{`token == token`, `secret-leak: a secret cannot be compared «token»`},
	{`[token] == [token]`, `secret-leak: a value that holds a secret cannot be compared «[token]»`},
	{`token + branch`, `untrusted secret string`},
}

func TestCheck(t *testing.T) {
	scope := checkScope()
	for _, c := range checks {
		if got, _ := said(t, c.text, scope, Options{}); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// said is the type of an expression, or what a check says about it.
func said(t *testing.T, text string, s *Scope, o Options) (string, []diag.Diagnostic) {
	t.Helper()
	x := mustParse(t, text)
	var ds diag.List
	o.File, o.Diags = source.NewFile("test.pipe", text), &ds
	typ := Check(x, s, o)
	if ds.Len() == 0 {
		return typ.String(), nil
	}
	if typ.Kind != types.Invalid {
		t.Errorf("%s: something was reported, and the type is %s", text, typ)
	}
	var all []string
	for _, d := range ds.Sorted() {
		all = append(all, d.Rule+": "+d.Message+" «"+o.File.Slice(d.Span)+"»")
	}
	return strings.Join(all, "; "), ds.Sorted()
}

func TestWant(t *testing.T) {
	report, _ := checkScope().lookupRecord("Report")
	str := types.StringType
	secret := str.WithLabels(types.Secret)
	for _, c := range []struct {
		text string
		want *types.Type
		said string
	}{
		{`n`, types.IntType, "int"},
		{`n`, str, `type-mismatch: argument tag: expected string, found int «n»`},
		{`"prd"`, types.LiteralsOf("dev", "prod"), `unknown-literal: "prd" is not one of "dev" | "prod" «"prd"»`},
		{`"${env}"`, types.LiteralsOf("dev", "prod"), `type-mismatch: argument tag: expected "dev" | "prod", found string «"${env}"»`},
		{`token`, secret, "secret string"},
		{`token`, str, "secret-leak: a secret cannot be used as argument tag, which is not declared secret «token»"},
		{`"x-${token}"`, str, "secret-leak: a secret cannot be used as argument tag, which is not declared secret «\"x-${token}\"»"},
		{`[token]`, types.ListOf(str), "secret-leak: a secret cannot be used as argument tag, which is not declared secret «[token]»"},
		{`{ a: token }`, types.RecordOf(types.Field{Name: "a", Type: str}), "secret-leak: a secret cannot be used as field a, which is not declared secret «token»"},
		{`branch`, str, "untrusted-flow: a value that a stranger may choose cannot be used as argument tag «branch»"},
		{`trusted(branch, r"[a-z]+")`, str, "string"},
		{`branch == "main" ? "a" : "b"`, str, `"a" | "b"`},
		{`true ? branch : "b"`, str, "untrusted-flow: a value that a stranger may choose cannot be used as argument tag «true ? branch : \"b\"»"},
		{`unit.note`, types.OptionalOf(str), "string?"},
		{`unit.passed`, types.OptionalOf(types.IntType), "int"},
		{`maybe.passed`, types.OptionalOf(types.IntType), "int?"},
		{`env == "dev" ? unit.note : maybe.note`, types.OptionalOf(str), "string?"},
		{`(unit.note)`, types.OptionalOf(str), "string?"},
		{`succeeded(maybe) ? maybe.passed : 0`, types.OptionalOf(types.IntType), "int"},
		{`env == "dev" ? unit.note : "x"`, types.OptionalOf(str), "string?"},
		{`env == "dev" ? unit.note : 1`, types.OptionalOf(str), `type-mismatch: the two values of a condition must have one type, found string? and int «1»`},
		{`maybe`, report, "maybe-skipped: step maybe may have no result (when go) «maybe»"},
		{`unit.?note`, str, "maybe-missing: unit.?note may be missing «unit.?note»"},
		{`alerts`, types.URLType, "maybe-missing: alerts may be missing «alerts»"},
		{`{ passed: 1, failed: 2 }`, report, "Report"},
		{`{ passed: 1, failed: 2, note: unit.note }`, report, "Report"},
		{`{ passed: "a", faild: 2 }`, report, `type-mismatch: field passed: expected int, found "a" «"a"»; unknown-field: Report has no field "faild" «faild»`},
		{`{ passed: 1, failed: nope, note: 3 }`, report, `unknown-name: unknown name "nope" «nope»; type-mismatch: field note: expected string?, found int 3 «3»`},
		{`{ passed: 1 }`, str, "type-mismatch: argument tag: expected string, found a record «{ passed: 1 }»"},
		{`{ passed: 1 }`, types.MapOf(types.IntType), "type-mismatch: argument tag: expected {string: int}, found a record «{ passed: 1 }»"},
		{`{"passed": 1}`, report, `type-mismatch: argument tag: expected Report, found {string: int} «{"passed": 1}»`},
		{`[{ passed: 1, failed: 0 }]`, types.ListOf(report), "[Report]"},
		{`env == "dev" ? { passed: 1, failed: 0 } : unit`, report, "Report"},
		{`[{ passed: "a", failed: 0 }]`, types.ListOf(report), `type-mismatch: field passed: expected int, found "a" «"a"»`},
		{`json("x")`, report, "json"},
		{`report.a`, types.IntType, "json"},
		{`[]`, types.ListOf(str), "[invalid]"},
		{`[1]`, types.ListOf(str), "type-mismatch: argument tag: expected [string], found [int] «[1]»"},
		{`1`, types.FloatType, "type-mismatch: argument tag: expected float, found int 1 «1»"},
		{`glob("a")`, types.ListOf(str), "[path]"},
		{`bad.x`, str, "invalid"},
		{`unit`, types.RecordOf(types.Field{Name: "passed", Type: types.IntType}), "Report"},
		{`unit`, types.RecordOf(types.Field{Name: "passed", Type: str}), "type-mismatch: argument tag: expected { passed: string }, found Report, whose passed is int, not string «unit»"},
	} {
		got, _ := said(t, c.text, checkScope(), Options{Want: c.want, What: "argument tag"})
		if got != c.said {
			t.Errorf("%s as %s\n got %s\nwant %s", c.text, c.want, got, c.said)
		}
	}
}

func TestHelp(t *testing.T) {
	for text, want := range map[string]string{
		`"x".uper()`:          "write x.upperAscii()",
		`url("https://x")`:    "a string fits where a url is expected, and is checked there",
		`maybe.passed`:        "write maybe.?passed.orValue(…), or add `needs maybe` or `when succeeded(maybe)` to this step",
		`unit.note`:           "write unit.?note.orValue(…), or bind it with `needs note = unit.note`",
		`unit.pased`:          `did you mean "passed"?`,
		`env == "stagin"`:     `did you mean "staging"?`,
		`unti`:                `did you mean "unit"?`,
		`"x".startWith("y")`:  `did you mean "startsWith"?`,
		`startsWith("a","b")`: "write x.startsWith(…)",
		`Repot{}`:             `did you mean "Report"?`,
		`1 < 1.5`:             "int and float do not mix: write float(…) around the int",
		`alerts + "x"`:        "write alerts.orValue(…), or bind it with `needs x = …`",
		`10m == 600`:          "a duration has a unit, such as 300s or 5m; its seconds are x.getSeconds()",
		`mem > 1000`:          "a size has a unit, such as 512B or 1GiB; its bytes are int(x)",
		`n == 1.0`:            "int and float do not mix: write float(…) around the int, or the number with a point",
		`timestamp("x") < 5m`: "a point in time is compared with another: run.started - 5m",
		`xs == 1`:             "whether it is one of them is asked by in: y in x",
		`(1 < 2) == 1`:        "a bool is true or false: leave the comparison out",
		`!n`:                  "a condition compares: x > 0",
		`xs.size() && true`:   "a condition compares: x > 0",
		`"${xs}"`:             `make one string of it: x.join(", ")`,
		`"a" in env`:          "a text is searched by contains: y.contains(x)",
		`"a" in xs`:           "its elements are int",
		`xs.size`:             "it is called with parentheses: x.size(…)",
		`xs.length`:           "write x.size()",
		`"x".substring("1")`:  "it takes (int) or (int, int)",
		`xs.present()`:        "leave it out",
		`"x".split(1)`:        "it takes (string) or (string, int)",
		`math.gratest(1, 2)`:  `did you mean "greatest"?`,
		`strings.qoute("x")`:  `did you mean "quote"?`,
	} {
		_, ds := said(t, text, checkScope(), Options{})
		if len(ds) != 1 || ds[0].Help != want {
			t.Errorf("%s: %+v, want %s", text, ds, want)
		}
	}
}

func TestNarrow(t *testing.T) {
	got, _ := said(t, `maybe.passed + (maybe.?failed.orValue(1))`, checkScope(), Options{Narrow: map[string]bool{"maybe": true}})
	if got != "int" {
		t.Error(got)
	}
	if got, _ := said(t, `maybe`, checkScope(), Options{Narrow: map[string]bool{"maybe": true}}); got != "Report" {
		t.Error(got)
	}
}

func TestFunctionsOfScopes(t *testing.T) {
	for _, c := range []struct {
		text string
		in   Functions
		want string
	}{
		{`file("x").name`, Repo, "unknown-function: file cannot be called here «file»"},
		{`glob("x")`, Attempt, "unknown-function: glob cannot be called here «glob»"},
		{`json("x").a`, Attempt, "json"},
		{`json("x").a`, 0, "unknown-function: json cannot be called here «json»"},
		{`succeeded(a)`, Repo, "unknown-function: succeeded() asks about steps, and there are none here «succeeded»"},
	} {
		s := NewScope(c.in)
		s.Declare("a", Var{Type: types.IntType, Step: true})
		if got, _ := said(t, c.text, s, Options{}); got != c.want {
			t.Errorf("%s: %s", c.text, got)
		}
	}
}

func TestScope(t *testing.T) {
	outer := NewScope(0)
	outer.Declare("a", Var{Type: types.IntType})
	inner := outer.Child(0)
	inner.Declare("a", Var{Type: types.StringType})
	for s, want := range map[*Scope]string{outer: "int", inner: "string"} {
		if got, _ := said(t, "a", s, Options{}); got != want {
			t.Errorf("a is %s, want %s", got, want)
		}
	}
	outer.Declare("b", Var{Type: types.BoolType}) // after the first use
	inner.Declare("a", Var{Type: types.FloatType})
	outer.Declare("a", Var{Type: types.DurationType})
	for text, want := range map[string]string{"b ? a : 1.0": "float"} {
		if got, _ := said(t, text, inner, Options{}); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	if got, _ := said(t, "a * 2", outer, Options{}); got != "duration" {
		t.Errorf("a is %s", got)
	}
	if _, ok := inner.Lookup("c"); ok {
		t.Error("c is not declared")
	}
}

func TestCheckConcurrently(t *testing.T) {
	scope := checkScope()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, c := range checks[:60] {
				said(t, c.text, scope, Options{})
			}
		})
	}
	group.Wait()
}

func TestRefs(t *testing.T) {
	for text, want := range map[string]string{
		`a.b + c[d].e(f)`:                             "a c d f",
		`xs.map(x, x + y).filter(x, z)`:               "xs y z",
		`xs.all(i, v, i + v + w)`:                     "xs w",
		`cel.bind(b, a, b + c)`:                       "a c",
		`succeeded(a) && failed(b) || a.x > 1`:        "a! b! a",
		`math.greatest(a, 1) + semver.major(v)`:       "a v",
		`git.changed([p]).size() + git.branch.size()`: "git p git",
		`"${a} ${"${b}"}"`:                            "a b",
		`{ x: a, ?y: b }`:                             "a b",
		`Report{x: a}.x`:                              "a",
		`{"k": a, (b): c}`:                            "a b c",
		`glob("x") + json(p).q`:                       "p",
		`x.transformMapEntry(k, v, {k: v, "q": q})`:   "x q",
		`math + 1`: "math",
	} {
		var got []string
		for _, r := range Refs(mustParse(t, text)) {
			name := r.Name
			if r.Order {
				name += "!"
			}
			if text[r.Span.Start:r.Span.End] != r.Name {
				t.Errorf("%s: %s stands at %v", text, r.Name, r.Span)
			}
			got = append(got, name)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestSucceeded(t *testing.T) {
	for text, want := range map[string]string{
		`succeeded(a) && (x && succeeded(b))`: "a b",
		`succeeded(a) || succeeded(b)`:        "",
		`!succeeded(a)`:                       "",
		`failed(a) && succeeded(c)`:           "c",
	} {
		if got := strings.Join(Succeeded(mustParse(t, text)), " "); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestQuick holds the two short ways of typing an expression against the long one.
func TestQuick(t *testing.T) {
	scope := checkScope().Child(0)
	scope.Declare("outputs", Var{Type: types.MapOf(types.StringType.WithLabels(types.Untrusted))})
	scope.Declare("secrets", Var{Type: types.MapOf(types.StringType.WithLabels(types.Secret))})
	texts := []string{`"${env}-${n}" + branch`, `n + 1 > 2 && env != "dev"`, `[1, n]`, `["a", env]`, `unit.?passed.orValue(n)`, `env == "dev" ? 1 : n`, `git.branch`, `succeeded(unit)`, `10m`, `1MiB`, `!true`, `token + branch`, `branch == "x" || n == 1`, `[]`, `"x${outputs.ref}"`, `outputs.ref == env`, `!succeeded(unit) || unit.passed > 0`, `(n > 1) && "${env}" == branch ? n + 1 : 2`, `[token]`, `secrets.a`, `string(n + 1)`, `int(env)`, `string(1.5)`, `int("1") + 1`, `int(1.5)`, `string(env)`, `string(branch)`, `int(token)`, `string(true)`, `int(n, n)`}
	for _, c := range checks {
		texts = append(texts, c.text)
	}
	quick, atonce := 0, 0
	for _, text := range texts {
		for _, want := range []*types.Type{nil, types.StringType, types.OptionalOf(types.IntType)} {
			var fast, slow diag.List
			x, f := mustParse(t, text), source.NewFile("test.pipe", text)
			one := &checking{scope: scope, Options: Options{File: f, Diags: &fast, Want: want}}
			two := &checking{scope: scope, Options: Options{File: f, Diags: &slow, Want: want}, slow: true}
			a, b := one.check(x), two.check(x)
			if one.root != nil && one.tree == nil {
				quick++
			}
			if diff := cmp.Diff(slow.Sorted(), fast.Sorted(), cmp.Comparer(func(a, b *source.File) bool { return a == b })); diff != "" {
				t.Errorf("%s: %s", text, diff)
			}
			if fast.Len() == 0 && a.Text() != b.Text() {
				t.Errorf("%s is %s the short way, %s the long way", text, a, b)
			}
			if c := atOnce(x, scope, Options{Want: want}); c != nil {
				atonce++
				if slow.Len() > 0 || c.Text() != b.Text() || c.DeepLabels() != b.DeepLabels() {
					t.Errorf("%s is %s at once, %s the long way: %v", text, c, b, slow.Sorted())
				}
			}
		}
	}
	if quick < 50 || atonce < 30 {
		t.Errorf("only %d and %d expressions took the short ways", quick, atonce)
	}
}
