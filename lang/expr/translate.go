package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common"
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// translate puts an error of CEL's checker into our words. It is not ok for one that follows from another.
func (c *checking) translate(e *common.Error) (diag.Diagnostic, bool) {
	d := diag.Diagnostic{Rule: diag.TypeMismatch, Span: c.low.span(e.ExprID)}
	node := findNode(c.tree.Expr(), e.ExprID)
	if node == nil {
		d.Message = "the types do not fit here"
		return d, true
	}
	if strings.HasPrefix(e.Message, "expected type") {
		return c.unexpected(d, node, e.Message)
	}
	if strings.Contains(e.Message, "range of a comprehension") {
		return c.notAList(d, node)
	}
	switch node.Kind() {
	case celast.SelectKind:
		s := node.AsSelect()
		return c.badField(d.Span, c.low.fieldSpan(node), s.Operand(), s.FieldName())
	case celast.CallKind:
		call := node.AsCall()
		if call.FunctionName() == operators.OptSelect {
			name, _ := call.Args()[1].AsLiteral().Value().(string)
			return c.badField(d.Span, c.low.fieldSpan(node), call.Args()[0], name)
		}
		return c.badCall(d, node, call)
	}
	got := c.refined(node)
	d.Message = "found " + plainly(got) + ", which does not fit here"
	return d, got.Kind != types.Invalid
}

// unexpected is for a node of another type than its place asks for: a condition's, or that of ?x.
func (c *checking) unexpected(d diag.Diagnostic, node celast.Expr, message string) (diag.Diagnostic, bool) {
	got := c.refined(node)
	switch {
	case got.Kind == types.Invalid:
		return d, false
	case got.Kind == types.Optional:
		return c.absent(d.Span, node, got, ""), true
	case strings.Contains(message, "'optional_type"):
		d.Message = plainly(got) + " is never missing, so ? says nothing"
		d.Help = "leave the ? out"
	default:
		d.Message = "expected bool, found " + plainly(got)
		d.Help = conditionHelp(got)
	}
	return d, true
}

func (c *checking) notAList(d diag.Diagnostic, node celast.Expr) (diag.Diagnostic, bool) {
	got := c.refined(node)
	switch got.Kind {
	case types.Invalid:
		return d, false
	case types.Optional:
		return c.absent(d.Span, node, got, ""), true
	}
	d.Message = "expected a list or a map, found " + plainly(got)
	return d, true
}

func (c *checking) badField(at, nameAt source.Span, operand celast.Expr, name string) (diag.Diagnostic, bool) {
	in := c.refined(operand)
	if in.Kind == types.Invalid {
		return diag.Diagnostic{}, false
	}
	if in.Kind == types.Optional && !viral(operand) {
		if record := fieldsOf(in.Plain()); record != nil {
			if _, ok := record.Field(name); ok {
				return c.absent(at, operand, in, name), true
			}
		}
	}
	return unknownField(nameAt, in.Plain(), name), true
}

// refined is a node's own type where it can be told, CEL's otherwise.
func (c *checking) refined(e celast.Expr) *types.Type {
	if t := c.celType(e); t.Kind == types.Invalid || !knownNames(e, c.scope) {
		return t
	}
	r := refiner{checking: c, quiet: true}
	if t := r.typ(e); t.Kind != types.Invalid {
		return t
	}
	return c.celType(e)
}

// knownNames reports whether a node reads only what the scope has, and no variable of a macro.
func knownNames(e celast.Expr, s *Scope) bool {
	ok := true
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(n celast.Expr) {
		if n.Kind() == celast.IdentKind {
			name, _, _ := strings.Cut(strings.TrimPrefix(n.AsIdent(), "."), "@")
			_, known := s.Lookup(name)
			ok = ok && known
		}
	}))
	return ok
}

// badCall says why no form of a function takes what it is given.
func (c *checking) badCall(d diag.Diagnostic, node celast.Expr, call celast.CallExpr) (diag.Diagnostic, bool) {
	fn := call.FunctionName()
	nodes := operands(call)
	if _, ok := hostFunctionOf(fn); ok {
		nodes = nodes[1:]
	}
	ts := make([]*types.Type, len(nodes))
	for i, n := range nodes {
		ts[i] = c.refined(n)
		if broken(ts[i]) {
			return d, false // follows from another mistake
		}
	}
	for i, t := range ts {
		if t.Labels&types.Secret != 0 && !movers[fn] {
			return secretOperand(c.low.span(nodes[i].ID()), t, fn), true
		}
		if t.Kind == types.Optional && !takesOptional(fn, i) {
			return c.absent(c.low.span(nodes[i].ID()), nodes[i], t, ""), true
		}
	}
	switch fn {
	case "orValue", "or", "hasValue":
		if in, field, ok := c.optionalField(nodes[0]); ok {
			return c.withMark(maybeMissing(c.low.span(nodes[0].ID()), in, field, ""), nodes[0], fn), true
		}
	case operators.Equals, operators.NotEquals:
		return neverEqual(d.Span, ts[0], ts[1]), true
	case operators.LogicalAnd, operators.LogicalOr:
		return c.notBool(d, nodes, ts, fn)
	case operators.NotStrictlyFalse:
		d.Span = c.low.span(nodes[0].ID())
	case operators.Conditional:
		if ts[0].Kind != types.Bool {
			d.Span = c.low.span(nodes[0].ID())
		}
	}
	if call.IsMemberFunction() && len(ts) > 0 {
		if others := c.low.lang.receivers(fn, ts[0]); len(others) > 0 {
			d.Message, d.Help = noMethod(fn, ts, others)
			return d, true
		}
	}
	d.Message, d.Help = refusal(fn, call.IsMemberFunction(), ts)
	if d.Help == "" && !strings.ContainsAny(fn, "_@!?") {
		d.Help = c.low.lang.takes(fn, call.IsMemberFunction(), ts)
	}
	return d, true
}

