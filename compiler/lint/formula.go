package lint

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/types"
)

// formula is a condition as far as it can be understood without values: what it compares
// with constants is a variable over the few values that make a difference, everything else a
// variable that may be true or false. What holds for every assignment of a formula holds for
// the condition; not the other way round, since two variables may depend on each other.
type formula struct {
	op   string // "const", "var" and "is", "and", "or", "not", "if"
	sub  []*formula
	yes  bool                   // of const
	name string                 // of is: the variable
	test func(value point) bool // of is
}

// point is a value of a variable: a text, or a number among the constants that it is compared with.
type point struct {
	text string
	num  float64
}

// variable is something that conditions ask about.
type variable struct {
	closed []string  // the texts that it may be; nil when any
	texts  []string  // constants that it is compared with
	nums   []float64 // the same for numbers
	whole  bool      // only whole numbers
	from0  bool      // only zero and more
	truth  bool      // true or false
	worth  []point   // its values, until something else is asked about it
}

// scene reads conditions of one place, or of several places whose names mean the same, into formulas
// over shared variables.
type scene struct {
	vars map[string]*variable
	// where gives the scope for types of what is compared; rename prefixes names that mean
	// something else than in the other conditions of the scene.
	where  *expr.Scope
	rename func(name string) string
	self   string // what self stands for; "" when it means nothing
	known  *known
	opened *int // how many lets were looked into
}

// known are texts and types of expressions that several conditions are asked about.
type known struct {
	texts map[ast.Expr]string
	types map[typed]*types.Type
}

// typed is an expression as a scope sees it.
type typed struct {
	x     ast.Expr
	where *expr.Scope
}

func newKnown() *known { return &known{map[ast.Expr]string{}, map[typed]*types.Type{}} }

func (p *pass) newScene() *scene {
	return &scene{vars: map[string]*variable{}, known: p.known, opened: new(int)}
}

// at is the scene from the point of view of a place.
func (s *scene) at(where *expr.Scope, rename func(string) string) *scene {
	return &scene{vars: s.vars, where: where, rename: rename, known: s.known, opened: s.opened}
}

// maxOpened bounds how many lets are looked into: they may double at each.
const maxOpened = 100

// open is what a let names, from its own point of view. One that names a constant stays closed: it is a
// switch that somebody turns in the text.
func (s *scene) open(x ast.Expr) (*scene, ast.Expr) {
	for {
		id, ok := ast.Unparen(x).(*ast.Ident)
		if !ok || s.where == nil {
			return s, x
		}
		v, found := s.where.Lookup(id.Name)
		if !found || v.Value == nil || v.Broken || s.rename != nil && s.rename(id.Name) != id.Name || len(expr.Refs(v.Value)) == 0 || broken(v.Value) {
			return s, x
		}
		if *s.opened++; *s.opened > maxOpened {
			return s, x
		}
		s, x = s.at(v.In, nil), v.Value
	}
}

// fact is what a condition of a setting says of it.
func (s *scene) fact(f *check.Setting) *formula {
	if f.Decl.Where == nil || f.Type.Kind == types.Optional {
		return always
	}
	scope := expr.NewScope(0)
	scope.Declare("self", expr.Var{Type: f.Type})
	self := "settings." + f.Name
	rename := func(name string) string {
		if name == "self" {
			return self // self.size() of two settings are two things
		}
		return name
	}
	inner := &scene{vars: s.vars, where: scope, rename: rename, self: self, known: s.known, opened: s.opened}
	return inner.read(f.Decl.Where)
}

var always = &formula{op: "const", yes: true}

func both(a, b *formula) *formula { return &formula{op: "and", sub: []*formula{a, b}} }

func not(f *formula) *formula { return &formula{op: "not", sub: []*formula{f}} }

