package engine

import (
	"context"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

// lets are named values, each evaluated when it is first read. What is not known yet, and what
// cannot be evaluated, is asked for again by the next who reads it.
type lets struct {
	mu   sync.Mutex
	made map[*plan.Let]value.Value
}

func newLets() *lets { return &lets{made: map[*plan.Let]value.Value{}} }

func (l *lets) eval(ctx context.Context, let *plan.Let, sc *scope) (value.Value, error) {
	l.mu.Lock()
	v, ok := l.made[let]
	l.mu.Unlock()
	if ok {
		return v, nil
	}
	t := sc.run.typeOf(let.Type)
	v, err := sc.run.eval(ctx, &let.Value, t, sc)
	if err == nil {
		err = sc.run.hold(ctx, v, t)
	}
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made[let] = v
	return v, nil
}

// readLet gives a value that the graph names. What it reads of steps is what main or the
// hooks may see of them, whoever asks.
func (g *graphRun) readLet(ctx context.Context, let *plan.Let, sc *scope, hook bool) (value.Value, error) {
	if len(let.Services) > 0 && sc.reader != nil { // another value for each place
		return g.run.eval(ctx, &let.Value, g.run.typeOf(let.Type), &scope{run: g.run, module: sc.module, graph: g, reader: sc.reader})
	}
	if !hook {
		return g.lets[0].eval(ctx, let, g.scope)
	}
	return g.lets[1].eval(ctx, let, &scope{run: g.run, module: sc.module, graph: g, reader: sc.reader})
}
