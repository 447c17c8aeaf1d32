package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
)

// condition is an expression of the step with what it comes to.
type condition struct {
	Text   string `json:"text"`
	Result string `json:"result,omitempty"` // "true", "false", another value as JSON, "unknown", or "error: …"
	Parts  []part `json:"parts,omitempty"`
	Note   string `json:"note,omitempty"`
}

// part is one side of `&&` or `||`, with values in place of names.
type part struct {
	Text   string   `json:"text"`
	With   string   `json:"with"` // Text with what is known in it
	Result string   `json:"result"`
	From   []string `json:"from,omitempty"` // where the values come from
}

// guards evaluates the conditions of one step.
type guards struct {
	*explaining
	outlook  *outlook
	forecast *engine.Forecast
	path     string
}

// describe fills in everything that the step says of itself.
func (g *guards) describe(ctx context.Context, out *explanation) {
	above := *g
	above.path = parentOf(g.path)
	for _, it := range g.spot.within.Head {
		if w, ok := it.(*ast.When); ok {
			out.Head = append(out.Head, above.condition(ctx, w.Cond, g.spot.within.Scope))
		}
	}
	scope := g.spot.step.Scope
	for _, b := range g.spot.step.Bindings {
		c := g.condition(ctx, b.Value, scope)
		c.Text = b.Name + " = " + c.Text
		out.Bindings = append(out.Bindings, c)
	}
	for _, it := range g.spot.step.Modifiers {
		switch it := it.(type) {
		case *ast.When:
			out.When = append(out.When, g.condition(ctx, it.Cond, scope))
		case *ast.Require:
			out.Require = append(out.Require, g.condition(ctx, it.Cond, scope))
		case *ast.Approve:
			c := condition{Text: "always", Result: "true"}
			if it.When != nil {
				c = g.condition(ctx, it.When, scope)
			}
			c.Note = g.substituted(ctx, it.Message, scope)
			out.Approve = &c
		case *ast.AllowFailure:
			c := condition{Text: "always", Result: "true"}
			if it.When != nil {
				c = condition{Text: format.Expr(it.When), Result: "unknown"}
			}
			out.Allowed = &c
		case *ast.Lock:
			out.Locks = append(out.Locks, g.substituted(ctx, it.Key, scope))
		}
	}
	g.loops(ctx, out)
}

func (g *guards) loops(ctx context.Context, out *explanation) {
	e, _ := g.forecast.Step(g.path)
	for _, l := range g.spot.step.Loops {
		shown := loopShown{Var: l.Var, List: format.Expr(l.Decl.List)}
		if e.Counted && l.Type.DeepLabels()&types.Secret == 0 {
			seen := map[string]bool{}
			for _, one := range e.Instances {
				text := literalOf(one.Vars[l.Var])
				if !seen[text] {
					seen[text] = true
					shown.Values = append(shown.Values, text)
				}
			}
		}
		if where := l.Decl.Where; where != nil {
			shown.List += " where " + format.Expr(where)
		}
		out.For = append(out.For, shown)
	}
}

// condition evaluates an expression as a whole and in its parts.
func (g *guards) condition(ctx context.Context, x ast.Expr, scope *expr.Scope) condition {
	text := format.Expr(x)
	out := condition{Text: text, Result: g.result(ctx, text, scope)}
	tree, err := expr.Parse(text)
	if err != nil {
		return out
	}
	for _, p := range operands(tree) {
		out.Parts = append(out.Parts, g.part(ctx, text, p, scope))
	}
	return out
}

// operands are the parts that `&&`, `||` and `!` join, in the order of the text.
func operands(x ast.Expr) []ast.Expr {
	x = ast.Unparen(x)
	if b, ok := x.(*ast.Binary); ok && (b.Op == "&&" || b.Op == "||") {
		return append(operands(b.X), operands(b.Y)...)
	}
	return []ast.Expr{x}
}

func (g *guards) part(ctx context.Context, text string, x ast.Expr, scope *expr.Scope) part {
	span := x.Span()
	out := part{Text: text[span.Start:span.End]}
	out.Result = g.result(ctx, out.Text, scope)
	out.With, out.From = g.filled(ctx, text, x, scope)
	return out
}

// substituted is an expression's value where it has one, else its text with what is known.
func (g *guards) substituted(ctx context.Context, x ast.Expr, scope *expr.Scope) string {
	text := format.Expr(x)
	if v := g.result(ctx, text, scope); v != "unknown" && !strings.HasPrefix(v, "error: ") {
		return v
	}
	tree, err := expr.Parse(text)
	if err != nil {
		return text
	}
	with, _ := g.filled(ctx, text, tree, scope)
	return with
}

// result is what a piece of text comes to.
func (g *guards) result(ctx context.Context, text string, scope *expr.Scope) string {
	if g.conceals(text, scope) {
		return secret.Mask
	}
	v, err := g.forecast.Eval(ctx, g.path, text)
	var late *expr.UnknownError
	switch {
	case errors.As(err, &late):
		return "unknown"
	case err != nil && g.absent(ctx, text):
		return "none"
	case err != nil:
		return "error: " + err.Error()
	}
	return literalOf(v)
}

// absent reports that a text names a field which may be absent, and is.
func (g *guards) absent(ctx context.Context, text string) bool {
	i := strings.LastIndexByte(text, '.')
	if x, err := expr.Parse(text); err != nil || i < 0 {
		return false
	} else if _, plain := chain(x); !plain {
		return false
	}
	v, err := g.forecast.Eval(ctx, g.path, strings.TrimSuffix(text[:i], "?")+".?"+strings.TrimPrefix(text[i+1:], "?"))
	return err == nil && v == (value.None{})
}

