package settings

import (
	"encoding/json"
	"regexp/syntax"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// bounds adds to a schema of type t what a condition says of `self` in words that JSON Schema
// has: comparisons with numbers, lengths, patterns and sets. Anything else is left out, so the
// schema admits at least what the condition does.
func bounds(schema map[string]any, t *types.Type, where *plan.Expr) {
	if where == nil || where.CEL == "" {
		return
	}
	if x, err := expr.Parse(where.CEL); err == nil {
		conjunct(schema, t.Plain(), x)
	}
}

func conjunct(schema map[string]any, t *types.Type, x ast.Expr) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Binary:
		switch x.Op {
		case "&&":
			conjunct(schema, t, x.X)
			conjunct(schema, t, x.Y)
		case "in":
			oneOfLiterals(schema, t, x)
		default:
			comparison(schema, t, x)
		}
	case *ast.Call:
		matches(schema, t, x)
	}
}

// turned are comparisons seen from their other side.
var turned = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

func comparison(schema map[string]any, t *types.Type, x *ast.Binary) {
	op, left, right := x.Op, ast.Unparen(x.X), ast.Unparen(x.Y)
	if turned[op] == "" {
		return
	}
	if _, literal := literalOf(left); literal {
		op, left, right = turned[op], right, left
	}
	bound, ok := literalOf(right)
	switch {
	case !ok:
	case isSelf(left) && (t.Kind == types.Int || t.Kind == types.Float):
		compareNumber(schema, op, bound)
	case isSelf(left) && t.Kind == types.String && op == "!=" && bound == "":
		atLeast(schema, "minLength", int64(1))
	case isSize(left):
		compareSize(schema, t, op, bound)
	}
}

func compareNumber(schema map[string]any, op string, bound any) {
	switch op {
	case ">=":
		atLeast(schema, "minimum", bound)
	case ">":
		atLeast(schema, "exclusiveMinimum", bound)
	case "<=":
		atMost(schema, "maximum", bound)
	case "<":
		atMost(schema, "exclusiveMaximum", bound)
	}
}

// sizeWords are the keywords for the size of a type.
var sizeWords = map[types.Kind][2]string{
	types.String: {"minLength", "maxLength"}, types.List: {"minItems", "maxItems"}, types.Map: {"minProperties", "maxProperties"},
}

func compareSize(schema map[string]any, t *types.Type, op string, bound any) {
	words, ok := sizeWords[t.Kind]
	n, whole := bound.(int64)
	if !ok || !whole {
		return
	}
	switch op {
	case ">=":
		atLeast(schema, words[0], max(n, 0))
	case ">":
		atLeast(schema, words[0], max(n+1, 0))
	case "<=":
		atMost(schema, words[1], max(n, 0))
	case "<":
		atMost(schema, words[1], max(n-1, 0))
	case "==":
		atLeast(schema, words[0], max(n, 0))
		atMost(schema, words[1], max(n, 0))
	}
}

// atLeast keeps the stronger of two lower bounds, atMost of two upper ones.
func atLeast(schema map[string]any, word string, bound any) {
	if old, ok := schema[word]; !ok || number(bound) > number(old) {
		schema[word] = bound
	}
}

func atMost(schema map[string]any, word string, bound any) {
	if old, ok := schema[word]; !ok || number(bound) < number(old) {
		schema[word] = bound
	}
}

func number(bound any) float64 {
	switch n := bound.(type) {
	case int64:
		return float64(n)
	case float64:
		return n
	}
	return 0
}

// matches is self.matches(r"…"), where both dialects of patterns agree.
func matches(schema map[string]any, t *types.Type, x *ast.Call) {
	if x.Name.Text != "matches" || x.Target == nil || !isSelf(ast.Unparen(x.Target)) || len(x.Args) != 1 || t.Kind != types.String {
		return
	}
	pattern, ok := literalOf(x.Args[0])
	text, isText := pattern.(string)
	if _, taken := schema["pattern"]; ok && isText && !taken && portable(text) {
		schema["pattern"] = text
	}
}

// portable reports whether a pattern means the same in RE2 and in ECMA 262. Flags, classes by
// name and anchors of the text exist in one of them only.
func portable(pattern string) bool {
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		return false
	}
	for _, own := range []string{"(?", "[[:", `\A`, `\z`, `\Q`, `\C`, `\p`, `\P`, `\a`, `\x{`, `\s`, `\S`} {
		if strings.Contains(pattern, own) {
			return false
		}
	}
	return true
}

func oneOfLiterals(schema map[string]any, t *types.Type, x *ast.Binary) {
	list, ok := ast.Unparen(x.Y).(*ast.ListLit)
	if _, taken := schema["enum"]; !ok || taken || !isSelf(ast.Unparen(x.X)) || t.Kind != types.String && t.Kind != types.Int {
		return
	}
	set := []any{}
	for _, e := range list.Elems {
		v, ok := literalOf(e.Value)
		if !ok || e.Optional {
			return
		}
		set = append(set, v)
	}
	schema["enum"] = set
}

// literalOf is the value of a number or a text.
func literalOf(x ast.Expr) (any, bool) {
	switch x := ast.Unparen(x).(type) {
	case *ast.IntLit:
		return x.Value, true
	case *ast.FloatLit:
		if _, err := json.Marshal(x.Value); err != nil {
			return nil, false
		}
		return x.Value, true
	case *ast.StringLit:
		return x.Value, true
	}
	return nil, false
}

func isSelf(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "self"
}

// isSize is size(self) or self.size().
func isSize(x ast.Expr) bool {
	c, ok := x.(*ast.Call)
	if !ok || c.Name.Text != "size" {
		return false
	}
	if c.Target != nil {
		return len(c.Args) == 0 && isSelf(ast.Unparen(c.Target))
	}
	return len(c.Args) == 1 && isSelf(ast.Unparen(c.Args[0]))
}
