package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// Fate is what a forecast says of a step.
type Fate string

const (
	Runs      Fate = "runs"
	WillSkip  Fate = "skipped"
	WillFail  Fate = "fails" // a requirement or an expression fails before anything starts
	WillNot   Fate = "abandoned"
	Undecided Fate = "depends" // on what only the run knows
)

// Outlook is what a forecast starts from.
type Outlook struct {
	Plan *plan.Plan
	// Settings are all of them; an expr.Late stands for one that is not known.
	Settings value.Record
	// Context holds git, run and ci as far as they are known; parts may be expr.Late.
	Context map[string]value.Value
	// RepoIn answers for the repository; an *expr.UnknownError leaves an answer open.
	RepoIn func(folder string) expr.Host
	// AnyEnd says that a step which starts may end in any way. Without it steps that start
	// are taken to succeed, with results that nobody knows.
	AnyEnd bool
}

// Expected is what a forecast says of one step.
type Expected struct {
	Path   string
	Fate   Fate
	Cause  string // one of the Cause constants; "" when it runs or depends
	Reason string // as a run would give it
	// On names what an undecided step depends on: conditions as text, and steps.
	On []string
	// Hook is "on failure" or "finally" for a step there, or in a pipeline that is called there.
	Hook string
	// Asks says whether a person is asked: WillSkip, Runs or Undecided.
	Asks Fate
	// Instances are those of a `for`, when Counted says that its list is known.
	Instances []Instance
	Counted   bool
	// MayRefuse are the requirements that only the run can check, as text.
	MayRefuse []string
}

// Instance is one instance of a `for`.
type Instance struct {
	Vars map[string]value.Value
	Fate Fate
	On   []string
}

// Forecast says how a run would decide its steps, by the rules of a run and with nothing
// started. It is not safe for concurrent use.
type Forecast struct {
	run    *run
	anyEnd bool
	steps  map[string]*Expected
	scopes map[string]*scope
	places map[string]standing
	room   int // how many steps of single instances may still be looked at
}

// Foresee makes a forecast. The error is for a plan that no run would accept, or for ctx.
func Foresee(ctx context.Context, o Outlook) (*Forecast, error) {
	r := &run{Options: Options{Plan: o.Plan, Context: o.Context, RepoIn: o.RepoIn}, settings: o.Settings}
	records, err := o.Plan.Records()
	if err != nil {
		return nil, fmt.Errorf("the plan is broken: %w", err)
	}
	r.records, r.conditions = records, plan.NewConditions(o.Plan.Types, o.Plan.Modules)
	r.readModules()
	info, err := r.graphInfo(&o.Plan.Graph, nil)
	if err != nil {
		return nil, err
	}
	f := &Forecast{run: r, anyEnd: o.AnyEnd, steps: map[string]*Expected{}, scopes: map[string]*scope{}, places: map[string]standing{}, room: maxForeseen}
	root := &Expected{Fate: Runs}
	f.graph(ctx, info, "", f.params(ctx, o.Plan.Params, nil, r.module(o.Plan.Graph.Module, o.Plan.Graph.At)), nil, root)
	f.steps[""] = root
	return f, ctx.Err()
}

// Step is what is said of a step, by its path; "" is the pipeline itself. Behind a step with `for`
// stands the number of an instance, build[1]/test, or none for all of them together. A step of a
// pipeline that is never called is not known.
func (f *Forecast) Step(path string) (Expected, bool) {
	e, ok := f.steps[path]
	if !ok {
		return Expected{}, false
	}
	return *e, true
}

// Eval evaluates an expression as the step's own expressions see it; "" stands for the
// pipeline's. An *expr.UnknownError says that the run has to tell.
func (f *Forecast) Eval(ctx context.Context, path, text string) (value.Value, error) {
	sc, ok := f.scopes[path]
	if !ok {
		return nil, unknown(path)
	}
	return f.run.eval(ctx, &plan.Expr{CEL: text}, nil, sc)
}

// params are a pipeline's parameters: those given, and the defaults of the others. A nil value
// is one that is not known.
func (f *Forecast) params(ctx context.Context, params []plan.Param, given []local, m *module) []local {
	sc := &scope{run: f.run, module: m, locals: given}
	for i := range params {
		p := &params[i]
		if slices.ContainsFunc(sc.locals, func(l local) bool { return l.name == p.Name }) {
			continue
		}
		sc.locals = append(sc.locals, local{p.Name, f.fallback(ctx, p, sc)})
	}
	return sc.locals
}