// read understands a condition; a nil one always holds.
func (s *scene) read(x ast.Expr) *formula {
	switch x := ast.Unparen(x).(type) {
	case nil:
		return always
	case *ast.BoolLit:
		return &formula{op: "const", yes: x.Value}
	case *ast.Unary:
		if x.Op == "!" {
			return not(s.read(x.X))
		}
	case *ast.Binary:
		return s.binary(x)
	case *ast.Conditional:
		return &formula{op: "if", sub: []*formula{s.read(x.Cond), s.read(x.Then), s.read(x.Else)}}
	case *ast.Call:
		if f := s.ending(x); f != nil {
			return f
		}
		if f := ofNothing(x); f != nil {
			return f
		}
	case *ast.Ident:
		if inner, value := s.open(x); inner != s {
			return inner.read(value)
		}
	}
	return s.opaque(x)
}

func (s *scene) binary(x *ast.Binary) *formula {
	switch x.Op {
	case "&&":
		return both(s.read(x.X), s.read(x.Y))
	case "||":
		return &formula{op: "or", sub: []*formula{s.read(x.X), s.read(x.Y)}}
	case "in":
		return s.membership(x)
	}
	left, isLeft := constant(x.X)
	right, isRight := constant(x.Y)
	switch {
	case isLeft && isRight && compares(x.Op):
		return &formula{op: "const", yes: holds(x.Op, left, right)}
	case isRight && compares(x.Op):
		return s.compared(x.X, x.Op, right)
	case isLeft && compares(x.Op):
		return s.compared(x.Y, mirrored[x.Op], left)
	case x.Op == "==" || x.Op == "!=":
		return s.same(x)
	}
	return s.opaque(x)
}

// same is a comparison of two things that are no constants: one with itself, or of conditions.
func (s *scene) same(x *ast.Binary) *formula {
	if s.text(x.X) == s.text(x.Y) {
		return &formula{op: "const", yes: x.Op == "=="}
	}
	a, b := &ast.Binary{At: x.At, Op: "==", OpAt: x.OpAt, X: x.X, Y: x.Y}, x
	if b.Op == "!=" {
		return not(s.opaque(a))
	}
	return s.opaque(a)
}

func (s *scene) membership(x *ast.Binary) *formula {
	if empty(x.Y) {
		return not(always)
	}
	l, ok := ast.Unparen(x.Y).(*ast.ListLit)
	if !ok {
		return s.opaque(x)
	}
	out := &formula{op: "or"}
	for _, e := range l.Elems {
		p, ok := constant(e.Value)
		if !ok || e.Optional {
			return s.opaque(x)
		}
		out.sub = append(out.sub, s.compared(x.X, "==", p))
	}
	return out
}

// compared is a comparison with a constant.
func (s *scene) compared(x ast.Expr, op string, p point) *formula {
	s, x = s.open(x)
	if op == "!=" {
		return not(s.compared(x, "==", p))
	}
	t := s.typ(x)
	number := t != nil && isNumeric(t)
	switch {
	case t != nil && t.Kind == types.Bool && op == "==":
		if p.text == "true" {
			return s.read(x)
		}
		return not(s.read(x))
	case t == nil || !number && !(t.IsText() && op == "==") || number && p.text != "" || !number && p.num != 0: // check refuses the last two
		return s.opaque(&ast.Binary{Op: op, X: x, Y: &ast.StringLit{Text: p.text + "#" + strconv.FormatFloat(p.num, 'g', -1, 64)}})
	}
	if t.Kind == types.URL && !hasScheme(p.text) {
		return not(always)
	}
	v := s.variable(x)
	v.worth = nil
	if number {
		v.nums, v.whole = append(v.nums, p.num), t.Kind != types.Float
		v.from0 = v.from0 || t.Kind == types.Size && isSetting(x) || counts(x) || s.countsTests(x)
	} else {
		v.texts = append(v.texts, p.text)
		if t.Kind == types.Literals {
			v.closed = t.Literals
		}
	}
	return &formula{op: "is", name: s.text(x), test: func(value point) bool { return holds(op, value, p) }}
}

// counts says that an expression is a number of things.
func counts(x ast.Expr) bool {
	c, ok := ast.Unparen(x).(*ast.Call)
	return ok && c.Name.Text == "size"
}

