package expr

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/cel-go/common"
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	celparser "github.com/google/cel-go/parser"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// The parser and the lowering are held against CEL's own parser: over the same text both must
// give the same tree, or both refuse it.

// differing are texts that the two read differently, each with its reason.
var differing = map[string]string{
	`!!a`:          "CEL drops double signs, which hides what a sign is applied to",
	`--a`:          "CEL drops double signs",
	`---1`:         "CEL drops double signs",
	`null`:         "the language has no null",
	`a == null`:    "the language has no null",
	`1u`:           "the language has no unsigned numbers",
	`dyn(a)`:       "there is no dyn",
	`type(a)`:      "there is no type",
	`f(a)`:         "an unknown function is refused before it runs",
	`a.all(x)`:     "a macro's name is no function",
	`package`:      "a reserved word is refused where something is named by it",
	`X{a: {b: c}}`: "where a record may stand, a name before a colon is a field",
}

var sameTexts = []string{
	`a`, `a.b.c`, `a[0]`, `a["b"].c[1]`, `1`, `-1`, `- 1`, `-0x1F`, `0x1f`, `1.5`, `1e3`, `.5`, `-2.5e-3`, `true`, `false`,
	`"a"`, `'a'`, `"""a"b""c"""`, `'''it's'''`, `r"\n"`, `"\x41\u00e9\U0001F600\101"`, `b"\xff\377"`, `"é" + ü`, `''`,
	`a + b - c * d / e % f`, `a * (b + c)`, `(a)`, `((a + b))`, `-a`, `-a.b`, `-(a)`, `!a`, `!(a && b)`, `-1.size()`, `a - -1`, `a-1`, `1-1`,
	`a && b && c && d || e && f || g`, `a || b || c`, `(a && b) && c`, `a && (b || c)`, `a < b`, `a <= b == c`, `a in b`, `a in [1, 2]`, `a < b < c`, `a in b in c`,
	`a ? b : c`, `a ? b : c ? d : e`, `a ? (b ? c : d) : e`, `a || b ? c : d`,
	`[]`, `[1]`, `[1, 2, ]`, `[?a, b, ?c.d]`, `[,]`, `{}`, `{"a": 1}`, `{"a": 1, "b": [2], }`, `{?"a": b, "c": d}`, `{1: 2, true: 3}`, `{(a): b}`,
	`a.?b`, `a.?b.?c`, `a.?b.c[?d]`, `a[?0].?b`, "a.`b-c/d e`",
	`size(a)`, `a.size()`, `a.startsWith("x")`, `a.b.contains(c)`, `a.matches("x").b`, `int(a) + double(b)`, `string(a)`,
	`has(a.b)`, `has(a.b.c)`, `has(a["b"].c)`, `a.map(x, x + 1)`, `a.map(x, x > 1, x)`, `a.filter(x, x.b)`, `a.all(x, x)`, `a.exists(x, x == 1)`, `a.exists_one(x, x)`,
	`a.map(x, x.map(y, x + y))`, `a.all(i, v, i < v)`, `a.exists(i, v, v)`, `a.transformList(i, v, v)`, `a.transformList(i, v, i > 0, v)`, `a.transformMap(k, v, v)`, `a.transformMapEntry(k, v, {v: k})`,
	`cel.bind(x, a, x + x)`, `a.optMap(x, x.b)`, `a.optFlatMap(x, x.?b)`, `a.sortBy(x, x.b)`, `math.greatest(a, b)`, `math.least(1, 2, 3)`, `math.abs(a)`, `sets.contains(a, b)`,
	`lists.range(3)`, `base64.encode(b"x")`, `optional.of(a)`, `optional.none()`, `a.orValue(b)`, `a.?b.or(c).orValue(d)`, `strings.quote(a)`, `regex.extract(a, "x")`,
	`X{}`, `X{a: 1}`, `a.b.X{a: 1, b: c}`, `X{?a: b}`, `X{a: Y{b: 1}}`, `X{a: 1}.a`, "a // comment", "// c\na", "a\n.b\n+ c", "a &&\nb",
	``, `(`, `)`, `a b`, `1 2`, `a +`, `+ a`, `a..b`, `a.`, `a[`, `a[]`, `[1`, `{a`, `{"a"}`, `{"a":}`, `a ? b`, `a ? : b`, `a ? b ? c : d : e`, `"a`, `'a`, `"\q"`, `a = b`, `a & b`, `a | b`, `@a`, `a # b`, `a.1`, `in`, `a in`, `9223372036854775808`, `1e999`, `has(a)`, `a.map(1, x)`, `a.in`, `a.true`, `true.a`, `X{1: 2}`, `X{a}`, `a{b: 1`, "\"a\nb\"", `0x`, `1.`, `"\ud800"`, `'\400'`,
}