func (f *Forecast) fallback(ctx context.Context, p *plan.Param, sc *scope) value.Value {
	t := f.run.typeOf(p.Type)
	if p.Value == nil {
		if t.Kind == types.Optional {
			return value.None{}
		}
		return nil
	}
	v, err := f.run.eval(ctx, p.Value, t, sc)
	if err != nil {
		return nil
	}
	return v
}

// graph forecasts every step of a graph. of is what calls it, whose fate its guards change.
func (f *Forecast) graph(ctx context.Context, info *graphInfo, path string, params []local, caller *instance, of *Expected) {
	g := f.run.newGraph(info, path, params, nil)
	g.caller = caller
	g.foreseen = make([]Fate, len(info.steps))
	g.anyEnd = f.anyEnd
	f.scopes[of.Path] = cmpScope(f.scopes[of.Path], g.scope)
	above := of.Fate
	f.head(ctx, g, of)
	refused := of.Fate == WillFail && above != WillFail
	for _, id := range f.order(info) {
		step := info.steps[id]
		if step.section != mainSection {
			g.doubt(step.section == failureSection && g.first == nil)
			g.ended = &status{outcome: Succeeded}
			if step.section == failureSection || refused || g.first != nil {
				g.ended.outcome = Failed
			}
		}
		e := &Expected{Path: path + step.plan.Name, Hook: of.Hook, Asks: WillSkip}
		f.steps[e.Path], f.places[e.Path] = e, standing{g, step}
		f.step(ctx, g, step, e)
		g.foresee(id, e)
		if !refused || step.section == mainSection { // its hooks run although the pipeline itself refused
			under(of, e)
		}
	}
}

// cmpScope keeps the scope that a step's own expressions have.
func cmpScope(have, inner *scope) *scope {
	if have != nil {
		return have
	}
	return inner
}

// head applies the guards and requirements of the pipeline itself.
func (f *Forecast) head(ctx context.Context, g *graphRun, of *Expected) {
	if of.Fate != Runs && of.Fate != Undecided {
		return
	}
	end, ended := g.headWhen(ctx)
	switch {
	case !ended:
	case end.cause == CauseUpstreamFailed:
		of.Fate = Undecided
		for i := range g.info.plan.When {
			of.On = append(of.On, f.open(ctx, &g.info.plan.When[i], g.scope)...)
		}
		return
	default:
		of.end(end)
		return
	}
	f.require(ctx, g, g.info.plan.Require, g.scope, of)
}

// end takes over how a run would end the step.
func (e *Expected) end(end ending) {
	e.Cause, e.Reason, e.On = end.cause, end.reason, nil
	switch end.outcome {
	case Skipped:
		e.Fate = WillSkip
	case Failed:
		e.Fate = WillFail
	default:
		e.Fate = WillNot
	}
}

// under makes a step's fate that of a pipeline which does not run itself.
func under(of, e *Expected) {
	switch of.Fate {
	case Runs:
	case Undecided:
		if e.Fate == Runs {
			e.Fate, e.On = Undecided, append([]string{}, of.On...)
		}
	default:
		e.Fate, e.Cause, e.Reason, e.On = of.Fate, of.Cause, of.Reason, nil
		if of.Fate == WillFail {
			e.Fate, e.Cause = WillNot, CauseUpstreamFailed
		}
	}
}

// order lists steps after those that they wait for, section by section.
func (f *Forecast) order(info *graphInfo) []int {
	var out []int
	seen := make([]bool, len(info.steps))
	var visit func(int)
	visit = func(id int) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, e := range info.steps[id].edges {
			visit(e.to)
		}
		out = append(out, id)
	}
	for id := range info.steps {
		visit(id)
	}
	return out
}

