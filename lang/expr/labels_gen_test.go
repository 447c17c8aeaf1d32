package expr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// chooser makes a generator's choices: a number below n.
type chooser interface{ choose(n int) int }

// forms are what an expression of a kind may look like. A kind is a letter: s string, i int, b bool,
// f float, d duration, z size, t timestamp, y bytes, S [string], I [int], B [bool], M {string: string},
// N {string: int}, R a record, L a list of those, o string?, p int?, q a record?, P [int?], Q [string?], j data.
//
// {k} is an expression of kind k; <k> names a variable of kind k that what follows may use, <~k>
// one that may be used after <!>.
var forms = map[byte][]string{
	's': {
		`"x"`, `"k1"`, `""`, `"${{s}}-${{i}}"`, `"${{j}}"`, `"${{z}} ${{d}} ${{b}}"`, `{s} + {s}`, `{S}[{i}]`, `{M}[{s}]`, `{M}.k1`, `{R}.name`, `{R}.token`, `db.host`,
		`{o}.orValue({s})`, `{R}.?note.orValue({s})`, `{R}.?hush.orValue({s})`, `{q}.?name.orValue({s})`, `{L}[{i}].name`, `{M}.?k1.orValue({s})`, `{S}[?{i}].orValue({s})`,
		`string({i})`, `string({b})`, `{s}.charAt({i})`, `{s}.lowerAscii()`, `{s}.upperAscii()`, `{s}.replace({s}, {s})`, `{s}.substring({i})`, `{s}.trim()`, `{s}.reverse()`,
		`{S}.join({s})`, `"%s".format([{s}])`, `"%d".format([{i}])`, `strings.quote({s})`, `base64.encode({y})`, `json.encode({j})`, `json.encode({S})`, `json.encode({M})`, `json.encode({R})`, `json.encode([{R}, {R}])`,
		`regex.replace({s}, "a", {s})`, `semver.prerelease("1.2.3-rc.1")`, `semver.prerelease({s})`, `trusted({s}, r"[a-z0-9-]+")`, `text({s})`, `file({s}).name`, `dir("x").digest`,
		`[{ a: {s}, b: {s} }][{i}].a`, `[{ a: {s}, b: {S} }].map(<R>, "x")[0]`, `Rec{name: {s}, token: {s}, n: {i}}.name`, `Rec{name: {s}, token: {s}, n: {i}}.token`, `(true ? {R} : Rec{name: "a", token: "b", n: 1}).name`,
		`Narrow{name: {s}}.name`, `({b} ? Narrow{name: {s}} : Narrow{name: "x"}).name`, `{o}.optMap(<s>, {s}).orValue({s})`,
	},
	'i': {
		`0`, `1`, `2`, `{i} + {i}`, `{i} - {i}`, `{i} * {i}`, `{i} / {i}`, `{i} % {i}`, `-{i}`, `{I}[{i}]`, `{N}[{s}]`, `{N}.k1`, `{R}.n`, `{p}.orValue({i})`, `{q}.?n.orValue({i})`,
		`size({s})`, `size({S})`, `{S}.size()`, `{M}.size()`, `size({N})`, `size({L})`, `{P}.size()`, `{P}.present().size()`, `{Q}.present().size()`, `int({s})`, `int({b} ? "1" : "2")`, `int({f})`, `{s}.indexOf({s})`, `{s}.lastIndexOf({s})`,
		`{I}.sum()`, `db.port({i})`, `db.ports[{s}]`, `math.abs({i})`, `math.bitAnd({i}, {i})`, `math.bitOr({i}, {i})`, `math.bitXor({i}, {i})`, `math.bitNot({i})`, `math.bitShiftLeft({i}, 1)`, `math.bitShiftRight({i}, 1)`,
		`math.greatest({i}, {i})`, `math.least({i}, {i})`, `math.sign({i})`, `semver.compare({s}, {s})`, `semver.major("1.2.3")`, `semver.major({s})`, `semver.minor({s})`, `semver.patch({s})`,
		`{t}.getDate()`, `{t}.getDayOfMonth()`, `{t}.getDayOfWeek()`, `{t}.getDayOfYear()`, `{t}.getFullYear()`, `{t}.getHours()`, `{t}.getMilliseconds()`, `{t}.getMinutes()`, `{t}.getMonth()`, `{t}.getSeconds()`,
		`{I}.map(<i>, {i})[{i}]`, `{P}[{i}].orValue({i})`, `{I}[?{i}].orValue({i})`, `{N}[?{s}].orValue({i})`, `junit("x").failed`, `gotest({s}).passed`, `[{ a: {s}, b: {i} }][0].b`, `[{ a: {S}, b: {i} }].map(<R>, 1)[0]`,
		`{I}.first().orValue({i})`, `{I}.last().orValue({i})`, `{L}[{i}].n`, `{L}.map(<R>, {i}).sum()`,
	},
	'b': {
		`true`, `false`, `{s} == {s}`, `{i} == {i}`, `{i} != {i}`, `{s} < {s}`, `{i} <= {i}`, `{i} > {i}`, `{z} >= {z}`, `{d} < {d}`, `{t} < {t}`, `{f} > {f}`, `{b} == {b}`, `{b} && {b}`, `{b} || {b}`, `!{b}`,
		`{s} in {S}`, `{i} in {I}`, `{s} in {M}`, `{S} == {S}`, `{M} == {M}`, `{R} == {R}`, `{s}.contains({s})`, `{s}.startsWith({s})`, `{s}.endsWith({s})`, `{s}.matches("[a-z]+")`, `matches({s}, "h.*")`,
		`has({R}.note)`, `has({R}.hush)`, `has({M}.k1)`, `has({j}.a)`, `has({q}.name)`, `{o}.hasValue()`, `{p}.hasValue()`, `{q}.hasValue()`, `{R}.?note.hasValue()`, `{R}.?hush.hasValue()`, `{M}.?k1.hasValue()`, `{j}.?a.hasValue()`, `{S}[?{i}].hasValue()`, `{M}[?{s}].hasValue()`, `{P}[{i}].hasValue()`, `{Q}[{i}].hasValue()`,
		`{S}.all(<s>, {b})`, `{S}.exists(<s>, {b})`, `{S}.exists_one(<s>, {b})`, `{S}.existsOne(<i>, <s>, {b})`, `{I}.all(<i>, {b})`, `{I}.all(<i>, <i>, {b})`, `{I}.exists(<i>, {b})`, `{M}.all(<s>, {b})`, `{M}.exists(<s>, <s>, {b})`, `{N}.exists(<s>, {b})`, `{L}.exists(<R>, {b})`,
		`{B}[{i}]`, `bool({s})`, `math.isFinite({f})`, `math.isInf({f})`, `math.isNaN({f})`, `sets.contains({S}, {S})`, `sets.equivalent({S}, {S})`, `sets.intersects({I}, {I})`, `semver.valid({s})`, `succeeded(unit)`, `failed(unit)`, `skipped(unit)`,
		`{o}.optMap(<s>, {s}).hasValue()`, `{o}.optFlatMap(<s>, {o}).hasValue()`, `[{ a: {s}, b: {b} }][0].b`, `optional.of({s}).hasValue()`, `optional.ofNonZeroValue({s}).hasValue()`, `{o}.or({o}).hasValue()`, `{S}.first().hasValue()`, `[?{o}][?{i}].hasValue()`, `{"k1": {s}, ?"k2": {o}}[?{s}].hasValue()`,
	},
	'f': {`1.5`, `{f} + {f}`, `{f} * {f}`, `float({i})`, `double({s})`, `math.ceil({f})`, `math.floor({f})`, `math.round({f})`, `math.trunc({f})`, `math.sqrt({f})`, `math.sqrt({i})`},
	'd': {`10m`, `{d} + {d}`, `{d} * {i}`, `duration({s})`},
	'z': {`1MiB`, `{z} + {z}`, `{z} * {i}`, `{z} / {i}`},
	't': {`timestamp("2024-01-01T00:00:00Z")`, `timestamp({s})`, `{t} + {d}`},
	'y': {`b"x"`, `bytes({s})`, `base64.decode({s})`},
	'S': {
		`[]`, `[{s}]`, `[{s}, {s}]`, `[?{o}, {s}]`, `{S} + {S}`, `{S}.map(<s>, {s})`, `{S}.map(<s>, {b}, {s})`, `{S}.filter(<s>, {b})`, `{I}.map(<i>, {s})`, `{M}.map(<s>, {s})`, `{M}.transformList(<s>, <s>, {s})`, `{S}.transformList(<i>, <s>, {b}, {s})`, `{s}.split({s})`,
		`{S}.sort()`, `{S}.sortBy(<s>, {i})`, `{S}.distinct()`, `{S}.reverse()`, `{S}.slice({i}, {i})`, `[{S}, {S}].flatten()`, `regex.extractAll({s}, "[a-z]")`, `{Q}.present()`, `{L}.map(<R>, {s})`, `glob({s})`, `git.changed({S})`, `files("**").map(<R>, "x")`, `[{ a: {s}, b: {S} }][0].b`, `{j}.map(<j>, {s})`, `{R}.list`,
	},
	'I': {`[]`, `[1, 2]`, `[{i}]`, `[{i}, {i}]`, `{I} + {I}`, `{S}.map(<s>, {i})`, `{I}.filter(<i>, {b})`, `{I}.map(<i>, {i})`, `{N}.transformList(<s>, <i>, {i})`, `lists.range({i})`, `{I}.sort()`, `{I}.sortBy(<i>, {i})`, `{I}.distinct()`, `{I}.reverse()`, `{I}.slice(0, {i})`, `{P}.present()`, `[{I}].flatten()`, `[?{p}]`, `{j}.map(<j>, {i})`, `{L}.map(<R>, {i})`},
	'B': {`[{b}]`, `[{b}, {b}]`, `{S}.map(<s>, {b})`, `{B} + {B}`, `{I}.map(<i>, {b})`},
	'M': {`{"k1": {s}}`, `{"k1": {s}, "k2": {s}}`, `{({s}): {s}}`, `{"k1": {s}, ?"k2": {o}}`, `{M}.transformMap(<s>, <s>, {s})`, `{M}.transformMap(<s>, <s>, {b}, {s})`, `{S}.transformMapEntry(<i>, <s>, {({s}): {s}})`, `{M}.transformMapEntry(<s>, <s>, {b}, {({s}): {s}})`},
	'N': {`{"k1": {i}}`, `{({s}): {i}}`, `{M}.transformMap(<s>, <s>, {i})`, `{S}.transformMapEntry(<i>, <s>, {({s}): {i}})`},
	'R': {`Rec{name: {s}, token: {s}, n: {i}}`, `Rec{name: {s}, token: {s}, n: {i}, ?note: {o}, ?hush: {o}}`, `{L}[{i}]`, `{q}.orValue({R})`, `Rec{name: {j}, token: {j}, n: {j}}`},
	'L': {`[{R}]`, `[{R}, {R}]`, `{L} + {L}`, `{L}.filter(<R>, {b})`, `{L}.map(<R>, {R})`, `{L}.sortBy(<R>, {i})`, `[?{q}]`},
	'o': {`optional.of({s})`, `optional.none()`, `{R}.?note`, `{R}.?hush`, `{M}.?k1`, `{M}[?{s}]`, `{S}[?{i}]`, `{o}.or({o})`, `{o}.optMap(<s>, {s})`, `{o}.optFlatMap(<s>, {o})`, `{q}.?name`, `{q}.?token`, `{Q}[{i}]`, `{S}.first()`, `{S}.last()`, `optional.ofNonZeroValue({s})`, `regex.extract({s}, "[a-z]")`, `{L}[?{i}].name`},
	'p': {`optional.of({i})`, `optional.none()`, `{I}[?{i}]`, `{N}[?{s}]`, `{N}.?k1`, `{q}.?n`, `{P}[{i}]`, `{p}.or({p})`, `{p}.optMap(<i>, {i})`, `{I}.first()`},
	'q': {`optional.of({R})`, `{L}[?{i}]`, `{q}.or({q})`, `optional.none()`},
	'P': {`[{p}]`, `[{p}, {p}]`, `{P} + {P}`, `{I}.map(<i>, {p})`},
	'Q': {`[{o}]`, `[{o}, {o}]`, `{S}.map(<s>, {o})`, `[{o}].map(<o>, {o})`},
	'j': {`json("x")`, `yaml({s})`, `{j}.a`, `{j}[{i}]`, `{j}[{s}]`, `{j}.?a.orValue({s})`, `[{s}, {j}][{i}]`},
}

