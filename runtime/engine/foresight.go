package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// CacheView is what a cache says of one attempt that a step would make.
type CacheView struct {
	// Vars are the loop variables of an instance of a `for`; nil without one.
	Vars map[string]value.Value
	// Hit is the result that a run would take instead of running; nil for none.
	Hit *store.Result
	// Near is the earlier result of the same op whose key differs in the fewest parts, and Differs
	// says in which: in none where its time is up or its content is gone. Nil where the op has none.
	Near    *store.Result
	Differs []store.Difference
	// Open says why the key cannot be told before the run, or that there is none; "" otherwise.
	Open string
}

// standing is where a step stands in a forecast.
type standing struct {
	graph *graphRun
	info  *stepInfo
}

// LookUp asks the cache of o about a step that runs, by the key that a run with o would make:
// once, or for each instance that runs. It is empty for a step that asks for no caching. Of o
// it reads Run, Targets, Bus, Fingerprint, Cache and Environ; places are opened and closed.
func (f *Forecast) LookUp(ctx context.Context, path string, o Options) ([]CacheView, error) {
	at, ok := f.places[path]
	e, _ := f.Step(path)
	if !ok || at.info.op == nil || at.info.op.plan.Cached == nil || isSecret(at.info.op.result) {
		return nil, nil
	}
	r := f.run
	r.Run, r.Targets, r.Bus, r.Fingerprint, r.Cache, r.Environ = o.Run, o.Targets, o.Bus, o.Fingerprint, o.Cache, o.Environ
	r.opened.open = map[string]target.Session{}
	defer func() { _ = r.opened.close() }() // nothing ran there
	if len(at.info.plan.For) == 0 || strings.HasSuffix(path, "]") {
		view, err := f.lookUp(ctx, at, path, f.scopes[path])
		return []CacheView{view}, err
	}
	var out []CacheView
	for i, one := range e.Instances {
		if one.Fate != Runs {
			continue
		}
		name := instancePath(path, i)
		view, err := f.lookUp(ctx, at, name, f.scopes[name])
		if err != nil {
			return nil, err
		}
		view.Vars = one.Vars
		out = append(out, view)
	}
	return out, nil
}

func (f *Forecast) lookUp(ctx context.Context, at standing, path string, sc *scope) (CacheView, error) {
	in := &instance{run: f.run, info: at.info, graph: at.graph, path: path, scope: sc}
	w := &opWork{instance: in, op: at.info.op}
	parts, maxAge, err := w.foreseenKey(ctx)
	var late *expr.UnknownError
	switch {
	case ctx.Err() != nil:
		return CacheView{}, ctx.Err()
	case errors.As(err, &late):
		return CacheView{Open: "its key holds what only the run knows: " + strings.Join(late.Names, ", ")}, nil
	case err != nil:
		return CacheView{Open: "it has no key: " + err.Error()}, nil
	}
	hit, ok, err := f.run.Cache.FindResult(ctx, store.KeyOf(parts), maxAge)
	if ok || err != nil {
		return CacheView{Hit: &hit}, err
	}
	near, differs, ok, err := f.run.Cache.Nearest(ctx, w.op.id, path, parts)
	if !ok || err != nil {
		return CacheView{}, err
	}
	return CacheView{Near: &near, Differs: differs}, nil
}

// foreseenKey is the key that an attempt would have, and the age up to which a result is taken.
func (w *opWork) foreseenKey(ctx context.Context) ([]store.Part, time.Duration, error) {
	args, err := w.args(ctx)
	if err != nil {
		return nil, 0, err
	}
	w.scope = w.opScope(args)
	if err := w.prepare(ctx, args); err != nil {
		return nil, 0, err
	}
	maxAge, err := w.graph.duration(ctx, w.op.plan.Cached.For, w.scope, 0)
	if err != nil {
		return nil, 0, err
	}
	parts, err := w.key(ctx)
	return parts, maxAge, err
}