// step decides one step by the rules of decide.
func (f *Forecast) step(ctx context.Context, g *graphRun, info *stepInfo, e *Expected) {
	e.Fate = Runs
	switch info.section {
	case failureSection:
		e.Hook = "on failure"
	case finallySection:
		e.Hook = "finally"
	}
	f.scopes[e.Path] = g.stepScope(info, nil)
	bindings, missing, end, ended := g.ruleNeeds(ctx, info)
	if ended {
		e.end(end)
		return
	}
	f.scopes[e.Path] = g.stepScope(info, bindings)
	if open := g.openNeeds(info); open != nil {
		e.Fate, e.On = Undecided, open
	}
	if missing != "" {
		e.Fate, e.On = Undecided, append(e.On, "needs "+missing)
	}
	if end, ended := g.ruleWhen(ctx, info, bindings); ended {
		if end.cause != CauseUpstreamFailed {
			e.end(end)
			return
		}
		e.Fate = Undecided
		for i := range info.plan.When {
			if w := &info.plan.When[i]; !w.Instance {
				e.On = append(e.On, f.open(ctx, &w.Expr, f.scopes[e.Path])...)
			}
		}
	}
	if end, ended := g.ruleEdges(info); ended {
		e.end(end)
		return
	}
	if info.plan.Never {
		e.end(g.never(info))
		return
	}
	f.start(ctx, g, info, e)
}

// start says what is known of a step that nothing keeps from starting.
func (f *Forecast) start(ctx context.Context, g *graphRun, info *stepInfo, e *Expected) {
	sc := f.scopes[e.Path]
	if len(info.plan.For) > 0 {
		f.fan(ctx, g, info, e)
	} else {
		f.require(ctx, g, info.plan.Require, sc, e)
	}
	if a := info.plan.Approve; a != nil {
		e.Asks = f.truth(ctx, a.When, sc)
	}
	if info.graph != nil {
		f.call(ctx, g, info, f.scopes[e.Path], e)
		f.callEach(ctx, g, info, e)
	}
}

// truth is whether a condition holds; one that is absent does.
func (f *Forecast) truth(ctx context.Context, x *plan.Expr, sc *scope) Fate {
	if x == nil {
		return Runs
	}
	switch v, err := f.run.eval(ctx, x, types.BoolType, sc); {
	case err != nil:
		return Undecided
	case v == value.Bool(true):
		return Runs
	}
	return WillSkip
}

// args are the arguments of a called pipeline as far as they are known.
func (f *Forecast) args(ctx context.Context, info *stepInfo, sc *scope) []local {
	var out []local
	for i := range info.plan.Args {
		a := &info.plan.Args[i]
		v, err := f.run.eval(ctx, &a.Value, f.run.typeOf(a.Type), sc)
		if err != nil {
			v = nil
		} else if a.From != "" {
			v = eachText(v, func(s string) string { return plan.Anchor(a.From, s) })
		}
		out = append(out, local{a.Name, v})
	}
	return out
}

// fan counts the instances of a `for`, where its list is known.
func (f *Forecast) fan(ctx context.Context, g *graphRun, info *stepInfo, e *Expected) {
	items, _, err := g.elements(ctx, info, f.scopes[e.Path])
	switch {
	case isUnknown(err):
		return
	case err != nil:
		e.end(failed(CauseEvalError, "for: "+err.Error()))
		return
	}
	e.Counted = true
	for i, vars := range items {
		e.Instances = append(e.Instances, f.instance(ctx, g, info, e, i, vars))
	}
	refusedInstances(e, f)
	if len(items) == 1 {
		sc := f.scopes[e.Path]
		f.scopes[e.Path] = &scope{run: f.run, module: sc.module, outer: sc, locals: items[0]}
	}
}

func (f *Forecast) instance(ctx context.Context, g *graphRun, info *stepInfo, all *Expected, i int, vars []local) Instance {
	sc := f.scopes[all.Path]
	out := Instance{Vars: map[string]value.Value{}, Fate: Runs}
	for _, v := range vars {
		out.Vars[v.name] = v.value
	}
	in := &instance{run: f.run, info: info, graph: g, guarded: true, scope: &scope{run: f.run, module: sc.module, outer: sc, locals: vars}}
	e := &Expected{Path: instancePath(all.Path, i), Fate: Runs, Hook: all.Hook, Asks: WillSkip}
	f.steps[e.Path], f.scopes[e.Path], f.places[e.Path] = e, in.scope, standing{g, info}
	if end, ended := in.guards(ctx); ended {
		e.end(end)
		if end.cause == CauseUpstreamFailed {
			e.Fate, e.Cause, e.Reason = Undecided, "", ""
			for i := range info.plan.When {
				if w := &info.plan.When[i]; w.Instance {
					e.On = append(e.On, f.open(ctx, &w.Expr, in.scope)...)
				}
			}
		}
		out.Fate, out.On = e.Fate, e.On
		return out
	}
	f.require(ctx, g, info.plan.Require, in.scope, e)
	if a := info.plan.Approve; a != nil {
		e.Asks = f.truth(ctx, a.When, in.scope)
	}
	out.Fate = e.Fate
	return out
}

