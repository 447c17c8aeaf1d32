package check

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// evaluations are what a check has evaluated of what stands in the text of a module. It is safe for concurrent use, and
// what it finds does not depend on the order of what is asked.
type evaluations struct {
	size int // of the module's text, in bytes, which says how many there may be
	mu   sync.Mutex
	lets map[ast.Expr]value.Value // by what they name; nil where it is not known
	last compiled
	// switched are findings that follow from what lets name, as messageAt has them.
	switched map[messageAt]bool
}

// compiled is an expression that many rounds of a loop may ask for, one after the other.
type compiled struct {
	x       ast.Expr
	want    *types.Type
	program *expr.Program // nil where it cannot be compiled
}

// fails reports what fails in an expression whenever it is evaluated, whatever the run brings: an index, a key, a
// division, a number in text, where all that it reads stands in the text. That it may not be evaluated at all, in a
// branch that is not taken, keeps it quiet.
func (e exprs) fails(x ast.Expr) {
	switch x := x.(type) {
	case *ast.Paren:
		e.fails(x.X)
	case *ast.Unary:
		e.fails(x.X)
	case *ast.Interpolation:
		for _, part := range x.Parts {
			e.fails(part)
		}
	case *ast.ListLit:
		for i := range x.Elems {
			e.fails(x.Elems[i].Value)
		}
	case *ast.MapLit:
		for i := range x.Entries {
			e.fails(x.Entries[i].Value)
		}
	case *ast.RecordLit:
		e.failingFields(x.Fields)
	case *ast.RecordBody:
		e.failingFields(x.Fields)
	case *ast.Conditional:
		e.fails(x.Cond)
	case *ast.Select:
		if e.tried(x) {
			return
		}
		e.fails(x.X)
	case *ast.Index:
		if e.tried(x) {
			return
		}
		e.fails(x.X)
		e.fails(x.Index)
	case *ast.Binary:
		e.failingOperator(x)
	case *ast.Call:
		e.failingCall(x)
	}
}

func (e exprs) failingFields(fields []ast.RecordField) {
	for i := range fields {
		e.fails(fields[i].Value)
	}
}

func (e exprs) failingOperator(x *ast.Binary) {
	switch x.Op {
	case "&&", "||": // either side may save the other
		return
	case "/", "%":
		if e.tried(x) {
			return
		}
	}
	e.fails(x.X)
	e.fails(x.Y)
}

// failingCall tries a call of what can fail. What it is given may be evaluated late or never.
func (e exprs) failingCall(x *ast.Call) {
	if !asksOutside[x.Name.Text] {
		e.tried(x)
		return
	}
	word := x.Name.Text
	switch {
	case len(x.Args) != 1 || x.Target != nil && word != "changed":
		return
	case word == "glob" || word == "files" || word == "changed":
		e.file.globs(x.Args[0], word)
	}
	if x.Target == nil && readsRepository[word] && !e.scope.Has(expr.Attempt) {
		e.file.inRepository(x.Args[0], word)
	}
}

// readsRepository are functions whose paths start from the folder of the file, where no attempt is looked at.
var readsRepository = map[string]bool{"glob": true, "text": true, "json": true, "yaml": true}

// asksOutside are functions whose answer does not stand in the text.
var asksOutside = map[string]bool{
	"glob": true, "text": true, "json": true, "yaml": true, "changed": true, "file": true, "dir": true, "files": true,
	"junit": true, "gotest": true, "succeeded": true, "failed": true, "skipped": true, "cache": true,
}

// tried evaluates an expression that reads nothing but what stands in the text, and reports how it fails; it is false
// for others.
func (e exprs) tried(x ast.Expr) bool {
	if !e.constant(x) {
		return false
	}
	e.eachRound(x, func(given round) bool {
		_, err := e.evaluated(x, nil, given)
		if err == nil {
			return true
		}
		if t := expr.Check(x, e.scope, expr.Options{File: e.file.src, Diags: new(diag.List), Narrow: e.narrow}); t.Kind != types.Invalid {
			if _, quoting := e.evaluated(x, t, given); quoting != nil {
				err = quoting
			}
		}
		e.decided([]ast.Expr{x}, finding{rule: diag.InvalidValue, at: err.Span, message: err.Message + inRound(given), help: e.keyMeant(x, given)})
		return false
	})
	return true
}