// withMark says that only the question mark is missing in x.field.hasValue() and its like.
func (c *checking) withMark(d diag.Diagnostic, node celast.Expr, fn string) diag.Diagnostic {
	name := c.low.fieldSpan(node)
	if c.File == nil || node.Kind() != celast.SelectKind || name == c.low.span(node.ID()) {
		return d
	}
	tail := "()"
	if fn != "hasValue" {
		tail = "(…)"
	}
	at := source.Span{Start: name.Start, End: name.Start}
	d.Help = fmt.Sprintf("write %s.?%s.%s%s", c.textOr(node.AsSelect().Operand(), ""), c.File.Slice(name), fn, tail)
	d.Fixes = []diag.Fix{{Message: "ask for what may be missing with .?", Obvious: true, Edits: []diag.Edit{{File: c.File, Span: at, Text: "?"}}}}
	return d
}

// optionalField finds what a node reads by `.field` although it may be missing.
func (c *checking) optionalField(node celast.Expr) (in *types.Type, field string, ok bool) {
	if node.Kind() != celast.SelectKind {
		return nil, "", false
	}
	s := node.AsSelect()
	in = c.refined(s.Operand()).Plain()
	f, ok := in.Field(s.FieldName())
	return in, s.FieldName(), ok && f.Type.Kind == types.Optional
}

// refusal says why a function takes no arguments of such types.
func refusal(fn string, member bool, ts []*types.Type) (message, help string) {
	said := make([]string, len(ts))
	for i, t := range ts {
		said[i] = plainly(t)
	}
	switch {
	case fn == fnText:
		return said[0] + " cannot be put into a string", textHelp(ts[0])
	case fn == fnTrusted:
		return "trusted takes a string, found " + said[0], ""
	case fn == operators.Conditional && ts[0].Kind != types.Bool:
		return "expected bool before ?, found " + said[0], ""
	case fn == operators.Conditional:
		return fmt.Sprintf("the two values of a condition must have one type, found %s and %s", kindly(ts[1]), kindly(ts[2])), ""
	case fn == operators.NotStrictlyFalse:
		return "expected bool, found " + said[0], conditionHelp(ts[0])
	case fn == operators.LogicalNot:
		return "expected bool after !, found " + said[0], conditionHelp(ts[0])
	case fn == operators.Negate:
		return said[0] + " has no negative", ""
	case fn == operators.Index || fn == operators.OptIndex:
		help := ""
		if ts[0].Plain().Kind == types.List {
			help = "a list is indexed by a number, from 0"
		}
		return fmt.Sprintf("%s cannot be indexed by %s", said[0], said[1]), help
	case fn == operators.In:
		help := ""
		if ts[0].IsText() && ts[1].IsText() {
			help = "a text is searched by contains: y.contains(x)"
		} else if ts[1].Kind == types.List {
			help = "its elements are " + plainly(ts[1].Elem)
		}
		return fmt.Sprintf("in does not work between %s and %s", said[0], said[1]), help
	case strings.HasPrefix(fn, "_") && len(said) == 2:
		return fmt.Sprintf("%s does not work between %s and %s", strings.Trim(fn, "_"), said[0], said[1]), betweenHelp(strings.Trim(fn, "_"), ts)
	case (fn == "orValue" || fn == "or" || fn == "hasValue") && ts[0].Kind != types.Optional:
		return fmt.Sprintf("%s is never missing, so %s says nothing", said[0], fn), "leave it out"
	case fn == "orValue" && len(ts) == 2:
		return fmt.Sprintf("the value and what stands in for it must have one type, found %s and %s", plainly(ts[0].Plain()), said[1]), ""
	case fn == "present" && ts[0].Kind == types.List && ts[0].Elem.Kind != types.Optional:
		return said[0] + " has no gaps, so present says nothing", "leave it out"
	case member && len(said) == 1:
		return fmt.Sprintf("%s() does not work on %s", fn, said[0]), eachFirst(fn, ts[0])
	case member:
		return fmt.Sprintf("%s.%s does not take (%s)", said[0], fn, strings.Join(said[1:], ", ")), ""
	}
	return fmt.Sprintf("%s does not take (%s)", strings.TrimSuffix(spoken(fn), "()"), strings.Join(said, ", ")), ""
}

