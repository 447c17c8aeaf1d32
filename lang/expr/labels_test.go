package expr

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// flows is a scope with variables of every kind that have a label, and several worlds that
// differ in nothing but their content.
type flows struct {
	label   types.Label
	scope   *Scope
	names   map[byte][]string
	records map[string]*types.Type
	worlds  []map[string]value.Value
}

// newFlows declares, for every kind, a plain variable and one with a label on the whole of it, and
// for those with parts one with the label inside.
func newFlows(label types.Label) *flows {
	f := &flows{label: label, scope: NewScope(Repo | Steps | Attempt), names: map[byte][]string{}, records: map[string]*types.Type{}}
	for range 3 {
		f.worlds = append(f.worlds, map[string]value.Value{})
	}
	str := types.StringType
	hush := str.WithLabels(label)
	rec := types.NewRecord("Rec", "./x.Rec")
	rec.SetFields([]types.Field{
		{Name: "name", Type: str}, {Name: "token", Type: hush}, {Name: "n", Type: types.IntType},
		{Name: "note", Type: types.OptionalOf(str)}, {Name: "hush", Type: types.OptionalOf(str).WithLabels(label)},
		{Name: "list", Type: types.ListOf(str), HasDefault: true, Default: "[]"},
	})
	narrow := types.NewRecord("Narrow", "./x.Narrow")
	narrow.SetFields([]types.Field{{Name: "name", Type: str}})
	f.records["Rec"], f.records["Narrow"] = rec, narrow
	for name, t := range f.records {
		f.scope.DeclareRecord(name, t)
	}
	f.scope.Declare("unit", Var{Type: rec, Step: true})
	f.scope.Declare("db", Var{Type: Service})
	for _, world := range f.worlds {
		world["db"] = ServiceValue("db", map[int]int{0: 5432, 1: 5433, 2: 5434})
	}
	for kind, t := range map[byte]*types.Type{
		's': str, 'i': types.IntType, 'b': types.BoolType, 'f': types.FloatType, 'd': types.DurationType, 'z': types.SizeType,
		't': types.TimestampType, 'y': types.BytesType, 'S': types.ListOf(str), 'I': types.ListOf(types.IntType), 'B': types.ListOf(types.BoolType),
		'M': types.MapOf(str), 'N': types.MapOf(types.IntType), 'R': rec, 'L': types.ListOf(rec),
		'o': types.OptionalOf(str), 'p': types.OptionalOf(types.IntType), 'q': types.OptionalOf(rec),
		'P': types.ListOf(types.OptionalOf(types.IntType)), 'Q': types.ListOf(types.OptionalOf(str)), 'j': types.JSONType,
	} {
		k := string(kind)
		f.declare(kind, "plain_"+k, t)
		f.declare(kind, "held_"+k, t.WithLabels(label))
		switch t.Kind {
		case types.List, types.Map:
			f.declare(kind, "inner_"+k, &types.Type{Kind: t.Kind, Elem: t.Elem.WithLabels(label)})
		case types.Optional:
			f.declare(kind, "gone_"+k, t.WithLabels(label))
		}
	}
	f.declare('s', "held_set", types.LiteralsOf("k1", "k2", "hunter2").WithLabels(label))
	return f
}

func (f *flows) declare(kind byte, name string, t *types.Type) {
	f.scope.Declare(name, Var{Type: t})
	f.names[kind] = append(f.names[kind], name)
	for i := range f.worlds {
		w := world{n: i, label: f.label, salt: len(name) + int(kind)}
		f.worlds[i][name] = w.value(t, false)
		if strings.HasPrefix(name, "gone_") {
			f.worlds[i][name] = value.None{}
		}
	}
}

// world makes values: those with the label are of the world, all others of their type alone. What
// a container with the label holds, and how much of it, is of the world as well.
type world struct {
	n, salt int
	label   types.Label
}

