package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// opDecl is a declared op.
type opDecl struct {
	file *file
	decl *ast.Op
	out  *Op
}

func (f *file) collectOp(d *ast.Op) {
	if !f.declare(f.names.of("op"), d.Name, "op") {
		return
	}
	o := &Op{Name: d.Name.Text, Module: f.out, File: f.ast, Decl: d, Native: d.Native, Result: types.NoneType, in: f}
	f.ops[d.Name.Text] = &opDecl{file: f, decl: d, out: o}
	f.out.Ops[d.Name.Text] = o
}

func (f *file) collectTarget(d *ast.Target) {
	if f.declare(f.names.of("target"), d.Name, "target") {
		f.out.Targets[d.Name.Text] = d
	}
}

// signatures resolves what callers see of ops and pipelines.
func (m *module) signatures() {
	for _, d := range sorted(m.ops) {
		d.out.Params = d.file.params(d.decl.Params, !d.decl.Native)
		if d.decl.Result != nil {
			d.out.Result = d.file.typ(d.decl.Result)
		}
	}
	for _, d := range sorted(m.pipelines) {
		d.out.Params = d.file.params(d.decl.Params, false)
		if d.decl.Result != nil {
			d.out.Result = d.file.typ(d.decl.Result)
		}
	}
}

func (m *module) checkOps() {
	for _, f := range m.files {
		f.checkTargets()
		f.checkDefaults()
	}
	ops := sorted(m.ops)
	m.independent(len(ops), m.checker.diags, func(i int, diags *diag.List) {
		f := ops[i].file.reportingTo(diags)
		f.checkOp(ops[i])
	})
}

func (f *file) checkOp(d *opDecl) {
	o := d.out
	o.Scope = f.scope.Child(0)
	f.declareParams(o.Scope, o.Params)
	own := f.items(d.decl.Items, attribute, "an op")
	o.Items = own
	if !d.decl.Native {
		o.Items = f.withDefaults(own)
	}
	f.declareServices(o.Scope, o.Items)
	o.ReturnScope = attemptScope(o.Scope, reaching(o, f.in(o.Scope)))
	b := opBody{file: f, in: f.in(o.Scope), ret: f.in(o.ReturnScope), op: o, where: "op " + o.Name}
	var found diag.List
	b.in.diags, b.ret.diags = &found, &found
	defer withoutNeeds(&found, f.diags)
	if d.decl.Native {
		f.nativeOp(d, own)
		return
	}
	for _, it := range own {
		b.item(it)
	}
	b.cachedSecret(own)
	f.opConflicts(own, o.Items)
	f.opRuns(own, d.decl.Name, "op "+fmt.Sprintf("%q", o.Name), broken(d.decl.Items))
	b.returns(own, d.decl)
	f.unusedParams(d.decl, o.Params, usedIn(o.Items), true)
}

// withoutNeeds hands on what was found in an op or in the return of a pipeline, neither of which can need a step
// or a value: that is no way out there.
func withoutNeeds(found, to *diag.List) {
	found.Each(func(d *diag.Diagnostic) {
		switch d.Rule {
		case diag.MaybeSkipped:
			d.Help, _, _ = strings.Cut(d.Help, ", or add `needs ")
		case diag.MaybeMissing:
			d.Help, _, _ = strings.Cut(d.Help, ", or bind it with `needs ")
		}
	})
	to.Append(found)
}

// nativeOp checks an op that the standard library implements in Go.
func (f *file) nativeOp(d *opDecl, own []ast.Item) {
	if !f.load.Std && !f.load.Copy {
		f.report(finding{
			rule: diag.Misplaced, at: d.decl.Name.Range, message: fmt.Sprintf("op %q cannot be native: only the standard library's are", d.decl.Name.Text),
			help: "let it run or exec something",
		})
	}
	for _, it := range own {
		if keyword(it) == "idempotent" {
			continue
		}
		f.errorf(diag.Misplaced, headOf(it), "a native op has no %s: it is implemented by pipe itself", keyword(it))
	}
}

// attemptScope is what `return` reads: parameters, and what an attempt left behind, which has
// the label of what reached it.
func attemptScope(in *expr.Scope, label types.Label) *expr.Scope {
	names := unlabelledAttempt
	if label != 0 {
		names = leftBehind(label)
	}
	s := in.ChildWith(expr.Attempt, names)
	s.LabelContent(label)
	return s
}