// keyMeant helps where a map lacks a key; "" elsewhere.
func (e exprs) keyMeant(x ast.Expr, given round) string {
	var of, key ast.Expr
	switch x := x.(type) {
	case *ast.Index:
		of, key = x.X, x.Index
	case *ast.Select:
		of, key = x.X, &ast.StringLit{Value: x.Name.Text}
	default:
		return ""
	}
	m, _ := e.evaluated(of, nil, given)
	k, _ := e.evaluated(key, nil, given)
	keys, isMap := m.(value.Map)
	name, isText := k.(value.String)
	if !isMap || !isText || len(keys) == 0 {
		return ""
	}
	if _, there := keys[string(name)]; there {
		return ""
	}
	names := slices.Sorted(maps.Keys(keys))
	return cmp.Or(diag.DidYouMean(string(name), names), "there are "+aFew(names))
}

// constant says that all names in an expression are of lets and of loops whose values stand in the text.
func (e exprs) constant(x ast.Expr) bool {
	return !expr.AnyRef(x, func(r expr.Ref) bool { return r.Order || !e.constantName(r.Name) })
}

func (e exprs) constantName(name string) bool {
	if e.loops != nil && e.loops.has(name) {
		return true
	}
	v, ok := e.scope.Lookup(name)
	return ok && !v.Broken && v.Value != nil && e.let(name, v) != nil
}

// Most and fewest operations that an evaluation may do here, as a large text may hold thousands: a run has the time for
// more.
const (
	maxOperations = 10_000
	minOperations = 256
)

// operations is how many an evaluation may do.
func (k *evaluations) operations() int {
	return min(maxOperations, max(minOperations, 20_000_000/max(k.size, 1)))
}

// evaluated is what an expression comes to; nil without an error where it is not known, or would take too long.
func (e exprs) evaluated(x ast.Expr, want *types.Type, given round) (value.Value, *expr.EvalError) {
	p := e.compiled(x, want)
	if p == nil {
		return nil, nil
	}
	limit := e.file.evaluations.operations()
	if given != nil {
		limit /= 4 // as there may be many
	}
	v, err := p.Eval(context.Background(), expr.Input{Limit: limit, Var: func(name string) (value.Value, bool) {
		if v, ok := given[name]; ok {
			return v, true
		}
		named, ok := e.scope.Lookup(name)
		if !ok || named.Broken || named.Value == nil {
			return nil, false
		}
		v := e.let(name, named)
		return v, v != nil
	}})
	var bad *expr.EvalError
	switch {
	case !errors.As(err, &bad):
		return v, nil
	case errors.Is(bad, expr.ErrTooLong):
		return nil, nil
	}
	return nil, bad
}

// compiled is an expression that can be evaluated; nil for one that cannot.
func (e exprs) compiled(x ast.Expr, want *types.Type) *expr.Program {
	known := &e.file.evaluations
	known.mu.Lock()
	last := known.last
	known.mu.Unlock()
	if last.x == x && last.want == want {
		return last.program
	}
	p, err := expr.Compile(x, expr.CompileOptions{Want: want, Records: e.file.recordsIn(x)})
	if err != nil {
		p = nil
	}
	known.mu.Lock()
	known.last = compiled{x, want, p}
	known.mu.Unlock()
	return p
}

// let is what a let names; nil where it is not known.
func (e exprs) let(name string, named expr.Var) value.Value {
	known := &e.file.evaluations
	if v, found := known.let(named.Value); found {
		return v
	}
	in := e.file.in(named.In)
	if d := e.file.lets[name]; d != nil && d.decl.Value == named.Value {
		in = d.file.in(named.In)
	}
	var v value.Value
	if in.constant(named.Value) {
		v, _ = in.evaluated(named.Value, nil, nil)
	}
	known.keep(named.Value, v)
	return v
}

func (k *evaluations) let(x ast.Expr) (v value.Value, found bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, found = k.lets[x]
	return v, found
}

func (k *evaluations) keep(x ast.Expr, v value.Value) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lets == nil {
		k.lets = map[ast.Expr]value.Value{}
	}
	k.lets[x] = v
}

// recordsIn are the types of records that an expression may build, by name as written.
func (f *file) recordsIn(x ast.Expr) map[string]*types.Type {
	var records map[string]*types.Type
	ast.Inspect(x, func(n ast.Node) bool {
		if lit, ok := n.(*ast.RecordLit); ok {
			if t := f.recordNamed(lit.Type); t != nil {
				if records == nil {
					records = map[string]*types.Type{}
				}
				records[lit.Type.String()] = t
			}
		}
		return true
	})
	return records
}

// recordNamed is the type of Name{…}; nil where there is none.
func (f *file) recordNamed(name ast.QualName) *types.Type {
	switch len(name.Parts) {
	case 1:
		if d := f.types[name.Parts[0].Text]; d != nil {
			return d.typ
		}
	case 2:
		ns := name.Parts[0].Text
		if imp := f.uses[ns]; imp != nil {
			if t := f.importedTypes(imp.Module)[name.Parts[1].Text]; t != nil {
				return qualified(t, ns)
			}
		}
	}
	return nil
}
