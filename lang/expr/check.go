package expr

import (
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common"
	celast "github.com/google/cel-go/common/ast"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// Options of a check.
type Options struct {
	File  *source.File
	Diags *diag.List
	// Want is the expected type; nil admits any. It types record bodies, and turns a
	// selection x.f into x.?f where an optional is wanted.
	Want *types.Type
	// What names the place in messages: "argument tag", "when".
	What string
	// Narrow holds optional names that are plain here, because of needs or succeeded().
	Narrow map[string]bool
}

// Check types an expression and reports what is wrong with it, once. What it returns is
// types.InvalidType when anything was reported.
func Check(x ast.Expr, s *Scope, o Options) *types.Type {
	if t := atOnce(x, s, o); t != nil {
		return t
	}
	c := &checking{scope: s, Options: o}
	t := c.check(x)
	if c.broken {
		return types.InvalidType
	}
	return t
}

// checking is the check of one expression.
type checking struct {
	Options
	scope  *Scope
	broken bool // something was reported
	low    *lowerer
	root   celast.Expr
	tree   *celast.AST // root, typed by CEL's checker; nil when that was not asked
	slow   bool        // ask CEL's checker about everything
}

func (c *checking) report(d diag.Diagnostic) {
	c.broken = true
	if c.Diags == nil {
		return
	}
	if d.File == nil {
		d.File = c.File
	}
	c.Diags.Add(d)
}

func (c *checking) check(x ast.Expr) *types.Type {
	var t *types.Type
	switch x := ast.Unparen(x).(type) {
	case *ast.RecordBody:
		return c.recordBody(x)
	case *ast.RecordLit:
		if named, ok := c.scope.lookupRecord(x.Type.String()); ok && named.Kind == types.Record {
			c.fields(x.Range, x.Fields, named)
			t = named
		}
	}
	if t == nil {
		t = c.infer(x)
	}
	if !c.broken && c.Want != nil && !types.Assignable(t, c.Want) {
		var node celast.Expr
		if c.root != nil && (c.tree != nil || c.typed(c.root)) { // the message looks into the tree
			node = c.tree.Expr()
		}
		c.report(c.mismatch(ast.Unparen(x).Span(), c.What, c.Want, t, node))
	}
	return t
}

// infer types an expression without regard to what is wanted.
func (c *checking) infer(x ast.Expr) *types.Type {
	c.low = &lowerer{
		lang: declarations(), scope: c.scope, records: c.scope.lookupRecord, report: c.report,
		spans: make([]source.Span, 1, 16), narrow: c.Narrow,
	}
	root := c.low.expr(x, c.Want)
	if c.low.failed {
		c.broken = true
		return types.InvalidType
	}
	c.root = root
	if !c.slow {
		if t := c.quick(root); t != nil {
			return t
		}
	}
	if !c.typed(root) {
		return types.InvalidType
	}
	// the fields of record bodies inside the expression tell their types from the inside out
	for range c.low.bodies {
		quiet := refiner{checking: c, quiet: true}
		quiet.typ(c.tree.Expr())
		if !quiet.settled {
			break
		}
		if !c.typed(root) {
			return types.InvalidType
		}
	}
	r := refiner{checking: c}
	return r.telling(r.typ(c.tree.Expr()))
}

var noSource = common.NewTextSource("")

// typed runs CEL's checker and reports in our words what it found.
func (c *checking) typed(root celast.Expr) bool {
	tree, errs := checker.Check(celast.NewAST(root, nil), noSource, c.scope.checkerEnv())
	c.tree = tree
	found := errs.GetErrors()
	if len(found) == 0 {
		return true
	}
	said := map[source.Span]bool{}
	for _, e := range found {
		d, ok := c.translate(e)
		if ok && !said[d.Span] {
			said[d.Span] = true
			c.report(d)
		}
	}
	c.broken = true
	return false
}

// celType is what CEL's checker found for a node.
func (c *checking) celType(e celast.Expr) *types.Type {
	t := c.tree.GetType(e.ID())
	if t == nil || t.Kind() == celtypes.ErrorKind {
		return types.InvalidType
	}
	return c.scope.registry.typ(t)
}

// recordBody types { field: value } by what is wanted, or by its fields.
func (c *checking) recordBody(body *ast.RecordBody) *types.Type {
	want := c.Want
	if want != nil {
		want = want.Plain()
	}
	switch {
	case want == nil || want.Kind == types.Invalid || want.Kind == types.JSON:
		return c.fields(body.Range, body.Fields, nil)
	case want.Kind != types.Record:
		c.report(notARecord(body, c.What, want))
		return c.fields(body.Range, body.Fields, nil)
	}
	c.fields(body.Range, body.Fields, want)
	return want
}

// fields checks the fields of a record one by one, so that a mistake in one hides nothing in
// another, and gives the record that they make. want may be nil.
func (c *checking) fields(at source.Span, given []ast.RecordField, want *types.Type) *types.Type {
	if want != nil {
		missing, _ := checkFields(given, want, c.report)
		if len(missing) > 0 {
			c.report(missingFields(at, want, missing))
		}
	}
	made := make([]types.Field, 0, len(given))
	for _, f := range given {
		made = append(made, types.Field{Name: f.Name.Text, Type: c.field(f, want)})
	}
	return types.RecordOf(made...)
}

func (c *checking) field(f ast.RecordField, record *types.Type) *types.Type {
	o := c.Options
	o.Want, o.What = nil, "field "+f.Name.Text
	if record != nil {
		if field, ok := record.Field(f.Name.Text); ok {
			o.Want = field.Type.WithLabels(record.Labels)
		}
	}
	if f.Optional && o.Want != nil {
		o.Want = types.OptionalOf(o.Want)
	}
	if t := atOnce(f.Value, c.scope, o); t != nil && !c.slow {
		return t
	}
	inner := &checking{scope: c.scope, Options: o}
	t := inner.check(f.Value)
	c.broken = c.broken || inner.broken
	return t
}