var unlabelledAttempt = leftBehind(0)

func leftBehind(label types.Label) expr.Names {
	text := types.StringType.WithLabels(label)
	return expr.NamesOf(map[string]expr.Var{
		"exit_code": {Type: types.IntType}, "stdout": {Type: text}, "stderr": {Type: text}, "outputs": {Type: types.MapOf(text)},
	})
}

// opRuns wants exactly one way to run something.
func (f *file) opRuns(items []ast.Item, at ast.Name, what string, incomplete bool) {
	var run, exec bool
	var where source.Span
	for _, it := range items {
		switch keyword(it) {
		case "run":
			run = true
		case "exec":
			exec, where = true, headOf(it)
		}
	}
	switch {
	case run && exec:
		f.report(finding{
			rule: diag.Misplaced, at: where, message: "exec stands beside run, and an op has one of the two",
			help: "make the program a run, or leave the scripts out",
		})
	case !run && !exec && !incomplete:
		f.report(finding{
			rule: diag.MissingBody, at: at.Range, message: what + " runs nothing: expected run or exec",
			help: "add run `command`, or exec [\"program\", \"argument\"]",
		})
	}
}

// opConflicts refuses attributes that exclude each other, among the op's own first.
func (f *file) opConflicts(own, all []ast.Item) {
	place := slices.IndexFunc(own, func(it ast.Item) bool { return keyword(it) == "in place" })
	for _, it := range own {
		if word := keyword(it); place >= 0 && notInPlace[word] {
			f.report(finding{
				rule: diag.Misplaced, at: headOf(it), message: fmt.Sprintf("%s cannot stand beside in place, which runs in the real tree", word),
				help:    "remove one of the two",
				related: []diag.Related{{File: f.src, Span: headOf(own[place]), Message: "in place stands here"}},
			})
		}
		if place >= 0 && keyword(it) == "target" && !f.sharesFiles(it.(*ast.Attr).Value) {
			f.errorf(diag.Misplaced, headOf(it), "in place needs a target that shares this file system: host")
		}
	}
	has := func(word string) bool {
		return slices.ContainsFunc(all, func(it ast.Item) bool { return keyword(it) == word })
	}
	for _, it := range own {
		if keyword(it) == "cached" && !has("inputs") && place < 0 {
			f.report(finding{
				rule: diag.Misplaced, at: headOf(it), message: "cached needs inputs: without them nothing says what a result depends on",
				help: `add inputs ["src/**"], for instance`,
			})
		}
	}
}

// returns checks that an op with a result type returns, and one without does not.
func (b opBody) returns(own []ast.Item, d *ast.Op) {
	i := slices.IndexFunc(own, func(it ast.Item) bool { return keyword(it) == "return" })
	switch {
	case i < 0 && d.Result != nil && b.op.Result.Kind != types.Invalid && !broken(d.Items):
		b.file.report(finding{
			rule: diag.TypeMismatch, at: d.Result.Span(), message: fmt.Sprintf("op %q returns nothing, expected %s", d.Name.Text, b.op.Result),
			help: "add return, or remove the result type",
		})
	case i >= 0 && d.Result == nil:
		r := own[i].(*ast.Return)
		help := "write -> and a type behind the parameters"
		if t := b.ret.want(r.Value, nil, "return"); t.Kind != types.Invalid {
			help = fmt.Sprintf("write -> %s behind the parameters", t)
		}
		b.file.report(finding{
			rule: diag.Misplaced, at: headOf(r), message: fmt.Sprintf("op %q returns a value and declares no result type", d.Name.Text), help: help,
		})
	}
}

// cachedSecret refuses to keep a result that holds a secret: a cache outlives the run.
func (b opBody) cachedSecret(own []ast.Item) {
	for _, it := range own {
		if keyword(it) == "cached" && b.op.Result.DeepLabels()&types.Secret != 0 {
			b.file.report(finding{
				rule: diag.SecretLeak, at: headOf(it), message: "a result that holds a secret is never cached",
				help: "remove cached, or let another op make what can be kept",
			})
		}
	}
}
