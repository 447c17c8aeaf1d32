package check

import (
	"fmt"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// pipelineDecl is a declared pipeline.
type pipelineDecl struct {
	file *file
	decl *ast.Pipeline
	out  *Pipeline
	// recursive says that it calls itself; checked that its result is known.
	recursive, checked bool
	// body is what its check found; nil before.
	body *body
}

func (f *file) collectPipeline(d *ast.Pipeline) {
	if !f.declare(f.names.of("op"), d.Name, "pipeline") {
		return
	}
	p := &Pipeline{Name: d.Name.Text, Module: f.out, File: f.ast, Decl: d, Result: types.NoneType}
	f.pipelines[d.Name.Text] = &pipelineDecl{file: f, decl: d, out: p}
	f.out.Pipelines[d.Name.Text] = p
}

// checkPipelines checks called pipelines before their callers, since a result may be inferred.
func (m *module) checkPipelines() {
	g := newGraph(len(m.pipelines))
	for _, d := range sorted(m.pipelines) {
		g.add(d.decl.Name.Text)
		eachStep(d.decl.Items, func(s *ast.Step) {
			if len(s.Callee.Parts) == 1 && m.pipelines[s.Callee.Parts[0].Text] != nil {
				g.edge(d.decl.Name.Text, s.Callee.Parts[0].Text)
			}
		})
	}
	order, cycles := g.sort()
	for _, c := range cycles {
		d := m.pipelines[c[0]]
		d.file.reportCycle(d.decl.Name, "pipelines", c)
		for _, name := range c {
			m.pipelines[name].recursive = true
		}
	}
	for _, name := range order {
		d := m.pipelines[name]
		d.file.checkPipeline(d)
		d.checked = true
	}
}

func eachStep(items []ast.Item, visit func(*ast.Step)) {
	for _, it := range items {
		switch it := it.(type) {
		case *ast.Step:
			visit(it)
		case *ast.OnFailure:
			eachStep(it.Items, visit)
		case *ast.Finally:
			eachStep(it.Items, visit)
		}
	}
}

// body is a pipeline while it is checked.
type body struct {
	*file
	out   *Pipeline
	decl  *ast.Pipeline
	scope *expr.Scope // parameters, lets and steps
	// names of parameters, lets and steps share one scope.
	names scope
	lets  map[string]*ast.Let
	// letReads are the steps behind each let, directly or through other lets.
	letReads map[string]reads
	services map[string]bool // of the pipeline, by name
	main     *stage
	// tails are on failure and finally, those that are there.
	tails []*stage
}

func (f *file) checkPipeline(d *pipelineDecl) {
	b := &body{
		file: f, out: d.out, decl: d.decl, scope: f.scope.ChildFor(expr.Steps, len(d.out.Params)+len(d.decl.Items)),
		names: make(scope, len(d.out.Params)+len(d.decl.Items)), lets: map[string]*ast.Let{}, letReads: map[string]reads{}, services: map[string]bool{},
	}
	b.out.Scope, d.body = b.scope, b
	f.declareParams(b.scope, d.out.Params)
	for _, p := range d.out.Params {
		b.names[p.Name] = place{file: f.src, at: p.Decl.Name.Range, what: "parameter"}
	}
	b.main = b.newStage(b.scope, false, len(d.decl.Items))
	items := f.items(d.decl.Items, head|content, "a pipeline")
	var onFailure, finally *stage
	for _, it := range items {
		switch it := it.(type) {
		case *ast.Step:
			b.main.collect(it)
		case *ast.OnFailure:
			onFailure = b.tail(it.Items, "on failure")
		case *ast.Finally:
			finally = b.tail(it.Items, "finally")
		case *ast.Return:
			b.out.Return = it.Value
		default:
			if l, ok := asLet(it); ok {
				b.collectLet(l)
				continue
			}
			b.out.Head = append(b.out.Head, it)
		}
	}
	b.brokenNames(d.decl.Items)
	b.declareServices(b.scope, b.out.Head)
	for _, it := range b.out.Head {
		if s, ok := it.(*ast.Service); ok {
			b.services[s.Name.Text] = true
		}
	}
	b.main.order()
	b.main.details()
	b.out.Steps = b.main.steps()
	b.head()
	b.returns()
	b.out.OnFailure = b.checkTail(onFailure)
	b.out.Finally = b.checkTail(finally)
	b.measure()
	f.unusedParams(d.decl, d.out.Params, b.usedParams(), false)
}

func asLet(it ast.Item) (*ast.Let, bool) {
	switch it := it.(type) {
	case ast.LetItem:
		return it.Let, true
	case *ast.LetItem:
		return it.Let, true
	}
	return nil, false
}

func (b *body) collectLet(l *ast.Let) {
	b.reservedName(l.Name, "let", nil)
	if b.declare(b.names, l.Name, "let") {
		b.lets[l.Name.Text] = l
	}
}

// brokenNames keeps the names of what could not be read, so that uses of them stay quiet.
func (b *body) brokenNames(items []ast.Item) {
	for _, it := range items {
		bad, ok := it.(*ast.BadItem)
		if _, taken := b.names[badName(bad, ok)]; ok && bad.Name.Text != "" && !taken {
			b.scope.Declare(bad.Name.Text, expr.Var{Type: types.InvalidType, Broken: true, Step: true})
			b.main.bad[bad.Name.Text] = true
		}
	}
}

func badName(b *ast.BadItem, ok bool) string {
	if !ok {
		return ""
	}
	return b.Name.Text
}

// usedParams are the parameters that the pipeline reads anywhere.
func (b *body) usedParams() map[string]bool {
	used := map[string]bool{}
	note := func(r expr.Ref) {
		if findParam(b.out.Params, r.Name) != nil {
			used[r.Name] = true
		}
	}
	for _, it := range b.decl.Items {
		if len(used) == len(b.out.Params) {
			break
		}
		eachExpr(it, func(x ast.Expr) { expr.EachRef(x, note) })
		if broken([]ast.Item{it}) {
			for _, p := range b.out.Params {
				used[p.Name] = true // what could not be read may read them
			}
		}
	}
	return used
}

// head checks what applies to the whole pipeline, before any step has run.
func (b *body) head() {
	e := b.in(b.scope)
	for _, it := range b.out.Head {
		if b.readsStep(it) {
			continue
		}
		if s, ok := it.(*ast.Service); ok {
			b.service(e, s)
			continue
		}
		e.modifier(it, e, e)
	}
}

// readsStep reports a head that reads what is not known when it is evaluated.
func (b *body) readsStep(it ast.Item) (found bool) {
	if _, ok := it.(*ast.Service); ok {
		return false
	}
	eachExpr(it, func(x ast.Expr) {
		for _, r := range expr.Refs(x) {
			if b.services[r.Name] || len(b.letReads[r.Name].services.list) > 0 {
				found = true
				b.serviceOutside(r, keyword(it)+" at the head of a pipeline")
				continue
			}
			_, viaLet := b.letReads[r.Name]
			if b.main.nodes[r.Name] == nil && !(viaLet && !b.letReads[r.Name].empty()) {
				continue
			}
			found = true
			b.report(finding{
				rule: diag.Misplaced, at: r.Span,
				message: fmt.Sprintf("%s at the head of a pipeline cannot read %q: no step has run yet", keyword(it), r.Name),
				help:    "put it into the step that needs it",
			})
		}
	})
	return found
}

func refsOf(x ast.Expr) []expr.Ref {
	if x == nil {
		return nil
	}
	return expr.Refs(x)
}

// serviceOutside refuses a service where no step of the pipeline reads it.
func (b *body) serviceOutside(r expr.Ref, where string) {
	b.report(finding{
		rule: diag.Misplaced, at: r.Span,
		message: fmt.Sprintf("%s cannot read %q: services run for the steps that mention them", where, r.Name),
		help:    "mention it in a step",
	})
}

// returns types the pipeline's result, declared or inferred.
func (b *body) returns() {
	x := b.out.Return
	declared := b.decl.Result != nil
	e := b.in(b.scope)
	var found diag.List
	defer withoutNeeds(&found, e.diags)
	e.diags = &found
	for _, r := range refsOf(x) {
		if b.services[r.Name] || len(b.letReads[r.Name].services.list) > 0 {
			b.serviceOutside(r, "return of a pipeline")
		}
	}
	switch {
	case x == nil && declared && b.out.Result.Kind != types.Invalid && !damaged(b.decl):
		b.report(finding{
			rule: diag.TypeMismatch, at: b.decl.Result.Span(),
			message: fmt.Sprintf("pipeline %q returns nothing, expected %s", b.out.Name, b.out.Result),
			help:    "add return, or remove the result type",
		})
	case x != nil && declared:
		e.want(x, b.out.Result, "return")
	case x != nil:
		b.out.Result = b.inferred(x, e, "declare the pipeline's result type: pipeline "+b.out.Name+"(…) -> type")
		b.undeclaredSecret(x)
	}
}

// undeclaredSecret refuses a secret in a result that nobody declared: who reads the pipeline's
// head must see that it hands one out.
func (b *body) undeclaredSecret(x ast.Expr) {
	if b.out.Result.DeepLabels()&types.Secret == 0 {
		return
	}
	b.report(finding{
		rule: diag.SecretLeak, at: x.Span(),
		message: fmt.Sprintf("a secret cannot be a result of pipeline %q, which declares none", b.out.Name),
		help:    fmt.Sprintf("declare it: pipeline %s(…) -> %s", b.out.Name, b.out.Result),
	})
}

// inferred types a result that nobody declares; data without a known shape cannot be one.
func (f *file) inferred(x ast.Expr, e exprs, help string) *types.Type {
	t := e.want(x, nil, "return")
	if shapeless(t, nil) {
		f.reportTo(e.diags, finding{
			rule: diag.TypeMismatch, at: x.Span(), help: help,
			message: "return: expected a value of a known type, found data whose shape only the run knows",
		})
		return types.InvalidType
	}
	return t
}

// shapeless says that a type holds data whose shape only the run knows.
func shapeless(t *types.Type, seen []*types.RecordInfo) bool {
	if t.Kind == types.JSON {
		return true
	}
	if t.Elem != nil {
		return shapeless(t.Elem, seen)
	}
	if t.Record == nil || slices.Contains(seen, t.Record) {
		return false
	}
	return slices.ContainsFunc(t.Record.Fields, func(f types.Field) bool { return shapeless(f.Type, append(seen, t.Record)) })
}