const unknownCall = "unknown function"

func reference(t testing.TB) *celparser.Parser {
	p, err := celparser.NewParser(celparser.Macros(library().Macros()...), celparser.EnableOptionalSyntax(true), celparser.EnableVariadicOperatorASTs(true),
		celparser.EnableIdentEscapeSyntax(true), celparser.MaxRecursionDepth(1000))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// theirs is CEL's tree for a text; "" when it refuses it.
func theirs(p *celparser.Parser, text string) string {
	tree, errs := p.Parse(common.NewTextSource(text))
	if len(errs.GetErrors()) > 0 {
		return ""
	}
	return treeOf(tree.Expr())
}

// ours is our tree for a text; "" when it is refused, unknownCall when that is for a function that CEL would only miss later.
func ours(text string) (tree string) {
	var ds diag.List
	x := parser.ParseExpr(source.NewFile("text", text), &ds)
	if ds.Len() > 0 {
		return ""
	}
	low := &lowerer{
		lang:    declarations(),
		records: func(string) (*types.Type, bool) { return types.RecordOf(), true },
		spans:   make([]source.Span, 1),
		refs:    map[int64]*celast.ReferenceInfo{},
		report: func(d diag.Diagnostic) {
			if d.Rule == diag.UnknownFunction {
				tree = unknownCall
			}
		},
	}
	root := low.expr(x, nil)
	if low.failed {
		return tree
	}
	return treeOf(root)
}

// treeOf prints a tree, seeing through what the lowering adds for a run.
func treeOf(e celast.Expr) string {
	list := func(xs []celast.Expr) string {
		out := make([]string, len(xs))
		for i, x := range xs {
			out[i] = treeOf(x)
		}
		return strings.Join(out, " ")
	}
	mark := func(optional bool) string {
		if optional {
			return "?"
		}
		return ""
	}
	switch e.Kind() {
	case celast.LiteralKind:
		return fmt.Sprintf("%T:%q", e.AsLiteral(), fmt.Sprint(e.AsLiteral().Value()))
	case celast.IdentKind:
		return strings.TrimPrefix(e.AsIdent(), ".")
	case celast.SelectKind:
		s := e.AsSelect()
		return fmt.Sprintf("(select%v %s %s)", s.IsTestOnly(), treeOf(s.Operand()), s.FieldName())
	case celast.ListKind:
		out := "["
		for i, x := range e.AsList().Elements() {
			out += mark(e.AsList().IsOptional(int32(i))) + treeOf(x) + " "
		}
		return out + "]"
	case celast.MapKind:
		out := "{"
		for _, x := range e.AsMap().Entries() {
			m := x.AsMapEntry()
			out += mark(m.IsOptional()) + treeOf(m.Key()) + ":" + treeOf(m.Value()) + " "
		}
		return out + "}"
	case celast.StructKind:
		out := "{"
		for _, x := range e.AsStruct().Fields() {
			f := x.AsStructField()
			out += fmt.Sprintf("%stypes.String:%q:%s ", mark(f.IsOptional()), f.Name(), treeOf(f.Value()))
		}
		return out + "}"
	case celast.ComprehensionKind:
		k := e.AsComprehension()
		return fmt.Sprintf("(fold %s %s %s %s %s %s %s %s)", k.IterVar(), k.IterVar2(), treeOf(k.IterRange()), k.AccuVar(), treeOf(k.AccuInit()), treeOf(k.LoopCondition()), treeOf(k.LoopStep()), treeOf(k.Result()))
	case celast.CallKind:
		c := e.AsCall()
		switch c.FunctionName() {
		case fnOptional:
			return treeOf(c.Args()[0])
		case fnRecord:
			return treeOf(c.Args()[1])
		}
		name, args := strings.TrimPrefix(c.FunctionName(), "."), list(c.Args())
		if name == fnIndex {
			name = operators.Index
		}
		if c.IsMemberFunction() {
			// a call of a namespaced function, which CEL resolves later
			if t := c.Target(); t.Kind() == celast.IdentKind && declarations().functions[t.AsIdent()+"."+name].global {
				return fmt.Sprintf("(%s.%s %s)", t.AsIdent(), name, args)
			}
			return fmt.Sprintf("(%s. %s %s)", name, treeOf(c.Target()), args)
		}
		return fmt.Sprintf("(%s %s)", name, args)
	}
	return "?"
}

func TestDifferential(t *testing.T) {
	ref := reference(t)
	for _, text := range sameTexts {
		if got, want := ours(text), theirs(ref, text); got != want {
			t.Errorf("%s\nours   %s\ntheirs %s", text, got, want)
		}
	}
	for text, why := range differing {
		if ours(text) == theirs(ref, text) {
			t.Errorf("%s is read alike now, though %s", text, why)
		}
	}
}

// TestDifferentialRandom compares 20,000 texts, or as many as PIPE_DIFFERENTIAL says.
func TestDifferentialRandom(t *testing.T) {
	n := 20_000
	if sampled {
		n /= 5
	}
	if s := os.Getenv("PIPE_DIFFERENTIAL"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	ref := reference(t)
	rnd := rand.New(rand.NewSource(7))
	accepted, wrong := 0, 0
	for i := 0; i < n && wrong < 20; i++ {
		text := randomText(rnd, i)
		got, want := ours(text), theirs(ref, text)
		if want != "" {
			accepted++
		}
		if got != want && got != unknownCall {
			wrong++
			t.Errorf("%s\nours   %s\ntheirs %s", text, got, want)
		}
	}
	t.Logf("%d texts, %d are expressions, %d differ", n, accepted, wrong)
}

var (
	atoms  = []string{"a", "b.c", "1", "'s'", "true", "2.5", "xs", `"é"`, "b'x'", "[]", "{}", "-3"}
	tokens = []string{"a", "b", "1", "2.5", "'s'", "true", "+", "*", "==", "<", "&&", "||", "!", "(", ")", "[", "]", "?", ":", ",", ".", "in", "-", "a.map(x, x)", "size(a)", ".size()", "[?", ".?b"}
)

// randomText is an expression, one with a token changed, or a soup of tokens.
func randomText(rnd *rand.Rand, i int) string {
	if i%3 == 2 {
		var out []string
		for range 1 + rnd.Intn(8) {
			out = append(out, tokens[rnd.Intn(len(tokens))])
		}
		return withoutDouble(strings.Join(out, " "))
	}
	text := randomExpr(rnd, 1+rnd.Intn(4))
	if rnd.Intn(3) == 0 {
		words := strings.Fields(text)
		words[rnd.Intn(len(words))] = tokens[rnd.Intn(len(tokens))]
		text = strings.Join(words, " ")
	}
	return withoutDouble(text)
}

// withoutDouble keeps clear of the one difference that random text would run into all the time: double signs.
func withoutDouble(s string) string {
	for {
		short := s
		for _, pair := range [][2]string{{"! !", "!"}, {"!!", "!"}, {"- -", "-"}, {"--", "-"}} {
			short = strings.ReplaceAll(short, pair[0], pair[1])
		}
		if short == s {
			return s
		}
		s = short
	}
}

func randomExpr(rnd *rand.Rand, depth int) string {
	if depth <= 0 {
		return atoms[rnd.Intn(len(atoms))]
	}
	x := func() string { return randomExpr(rnd, depth-1) }
	switch rnd.Intn(20) {
	case 0:
		return x() + " + " + x()
	case 1:
		return x() + " == " + x()
	case 2:
		return x() + " && " + x()
	case 3:
		return x() + " || " + x()
	case 4:
		return "( " + x() + " )"
	case 5:
		return "( " + x() + " ).startsWith( " + x() + " )"
	case 6:
		return x() + " [ " + x() + " ]"
	case 7:
		return "[ " + x() + " , ? " + x() + " ]"
	case 8:
		return "{ ( " + x() + " ) : " + x() + " }"
	case 9:
		return "( " + x() + " ) ? " + x() + " : " + x()
	case 10:
		return "- " + x()
	case 11:
		return "! " + x()
	case 12:
		return x() + " .?o"
	case 13:
		return "( " + x() + " ).map( v , " + x() + " )"
	case 14:
		return "( " + x() + " ).exists( i , v , " + x() + " )"
	case 15:
		return "cel.bind( z , " + x() + " , " + x() + " )"
	case 16:
		return "T{ f : " + x() + " }"
	case 17:
		return "size( " + x() + " ) in " + x()
	case 18:
		return x() + " - " + x() + " % " + x()
	}
	return x() + " * " + x()
}