func (w world) value(t *types.Type, labelled bool) value.Value {
	labelled = labelled || t.Labels&w.label != 0
	n := 0
	if labelled {
		n = 1 + w.n
	}
	switch t.Kind {
	case types.String:
		return value.String([]string{"k1", "hunter2-" + strconv.Itoa(w.salt), "k1", "1"}[n])
	case types.Literals:
		return value.String(t.Literals[n%len(t.Literals)])
	case types.Int:
		return value.Int([]int64{1, 97, 0, 9223372036854775807}[n])
	case types.Bool:
		return value.Bool(n%2 == 0)
	case types.Float:
		return value.Float([]float64{1.5, 0.73313, 0, 1e308}[n])
	case types.Duration:
		return value.Duration(time.Duration(n) * 73313 * time.Second)
	case types.Size:
		return value.Size([]int64{5, 73313, 0, 1 << 62}[n])
	case types.Timestamp:
		return value.Timestamp(time.Unix(int64(n)*73313000, 0).UTC())
	case types.Bytes:
		return value.Bytes([]string{"k1", "hunter2", "", "x"}[n])
	case types.JSON:
		return value.JSON{Data: []any{
			map[string]any{"a": "k1", "k1": []any{int64(1)}}, map[string]any{"a": "hunter2", "hunter2": int64(73313)}, []any{"hunter2", int64(1)}, "hunter2",
		}[n]}
	case types.List:
		out := value.List{}
		for range []int{2, 17, 0, 1}[w.many(t, labelled)] {
			out = append(out, w.value(t.Elem, labelled))
		}
		return out
	case types.Map:
		out := value.Map{}
		for _, k := range [][]string{{"k1", "k2"}, {"hunter2", "k2"}, {}, {"k1"}}[w.many(t, labelled)] {
			out[k] = w.value(t.Elem, labelled)
		}
		return out
	case types.Optional:
		return w.value(t.Elem, labelled)
	case types.Record:
		out := value.Record{}
		for _, field := range t.Record.Fields {
			if field.Name != "note" {
				out[field.Name] = w.value(field.Type, labelled)
			}
		}
		return out
	}
	return value.None{}
}

// many says how much a list or a map holds: where the label is inside only, that is plain.
func (w world) many(t *types.Type, labelled bool) int {
	if labelled && t.Elem.Labels&w.label == 0 {
		return 1 + w.n
	}
	return 0
}

// echo is a host that says what it is asked.
type echo struct{}

func (echo) Call(_ context.Context, function string, args []value.Value) (value.Value, error) {
	raw, err := value.Marshal(args[0])
	if err != nil {
		return nil, err
	}
	switch function {
	case "glob", "git.changed":
		return value.List{value.String(raw)}, nil
	case "json", "yaml":
		return value.JSON{Data: map[string]any{"a": string(raw), "k1": int64(1)}}, nil
	case "file":
		return value.File{Name: string(raw)}, nil
	case "dir":
		return value.Dir{Name: string(raw)}, nil
	case "files":
		return value.List{value.File{Name: string(raw)}}, nil
	case "junit", "gotest":
		return value.Record{"passed": value.Int(2), "failed": value.Int(1)}, nil
	}
	return value.String(raw), nil
}

// content finds what only the labelled values hold.
var content = regexp.MustCompile(`hunter2|73313|\b97\b|\b17\b`)

// check says what of an expression's result, or of its failure, depends on labelled values although
// its type says that it does not; "" when nothing does. accepted is false when the check refuses it.
// open says that there is a part of the result without the label.
func (f *flows) check(text string) (leak string, accepted, open bool) {
	x, err := Parse(text)
	if err != nil {
		return "", false, false
	}
	var ds diag.List
	t := Check(x, f.scope, Options{File: source.NewFile("test.pipe", text), Diags: &ds})
	if ds.Len() > 0 || t.Kind == types.Invalid {
		return "", false, false
	}
	if t.DeepLabels()&f.label != 0 {
		var refused diag.List
		plain := unlabelled(t)
		if Check(x, f.scope, Options{Want: plain, Diags: &refused}); refused.Len() == 0 {
			return fmt.Sprintf("%s: %s is taken for %s", text, t, plain), true, true
		}
	}
	for _, want := range []*types.Type{t, nil} {
		p, err := Compile(x, CompileOptions{Records: f.records, Want: want})
		if err != nil {
			return "does not compile: " + err.Error(), true, false
		}
		var first outcome
		for i, vars := range f.worlds {
			v, err := p.Eval(context.Background(), Input{
				Var:    func(name string) (value.Value, bool) { v, ok := vars[name]; return v, ok },
				Status: func(string) Status { return StatusSucceeded },
				Host:   echo{},
			})
			got := f.outcome(v, err, t)
			if i == 0 {
				first = got
			}
			if why := f.compare(first, got, t); why != "" {
				return fmt.Sprintf("%s: %s\n of type %s: %s", text, why, t, labelsOf(t)), true, true
			}
		}
	}
	return "", true, t.Labels&f.label == 0
}