// conceals reports that a text's value is secret, or cannot be told to be public.
func (g *guards) conceals(text string, scope *expr.Scope) bool {
	f := source.NewFile("<expression>", text)
	x, err := expr.Parse(text)
	if err != nil || scope == nil {
		return true
	}
	if g.readsSecret(x) {
		return true
	}
	t := expr.Check(x, scope, expr.Options{File: f, Diags: new(diag.List)})
	if t.Kind != types.Invalid {
		return t.DeepLabels()&types.Secret != 0
	}
	// An optional field that is read without a question has no type outside its guard.
	hidden := false
	ast.Inspect(x, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		hidden = hidden || ok && g.readsSecret(e)
		return true
	})
	return hidden
}

// readsSecret reports that an expression is a secret setting, or a part of one: its value may
// not be shown even where the label says no more than that it is absent.
func (g *guards) readsSecret(x ast.Expr) bool {
	for {
		s, ok := ast.Unparen(x).(*ast.Select)
		if !ok {
			return false
		}
		if root, ok := ast.Unparen(s.X).(*ast.Ident); ok && root.Name == "settings" {
			return slices.ContainsFunc(g.outlook.settings.All(), func(r settings.Resolved) bool {
				_, none := r.Value.(value.None)
				return r.Decl.Name == s.Name.Text && r.Decl.Secret && !none && r.Value != nil
			})
		}
		x = s.X
	}
}

// longestLiteral is how much of a value a line shows, in characters.
const longestLiteral = 60

func literalOf(v value.Value) string {
	if _, none := v.(value.None); v == nil || none {
		return "none"
	}
	if expr.HoldsLate(v) {
		return "a value"
	}
	raw, err := value.Marshal(v)
	if err != nil {
		return "a value"
	}
	return ui.Cut(ui.Line(string(raw)), longestLiteral)
}

// leaf is a name of an expression, with the fields that are read of it.
type leaf struct {
	span source.Span
	root string
}

// leaves are the names that an expression reads of its surroundings, each as far as plain
// fields go.
func leaves(x ast.Expr) []leaf {
	free := map[source.Span]bool{}
	for _, r := range expr.Refs(x) {
		if !r.Order {
			free[r.Span] = true
		}
	}
	var out []leaf
	ast.Inspect(x, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		root, ok := chain(e)
		if !ok || !free[root.Range] {
			return true
		}
		out = append(out, leaf{e.Span(), root.Name})
		return false
	})
	return out
}

// chain is the name at the start of a.b.c and a.?b.
func chain(x ast.Expr) (*ast.Ident, bool) {
	switch x := x.(type) {
	case *ast.Ident:
		return x, true
	case *ast.Select:
		return chain(x.X)
	}
	return nil, false
}

// filled is the text of an expression with values in the place of names, and where they come from.
func (g *guards) filled(ctx context.Context, text string, x ast.Expr, scope *expr.Scope) (with string, from []string) {
	span, last := x.Span(), int(x.Span().Start)
	for _, l := range leaves(x) {
		name := text[l.span.Start:l.span.End]
		v := g.result(ctx, name, scope)
		with += text[last:l.span.Start]
		last = int(l.span.End)
		if v == "unknown" || v == "none" || strings.HasPrefix(v, "error: ") {
			with += name
		} else {
			with += v
		}
		if note := g.origin(l.root, name, v); note != "" {
			from = append(from, note)
		}
	}
	return with + text[last:span.End], once(from)
}

// origin says where a value comes from, or why there is none.
func (g *guards) origin(root, name, v string) string {
	unknown := v == "unknown"
	switch root {
	case "settings":
		return name + ": " + g.settingFrom(name, unknown)
	case "git", "ci":
		if unknown {
			return name + ": known when the run starts"
		}
		if root == "ci" && g.flags.event != "" {
			return name + ": --event"
		}
		return name + ": as of now"
	case "run":
		if !unknown {
			return name + ": as long as nothing else fails"
		}
		return name + ": known in the run"
	}
	for _, l := range g.spot.step.Loops {
		if unknown && l.Var == root {
			return name + ": each instance has its own"
		}
	}
	if e, ok := g.forecast.Step(g.sibling(root)); ok {
		if unknown {
			return fmt.Sprintf("%s: the step %s %s", name, root, fateText(e.Fate))
		}
		return ""
	}
	if unknown {
		return name + ": not known before the run"
	}
	if v == "none" {
		return name + ": none"
	}
	return ""
}

func fateText(f engine.Fate) string {
	switch f {
	case engine.Runs:
		return "tells when it has run"
	case engine.WillSkip:
		return "is skipped"
	case engine.Undecided:
		return "may run"
	}
	return "does not run"
}

func (g *guards) sibling(name string) string {
	if at := parentOf(g.spot.at); at != "" {
		return at + "/" + name
	}
	return name
}

func (g *guards) settingFrom(name string, unknown bool) string {
	field := strings.Split(strings.ReplaceAll(name, "?", ""), ".")
	if len(field) < 2 {
		return ""
	}
	for _, r := range g.outlook.settings.All() {
		if r.Decl.Name != field[1] {
			continue
		}
		switch {
		case r.Problem != nil && r.Origin.Kind != settings.Unset:
			return "its value is not valid"
		case unknown && r.Decl.Exec != nil:
			return "a program gives it"
		case r.Origin.Kind == settings.Unset && unknown:
			return "it has no value; set " + r.Decl.Variable
		case r.Origin.Kind == settings.Unset:
			return "not set"
		}
		return placeOf(r.Origin)
	}
	return "unknown"
}