// require applies requirements as far as they are known.
func (f *Forecast) require(ctx context.Context, g *graphRun, list []plan.Require, sc *scope, e *Expected) {
	for i := range list {
		_, err := f.run.eval(ctx, &list[i].Cond, types.BoolType, sc)
		if err != nil && isUnknown(err) {
			e.MayRefuse = append(e.MayRefuse, textOf(&list[i].Cond))
			continue
		}
		if end, ok := g.require(ctx, list[i:i+1], sc); !ok {
			if e.Fate == Runs && len(e.MayRefuse) == 0 {
				e.end(end)
			} else {
				e.MayRefuse = append(e.MayRefuse, textOf(&list[i].Cond))
			}
			return
		}
	}
}

// open are the conjuncts of a condition that are not known, as text.
func (f *Forecast) open(ctx context.Context, x *plan.Expr, sc *scope) []string {
	if x.CEL == "" {
		return nil
	}
	var out []string
	for _, part := range expr.Conjuncts(x.CEL) {
		var late *expr.UnknownError
		if _, err := f.run.eval(ctx, &plan.Expr{CEL: part, At: x.At}, types.BoolType, sc); errors.As(err, &late) {
			out = append(out, part)
		}
	}
	return out
}

// doubt says of the steps that are expected to run whether one of them may have failed, nobody knows which: that is so
// where `on failure` runs and nothing was foreseen to fail.
func (g *graphRun) doubt(oneFailed bool) {
	for id, s := range g.info.steps {
		if n := &g.nodes[id]; s.section == mainSection && g.foreseen[id] == Runs && !g.anyEnd && n.ending.value == nil {
			n.ended = !oneFailed
		}
	}
}

// foresee notes a step's fate for those that read it.
func (g *graphRun) foresee(id int, e *Expected) {
	g.foreseen[id] = e.Fate
	n := &g.nodes[id]
	switch info := g.info.steps[id]; e.Fate {
	case Runs:
		n.ended, n.ending = !g.anyEnd, ending{outcome: Succeeded}
		if g.anyEnd {
			n.ending = ending{}
		}
		if e.Counted && len(e.Instances) == 0 {
			n.ended, n.ending = true, ending{outcome: Succeeded, value: value.List{}}
		}
	case WillSkip:
		n.ended, n.ending = true, skipped(e.Cause, e.Reason)
	case WillFail:
		n.ended, n.ending = true, failed(e.Cause, e.Reason)
		n.ending = g.allow(context.Background(), info, g.stepScope(info, nil), n.ending)
		if info.section == mainSection && n.ending.red() && g.first == nil {
			g.first = &redStep{e.Path, n.ending}
		}
	case WillNot:
		n.ended, n.ending = true, ending{outcome: Abandoned, cause: e.Cause, reason: e.Reason}
	}
}

// openNeeds names the needed steps of which nobody knows whether they run.
func (g *graphRun) openNeeds(info *stepInfo) []string {
	var out []string
	for _, name := range info.plan.Needs {
		if id, ok := g.info.index[name]; ok && g.foreseen[id] == Undecided {
			out = append(out, "whether "+name+" runs")
		}
	}
	return out
}

// foreseenValue is what a forecast knows of a step's value.
func (g *graphRun) foreseenValue(id int) (value.Value, error) {
	n := &g.nodes[id]
	switch {
	case n.ended && n.ending.value != nil:
		return n.ending.value, nil
	case n.ended && (n.ending.outcome == Skipped || n.ending.allowed):
		return value.None{}, nil
	}
	return nil, unknown(g.info.steps[id].plan.Name)
}

// foreseenRun is `run` in a hook of a forecast.
func (g *graphRun) foreseenRun(out value.Record) value.Record {
	for _, name := range []string{"status", "error", "failed"} {
		out[name] = expr.Late{Name: "run." + name}
	}
	if !g.anyEnd && g.ended != nil {
		out["status"] = value.String(g.ended.outcome)
	}
	return out
}