// outcome is what of an evaluation can be seen.
type outcome struct{ value, failure string }

func (f *flows) outcome(v value.Value, err error, t *types.Type) outcome {
	if err != nil {
		return outcome{failure: err.Error()}
	}
	raw, err := json.Marshal(f.seen(v, t))
	if err != nil {
		return outcome{failure: err.Error()}
	}
	return outcome{value: string(raw)}
}

func (f *flows) compare(a, b outcome, t *types.Type) string {
	if f.label == types.Secret && content.MatchString(b.failure) {
		return "the failure quotes a secret: " + b.failure
	}
	// Whether a step fails can be seen, but not what its result would have been: only of a result
	// without a secret may nothing at all depend on one.
	if (a.failure != "" || b.failure != "") && (f.label != types.Secret || t.DeepLabels()&f.label != 0) {
		return ""
	}
	if a != b {
		return fmt.Sprintf("%q and %q", a, b)
	}
	return ""
}

// seen is a value without its labelled parts.
func (f *flows) seen(v value.Value, t *types.Type) any {
	if t.Concealed() {
		return "***"
	}
	if _, none := v.(value.None); none || v == nil {
		if f.label == types.Untrusted && t.Plain().Labels&f.label != 0 {
			return "***" // asking whether there is one makes it plain
		}
		return nil
	}
	if t = t.Plain(); t.Labels&f.label != 0 {
		return "***"
	}
	switch v := v.(type) {
	case value.List:
		out := []any{}
		for _, x := range v {
			if t.Kind == types.List {
				out = append(out, f.seen(x, t.Elem))
			} else {
				out = append(out, f.seen(x, types.JSONType))
			}
		}
		return out
	case value.Map:
		return f.members(v, t)
	case value.Record:
		return f.members(v, t)
	}
	raw, err := value.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func (f *flows) members(m map[string]value.Value, t *types.Type) any {
	out := map[string]any{}
	for k, x := range m {
		switch t.Kind {
		case types.Map:
			out[k] = f.seen(x, t.Elem)
		case types.JSON:
			out[k] = f.seen(x, t)
		}
	}
	if t.Kind == types.Record { // other fields are dropped where the value goes
		for _, field := range t.Record.Fields {
			out[field.Name] = f.seen(m[field.Name], field.Type)
		}
	}
	return out
}

func labelsOf(t *types.Type) string {
	if t.DeepLabels()&types.Concealed != 0 {
		return "concealed"
	}
	return "not concealed"
}

// seeded chooses at random, the same every time.
type seeded struct{ *rand.Rand }

func (s seeded) choose(n int) int { return s.IntN(n) }

// search checks generated expressions until want of them were accepted, and gives the leaks found.
// open counts those that mention a labelled value and have a part without the label.
func (f *flows) search(want, stop int, seed uint64) (leaks []string, accepted, open, tried int) {
	random := seeded{rand.New(rand.NewPCG(seed, 3))}
	for ; accepted < want && len(leaks) < stop; tried++ {
		g := &generator{chooser: random, names: f.names, plainConditions: f.label == types.Untrusted, size: 14}
		text := g.whole()
		leak, ok, plain := f.check(text)
		if !ok {
			continue
		}
		accepted++
		if plain && (strings.Contains(text, "held_") || strings.Contains(text, "inner_") || strings.Contains(text, "gone_") || strings.Contains(text, ".token") || strings.Contains(text, "hush")) {
			open++
		}
		if leak != "" {
			leaks = append(leaks, leak)
		}
	}
	return leaks, accepted, open, tried
}

// seedOf is 7 unless PIPE_LABEL_SEED says another number.
func seedOf(t *testing.T) uint64 {
	s := os.Getenv("PIPE_LABEL_SEED")
	if s == "" {
		return 7
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// generated is how many accepted expressions a run tries for each label, unless PIPE_LABEL_EXPRESSIONS says more.
func generated(t *testing.T) int {
	n := 12_000
	if sampled {
		n = 2_000
	}
	if s := os.Getenv("PIPE_LABEL_EXPRESSIONS"); s != "" {
		more, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		n = max(n, more)
	}
	return n
}

// TestNoninterference holds that no expression over a secret gives anything without the label that
// depends on it, nor fails in a way that tells of it: at least 12,000 accepted expressions a run,
// each evaluated in three worlds that differ in their secrets alone. The same for what strangers
// choose, as far as no comparison is asked, which is how it becomes plain.
func TestNoninterference(t *testing.T) {
	for name, label := range map[string]types.Label{"secret": types.Secret, "untrusted": types.Untrusted} {
		t.Run(name, func(t *testing.T) {
			f := newFlows(label)
			leaks, accepted, open, tried := f.search(generated(t), 20, seedOf(t))
			for _, l := range leaks {
				t.Error(l)
			}
			t.Logf("%d expressions accepted of %d; %d of them read a labelled value and have a part without the label", accepted, tried, open)
			if !sampled && accepted < 10_000 || open < accepted/50 {
				t.Errorf("too few: %d accepted, %d open", accepted, open)
			}
		})
	}
}

// TestNoninterferenceCatches holds that a rule that is gone is found to be gone.
func TestNoninterferenceCatches(t *testing.T) {
	for name, c := range map[string]struct {
		label types.Label
		in    map[string]bool
		key   string
		to    bool
	}{
		"the size of a secret is plain":               {types.Secret, presence, "size", true},
		"secrets are compared":                        {types.Secret, presence, "_==_", true},
		"what may fail over a secret is let through":  {types.Secret, mayFail, "_[_]", false},
		"a text that strangers have in it is trusted": {types.Untrusted, presence, fnConcat, true},
	} {
		t.Run(name, func(t *testing.T) {
			was, there := c.in[c.key]
			c.in[c.key] = c.to
			defer func() {
				if c.in[c.key] = was; !there {
					delete(c.in, c.key)
				}
			}()
			if leaks, accepted, _, _ := newFlows(c.label).search(12_000, 1, 7); len(leaks) == 0 {
				t.Errorf("%d expressions, and nothing found", accepted)
			}
		})
	}
}

// TestFormsAreComplete holds that the generator knows every function and every macro.
func TestFormsAreComplete(t *testing.T) {
	var all strings.Builder
	for _, k := range slices.Sorted(maps.Keys(forms)) {
		fmt.Fprintln(&all, strings.Join(forms[k], "\n"))
	}
	all.WriteString(strings.Join(anyForms, "\n"))
	functions, methods := FunctionNames()
	for _, n := range append(functions, methods...) {
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(n) + `\(`).MatchString(all.String()) {
			t.Errorf("no form calls %s", n)
		}
	}
}

// script is the choices of a fuzzer; when it ends, the first of everything.
type script struct{ bytes []byte }

func (s *script) choose(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := int(s.bytes[0])
	s.bytes = s.bytes[1:]
	return b % n
}

// FuzzLabels is TestNoninterference with a fuzzer's choices.
func FuzzLabels(f *testing.F) {
	for i := range 16 {
		random := rand.New(rand.NewPCG(uint64(i), 5))
		seed := make([]byte, 40)
		for j := range seed {
			seed[j] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	secret, stranger := newFlows(types.Secret), newFlows(types.Untrusted)
	f.Fuzz(func(t *testing.T, choices []byte) {
		for _, fl := range []*flows{secret, stranger} {
			g := &generator{chooser: &script{choices}, names: fl.names, plainConditions: fl == stranger, size: 14}
			if leak, _, _ := fl.check(g.whole()); leak != "" {
				t.Fatal(leak)
			}
		}
	})
}
