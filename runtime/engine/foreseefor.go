package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxForeseen bounds the steps of single instances that a forecast looks into: instances of
// pipelines within instances of pipelines multiply.
const maxForeseen = 20_000

// instancePath is the path of an instance of a step with `for`.
func instancePath(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// refusedInstances fails a step of which an instance fails for certain, as a run would.
func refusedInstances(e *Expected, f *Forecast) {
	n, first := 0, -1
	for i := range e.Instances {
		if e.Instances[i].Fate == WillFail {
			if n++; first < 0 {
				first = i
			}
		}
	}
	if n > 0 && e.Fate == Runs {
		one := f.steps[instancePath(e.Path, first)]
		e.On = nil
		e.Fate, e.Cause = WillFail, CauseStepFailed
		e.Reason = fmt.Sprintf("%d of %d instances failed, first [%d]: %s", n, len(e.Instances), first, one.Reason)
	}
}

// call forecasts a called pipeline with the arguments that a scope gives it.
func (f *Forecast) call(ctx context.Context, g *graphRun, info *stepInfo, sc *scope, of *Expected) {
	caller := &instance{run: f.run, info: info, graph: g, path: of.Path, scope: sc}
	params := f.params(ctx, info.graph.plan.Params, f.args(ctx, info, sc), info.graph.module)
	f.graph(ctx, info.graph, of.Path+"/", params, caller, of)
}

// callEach forecasts a called pipeline once for each instance of a `for`, and makes what is said
// of its steps without a number of that. Where there are too many, they stay as one instance
// would see them that knows nothing of its variables.
func (f *Forecast) callEach(ctx context.Context, g *graphRun, info *stepInfo, e *Expected) {
	if !e.Counted {
		return
	}
	above := e.Fate
	for i := range e.Instances {
		if f.room -= len(info.graph.steps); f.room < 0 {
			return
		}
		one := f.steps[instancePath(e.Path, i)]
		f.call(ctx, g, info, f.scopes[one.Path], one)
		e.Instances[i].Fate, e.Instances[i].On = one.Fate, one.On
	}
	if above == Undecided && !slices.ContainsFunc(e.Instances, func(i Instance) bool { return i.Fate == Undecided }) {
		e.Fate, e.On = Runs, nil
	}
	refusedInstances(e, f)
	for path, inner := range f.steps {
		if rest, below := strings.CutPrefix(path, e.Path+"/"); below && !strings.Contains(rest, "[") {
			inner.gather(f.instancesOf(e, rest))
		}
	}
}

// instancesOf is what is said of a step of a called pipeline in each instance of a `for`.
func (f *Forecast) instancesOf(e *Expected, rest string) []*Expected {
	var out []*Expected
	for i := range e.Instances {
		at := instancePath(e.Path, i)
		one := f.steps[at]
		if inner, ok := f.steps[at+"/"+rest]; ok {
			one = inner
		}
		out = append(out, one)
	}
	return out
}

// gather makes of what is said of each instance what is said of all together: a step runs when
// any of them does.
func (e *Expected) gather(all []*Expected) {
	e.Instances, e.Counted, e.On, e.MayRefuse = nil, true, nil, nil
	if len(all) == 0 {
		e.Fate, e.Cause, e.Reason = WillSkip, CauseNeedsSkipped, "what calls it has no instances"
	}
	have := map[Fate]*Expected{}
	same := true
	for _, one := range all {
		if have[one.Fate] == nil {
			have[one.Fate] = one
		}
		same = same && one.Fate == all[0].Fate && one.Reason == all[0].Reason
		e.On, e.MayRefuse = append(e.On, one.On...), append(e.MayRefuse, one.MayRefuse...)
		if one.Counted {
			e.Instances = append(e.Instances, one.Instances...)
		} else {
			e.Instances = append(e.Instances, Instance{Fate: one.Fate, On: one.On})
		}
		if one.Asks != all[0].Asks {
			e.Asks = Undecided
		}
	}
	for _, fate := range []Fate{Runs, Undecided, WillFail, WillSkip, WillNot} {
		if one := have[fate]; one != nil {
			e.Fate, e.Cause, e.Reason = fate, one.Cause, one.Reason
			break
		}
	}
	if !same && e.Reason != "" {
		e.Reason += ", and other instances for other reasons"
	}
	if e.Fate != Undecided {
		e.On = nil
	}
}