// countsTests says that an expression is a number in a report of tests.
func (s *scene) countsTests(x ast.Expr) bool {
	sel, ok := ast.Unparen(x).(*ast.Select)
	if !ok || sel.Name.Text == "duration" {
		return false
	}
	t := s.typ(sel.X)
	return t != nil && t.Plain().Kind == types.Record && t.Plain().Record.Name == expr.TestReport.Record.Name
}

// isSetting says that an expression is a setting as it was read; what is computed from sizes may be
// less than nothing.
func isSetting(x ast.Expr) bool {
	sel, ok := ast.Unparen(x).(*ast.Select)
	if !ok {
		return false
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	return ok && id.Name == "settings"
}

// hasScheme says that a text may be a URL, mailto: and the like included.
func hasScheme(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != ""
}

func isNumeric(t *types.Type) bool {
	switch t.Kind {
	case types.Int, types.Float, types.Duration, types.Size:
		return true
	}
	return false
}

// ending is succeeded(x), failed(x) or skipped(x): three names for how one step ended.
func (s *scene) ending(x *ast.Call) *formula {
	word := x.Name.Text
	if x.Target != nil || len(x.Args) != 1 || word != "succeeded" && word != "failed" && word != "skipped" {
		return nil
	}
	return s.ended(s.text(x.Args[0]), word)
}

// ended says that a step ended in one of three ways.
func (s *scene) ended(step, word string) *formula {
	name := "the end of " + step
	if s.vars[name] == nil {
		s.vars[name] = &variable{closed: []string{"succeeded", "failed", "skipped", "abandoned"}}
	}
	return &formula{op: "is", name: name, test: func(value point) bool { return value.text == word }}
}

// opaque is a condition that is true or false, and nothing more is known of it.
func (s *scene) opaque(x ast.Expr) *formula {
	v := s.variable(x)
	v.truth, v.worth = true, nil
	return &formula{op: "is", name: s.text(x), test: func(value point) bool { return value.text == "true" }}
}

func (s *scene) variable(x ast.Expr) *variable {
	name := s.text(x)
	if s.vars[name] == nil {
		s.vars[name] = &variable{}
	}
	return s.vars[name]
}

// text names what is asked about, the same wherever it means the same.
func (s *scene) text(x ast.Expr) string {
	x = ast.Unparen(x)
	text, ok := s.known.texts[x]
	if !ok {
		text = format.Expr(x)
		s.known.texts[x] = text
	}
	if id, ok := x.(*ast.Ident); ok && id.Name == "self" && s.self != "" {
		return s.self
	}
	if s.rename == nil {
		return text
	}
	for _, r := range expr.Refs(x) {
		if to := s.rename(r.Name); to != r.Name {
			text = to + ": " + text
		}
	}
	return text
}

func (s *scene) typ(x ast.Expr) *types.Type {
	if s.where == nil {
		return nil
	}
	at := typed{x, s.where}
	t, ok := s.known.types[at]
	if !ok {
		t = expr.Check(x, s.where, expr.Options{})
		s.known.types[at] = t
	}
	if t.Kind == types.Invalid || t.Kind == types.Optional {
		return nil
	}
	return t
}

// values are the few that make a difference to a variable.
func (v *variable) values() []point {
	if v.worth == nil {
		v.worth = v.worthTrying()
	}
	return v.worth
}

func (v *variable) worthTrying() []point {
	switch {
	case v.truth && v.texts == nil && v.nums == nil:
		return trueOrFalse
	case v.nums != nil:
		return v.numbers()
	case v.closed != nil:
		return points(v.closed)
	}
	other := "other" + strings.Join(v.texts, "")
	return points(append(slices.Clone(v.texts), other))
}

var trueOrFalse = []point{{text: "true"}, {text: "false"}}

func points(texts []string) []point {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	out := make([]point, len(texts))
	for i, t := range texts {
		out[i].text = t
	}
	return out
}

// numbers are the constants, and one value between each two and at either end.
func (v *variable) numbers() []point {
	nums := slices.Compact(slices.SortedFunc(slices.Values(v.nums), cmp.Compare))
	out := []point{{num: nums[0] - 1}}
	if v.from0 {
		nums = append(slices.DeleteFunc(nums, func(n float64) bool { return n <= 0 }), 0)
		slices.Sort(nums)
		out = nil
	}
	for i, n := range nums {
		out = append(out, point{num: n})
		switch {
		case i+1 == len(nums):
			out = append(out, point{num: n + 1})
		case !v.whole || nums[i+1] > n+1:
			out = append(out, point{num: (n + nums[i+1]) / 2})
		}
	}
	return out
}

// maxAssignments bounds what is tried; a condition with more is not understood.
const maxAssignments = 1 << 13

// each calls f for every assignment that makes a difference, until f says no. It gives false when there are
// too many to try.
func (s *scene) each(formulas []*formula, f func([]choice) bool) bool {
	var all []choice
	for _, x := range formulas {
		all = x.choices(all)
	}
	total := 1
	for i := range all {
		all[i].values = s.vars[all[i].name].values()
		if total *= len(all[i].values); total > maxAssignments {
			return false
		}
	}
	assign(all, 0, f)
	return true
}

// choice is a variable, what it may be, and what it is in one assignment.
type choice struct {
	name   string
	values []point
	is     point
}

func assign(all []choice, from int, f func([]choice) bool) bool {
	if from == len(all) {
		return f(all)
	}
	for _, p := range all[from].values {
		all[from].is = p
		if !assign(all, from+1, f) {
			return false
		}
	}
	return true
}

// choices adds a formula's variables to some. They are few, so that looking through them is faster than a map.
func (f *formula) choices(all []choice) []choice {
	if f.op == "is" && !slices.ContainsFunc(all, func(c choice) bool { return c.name == f.name }) {
		all = append(all, choice{name: f.name})
	}
	for _, x := range f.sub {
		all = x.choices(all)
	}
	return all
}

// under evaluates a formula.
func (f *formula) under(at []choice) bool {
	switch f.op {
	case "const":
		return f.yes
	case "is":
		for i := range at {
			if at[i].name == f.name {
				return f.test(at[i].is)
			}
		}
	case "not":
		return !f.sub[0].under(at)
	case "if":
		if f.sub[0].under(at) {
			return f.sub[1].under(at)
		}
		return f.sub[2].under(at)
	}
	for _, x := range f.sub {
		if x.under(at) == (f.op == "or") {
			return f.op == "or"
		}
	}
	return f.op == "and"
}

// possible says that something may make all formulas true at once, and so does what is not understood.
func (s *scene) possible(formulas ...*formula) bool {
	possible, _ := s.try(formulas...)
	return possible
}

// try is possible, and says whether something has been found that makes them true, however much else is asked.
func (s *scene) try(formulas ...*formula) (possible, certain bool) {
	found := false
	tried := s.each(formulas, func(at []choice) bool {
		found = !slices.ContainsFunc(formulas, func(f *formula) bool { return !f.under(at) })
		return !found
	})
	return found || !tried, found && *s.opened <= maxOpened
}

// constant is a literal that a point holds exactly, with room beside it.
func constant(x ast.Expr) (point, bool) {
	p, ok := literal(x)
	return p, ok && math.Abs(p.num) < 1<<53
}

func literal(x ast.Expr) (point, bool) {
	switch x := ast.Unparen(x).(type) {
	case *ast.StringLit:
		return point{text: x.Value}, true
	case *ast.BoolLit:
		return point{text: strconv.FormatBool(x.Value)}, true
	case *ast.IntLit:
		return point{num: float64(x.Value)}, true
	case *ast.FloatLit:
		return point{num: x.Value}, true
	case *ast.DurationLit:
		return point{num: float64(x.Value)}, true
	case *ast.SizeLit:
		return point{num: float64(x.Value)}, true
	}
	return point{}, false
}

var mirrored = map[string]string{"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

func compares(op string) bool { return mirrored[op] != "" }

func holds(op string, a, b point) bool {
	c := cmp.Or(cmp.Compare(a.num, b.num), cmp.Compare(a.text, b.text))
	switch op {
	case "==":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}