// anyForms are forms of every kind; {*} is the kind that is asked for.
var anyForms = []string{
	`({b} ? {*} : {*})`, `cel.bind(<~s>, {s}, <!>{*})`, `cel.bind(<~S>, {S}, <!>{*})`, `cel.bind(<~o>, {o}, <!>{*})`, `cel.bind(<~R>, {R}, <!>{*})`, `[{*}, {*}][{i}]`, `{"k1": {*}}.k1`, `{"k1": {*}}[{s}]`, `[[{*}]][{i}][{i}]`, `[{ a: {s}, b: {*} }][{i}].b`,
}

// results are kinds of whole expressions, and records and maps of several.
var results = []string{
	`{s}`, `{i}`, `{b}`, `{f}`, `{d}`, `{z}`, `{S}`, `{I}`, `{B}`, `{M}`, `{N}`, `{R}`, `{L}`, `{o}`, `{p}`, `{q}`, `{P}`, `{Q}`, `{j}`, `{y}`,
	`{ a: {s}, b: {i} }`, `{ a: {S}, ?b: {o}, c: {b} }`, `{ a: { b: {s}, c: {N} }, d: {I} }`, `[{ a: {s}, b: {b} }]`, `[[{s}], {S}]`, `{"k1": [{i}], ({s}): {I}}`, `{b}`, `{i}`, `{b} ? {i} : {i}`,
}