// eachFirst says how a function of plain elements is used on a list of records.
func eachFirst(fn string, t *types.Type) string {
	if t.Kind != types.List {
		return ""
	}
	record := fieldsOf(t.Elem)
	if record == nil || len(record.Record.Fields) == 0 {
		return ""
	}
	if fn == "sort" {
		return fmt.Sprintf("say by which field: x.sortBy(e, e.%s)", record.Record.Fields[0].Name)
	}
	for _, f := range record.Record.Fields {
		if f.Type.Kind == types.Int || fn != "sum" {
			return fmt.Sprintf("let map take a field of each first, such as %s", f.Name)
		}
	}
	return ""
}

func (c *checking) notBool(d diag.Diagnostic, nodes []celast.Expr, ts []*types.Type, fn string) (diag.Diagnostic, bool) {
	i := slices.IndexFunc(ts, func(t *types.Type) bool { return t.Kind != types.Bool && t.Kind != types.JSON })
	if i < 0 {
		return d, false
	}
	d.Span = c.low.span(nodes[i].ID())
	d.Message = fmt.Sprintf("expected bool beside %s, found %s", strings.Trim(fn, "_"), plainly(ts[i]))
	d.Help = conditionHelp(ts[i])
	return d, true
}

// conditionHelp is how something else becomes a condition.
func conditionHelp(t *types.Type) string {
	switch {
	case t.IsText():
		return `a condition compares: x == "…"`
	case t.Kind == types.Int:
		return "a condition compares: x > 0"
	case t.Kind == types.List || t.Kind == types.Map:
		return "a condition compares: x.size() > 0"
	}
	return ""
}

// textHelp is how something becomes a text.
func textHelp(t *types.Type) string {
	switch t.Plain().Kind {
	case types.List:
		return `make one string of it: x.join(", ")`
	case types.Record:
		return "put a field of it there: x.field"
	case types.Map, types.JSON:
		return "write json.encode(x)"
	}
	return ""
}

// betweenHelp is how two types are brought together for an operator.
func betweenHelp(op string, ts []*types.Type) string {
	kinds := [2]types.Kind{ts[0].Plain().Kind, ts[1].Plain().Kind}
	has := func(a, b types.Kind) bool {
		return kinds == [2]types.Kind{a, b} || kinds == [2]types.Kind{b, a}
	}
	compares := op != "+" && op != "-" && op != "*" && op != "/" && op != "%"
	switch {
	case has(types.Duration, types.Int):
		return "a duration has a unit, such as 300s or 5m; its seconds are x.getSeconds()"
	case has(types.Size, types.Int):
		return "a size has a unit, such as 512B or 1GiB; its bytes are int(x)"
	case has(types.Timestamp, types.Duration) && compares:
		return "a point in time is compared with another: run.started - 5m"
	case has(types.Bool, types.Int):
		return "a bool is true or false: leave the comparison out"
	case compares && ts[0].Kind == types.List && comparable(ts[0].Elem, ts[1]):
		return "whether it is one of them is asked by in: y in x"
	case compares && ts[1].Kind == types.List && comparable(ts[1].Elem, ts[0]):
		return "whether it is one of them is asked by in: x in y"
	case compares && (has(types.List, types.Int) || has(types.Map, types.Int)):
		return "how many there are is x.size()"
	case compares && (ts[0].IsText() && kinds[1] == types.Int || ts[1].IsText() && kinds[0] == types.Int):
		return "the number in a text is int(x), and a number as a text is string(x)"
	case op == "==" && has(types.Int, types.Float):
		return "int and float do not mix: write float(…) around the int, or the number with a point"
	case compares && !has(types.Int, types.Float):
		return ""
	}
	return mixedNumberHelp(ts)
}

func mixedNumberHelp(ts []*types.Type) string {
	if ts[0].Kind == types.Int && ts[1].Kind == types.Float || ts[0].Kind == types.Float && ts[1].Kind == types.Int {
		return "int and float do not mix: write float(…) around the int"
	}
	if ts[0].IsText() && ts[1].Kind <= types.Timestamp && ts[1].Kind != types.Bool || ts[1].IsText() && ts[0].Kind <= types.Timestamp && ts[0].Kind != types.Bool {
		if !(ts[0].IsText() && ts[1].IsText()) {
			return `put both into one string: "…${…}"`
		}
	}
	return ""
}

// takesOptional reports whether a function's argument may be an optional.
func takesOptional(fn string, arg int) bool {
	switch fn {
	case "orValue", "hasValue", "value", "or", operators.OptIndex, operators.OptSelect, "optional.of":
		return arg == 0 || fn == "or"
	}
	return false
}

func broken(t *types.Type) bool { return t.Kind == types.Invalid }

func findNode(e celast.Expr, id int64) (out celast.Expr) {
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(n celast.Expr) {
		if n.ID() == id {
			out = n
		}
	}))
	return out
}