// tells finds the forms that admit a value, or ask whether there is one.
var tells = regexp.MustCompile(`[?]|trusted|first|last|present|extract|optMap|optFlatMap`)

// generator writes an expression.
type generator struct {
	chooser
	names map[byte][]string // variables of the scope, by kind
	// plainConditions keeps conditions to what is written: comparing is how a stranger's value
	// becomes plain, and no leak.
	plainConditions bool
	made            int // variables of macros
	size            int // how many forms that may still be used
}

// variable of a macro.
type bound struct {
	kind byte
	name string
}

func (g *generator) whole() string {
	form := results[g.choose(len(results))]
	if g.plainConditions && tells.MatchString(form) {
		form = results[0]
	}
	return g.fill(form, 0, nil, 4)
}

func (g *generator) expr(kind byte, vars []bound, depth int) string {
	g.size--
	if g.plainConditions && kind == 'b' {
		return []string{"true", "false", "plain_b"}[g.choose(3)]
	}
	if depth <= 0 || g.size <= 0 || g.choose(3) == 0 {
		return g.leaf(kind, vars)
	}
	all := forms[kind]
	if g.plainConditions {
		all = slices.DeleteFunc(slices.Clone(all), func(form string) bool { return tells.MatchString(form) })
	}
	if len(all) == 0 {
		return g.leaf(kind, vars)
	}
	if n := g.choose(len(all) + len(anyForms)/2); n < len(all) {
		return g.fill(all[n], kind, vars, depth-1)
	}
	return g.fill(anyForms[g.choose(len(anyForms))], kind, vars, depth-1)
}

// leaf is a variable, most often, or the first form without holes.
func (g *generator) leaf(kind byte, vars []bound) string {
	var names []string
	for _, v := range vars {
		if v.kind == kind {
			names = append(names, v.name, v.name)
		}
	}
	names = append(names, g.names[kind]...)
	if len(names) > 0 && g.choose(4) > 0 {
		return names[g.choose(len(names))]
	}
	if form := forms[kind][0]; !strings.Contains(form, "{") {
		return form
	}
	if len(names) == 0 {
		panic("no leaf of kind " + string(kind))
	}
	return names[g.choose(len(names))]
}

// fill writes a form; what is in braces without a kind is the language's own.
func (g *generator) fill(form string, kind byte, vars []bound, depth int) string {
	var b strings.Builder
	var late []bound
	vars = vars[:len(vars):len(vars)]
	for i := 0; i < len(form); i++ {
		rest := form[i:]
		switch {
		case len(rest) > 2 && rest[0] == '{' && rest[2] == '}':
			k := rest[1]
			if k == '*' {
				k = kind
			}
			inner := g.expr(k, vars, depth)
			if !isAtom(inner) && i+3 < len(form) && strings.ContainsRune(".[", rune(form[i+3])) || strings.ContainsAny(inner, "?=<>&|+-*/%") && !isAtom(inner) {
				inner = "(" + inner + ")"
			}
			b.WriteString(inner)
			i += 2
		case strings.HasPrefix(rest, "<!>"):
			vars = append(vars, late...)
			i += 2
		case len(rest) > 3 && rest[0] == '<' && rest[1] == '~' && rest[3] == '>':
			late = append(late, g.bind(&b, rest[2]))
			i += 3
		case len(rest) > 2 && rest[0] == '<' && rest[2] == '>' && rest[1] != ' ':
			vars = append(vars, g.bind(&b, rest[1]))
			i += 2
		default:
			b.WriteByte(form[i])
		}
	}
	return b.String()
}

func (g *generator) bind(b *strings.Builder, kind byte) bound {
	g.made++
	v := bound{kind, fmt.Sprintf("v%d", g.made)}
	b.WriteString(v.name)
	return v
}

// isAtom reports a name or a word that needs no parentheses.
func isAtom(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
