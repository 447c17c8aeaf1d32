package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/runtime/event"
)

// pools hand out the slots of named pools. An attempt holds a slot within this run, and across
// runs one of the pool's lock files, of which there are as many as it has slots.
type pools struct {
	lockFiles
	sizes map[string]int
	mu    sync.Mutex
	local map[string]chan struct{} // by pool: what holds a slot in this run
}

func newPools(files lockFiles, sizes map[string]int) *pools {
	return &pools{lockFiles: files, sizes: sizes, local: map[string]chan struct{}{}}
}

// slots are the slots of a pool within this run.
func (p *pools) slots(name string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.local[name]
	if c == nil {
		c = make(chan struct{}, max(p.sizes[name], 1))
		p.local[name] = c
	}
	return c
}

// acquire waits for a slot for who, as holderIn has it. waits is called once, before waiting, with
// who holds them.
func (p *pools) acquire(ctx context.Context, name, who string, waits func(by string)) (*grant, error) {
	waits = once(waits)
	local := p.slots(name)
	select {
	case local <- struct{}{}:
	default:
		waits("this run")
		select {
		case local <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	f, err := p.acrossRuns(ctx, name, who, waits)
	if err != nil {
		<-local
		return nil, err
	}
	if f == nil {
		return &grant{release: func() { <-local }}, nil
	}
	return &grant{f, func() {
		f.release()
		<-local
	}}, nil
}

func once(f func(string)) func(string) {
	var o sync.Once
	return func(s string) { o.Do(func() { f(s) }) }
}

// acrossRuns takes one of the pool's lock files. Of those that wait in several runs one at a
// time waits for all of them, which the file of whose turn it is sees to.
func (p *pools) acrossRuns(ctx context.Context, name, who string, waits func(by string)) (*lockFile, error) {
	if p.dir == "" {
		return nil, nil
	}
	f, by, err := p.tryAll(ctx, name, who)
	if f != nil || err != nil {
		return f, err
	}
	waits(by)
	turn, err := p.wait(ctx, poolKey(name, "turn"), who, false, func() {})
	if err != nil {
		return nil, err
	}
	defer turn.release()
	return p.first(ctx, name, who)
}

// poolPrefix is in no key of a lock that a plan names.
const poolPrefix = "pool\x00"

func poolKey(name, part string) string { return poolPrefix + name + "\x00" + part }

func (p *pools) key(name string, slot int) string { return poolKey(name, fmt.Sprint(slot)) }

// tryAll takes a lock file that is free; else by says who holds them. One that cannot be had for a
// fault stands in nobody's way as long as there are others.
func (p *pools) tryAll(ctx context.Context, name, who string) (f *lockFile, by string, err error) {
	var holders []string
	var faults []error
	for i := range p.sizes[name] {
		f, by, err := p.try(ctx, p.key(name, i), who)
		switch {
		case f != nil:
			return f, "", nil
		case err != nil:
			faults = append(faults, err)
		case !slices.Contains(holders, by):
			holders = append(holders, by)
		}
	}
	if holders == nil {
		return nil, "", errors.Join(faults...)
	}
	return nil, strings.Join(holders, ", "), nil
}

// first waits for all of a pool's lock files and takes the first that is free; what comes
// after it is let go at once.
func (p *pools) first(ctx context.Context, name, who string) (*lockFile, error) {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	type got struct {
		file *lockFile
		err  error
	}
	n := p.sizes[name]
	all := make(chan got)
	for i := range n {
		go func() {
			f, err := p.wait(inner, p.key(name, i), who, false, func() {})
			select {
			case all <- got{f, err}:
			case <-inner.Done():
				if f != nil {
					f.release()
				}
			}
		}()
	}
	var faults []error
	for range n {
		select {
		case g := <-all:
			if g.err == nil {
				return g.file, nil
			}
			faults = append(faults, g.err)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return nil, errors.Join(faults...)
}

// enter takes the slot of a pool that an attempt needs. Whoever waits for it holds none of the Jobs.
func (in *instance) enter(ctx context.Context) (release func(), end ending, ok bool) {
	name := in.pool
	if name == "" {
		return func() {}, ending{}, true
	}
	if f := in.ownSlot(ctx); f != nil {
		return in.holdSlot(grantOf(f)), ending{}, true
	}
	slot, waited := in.slot, false
	waits := func(by string) {
		waited = true
		in.release()
		in.run.Bus.Publish(event.Event{Type: event.StepWaiting, Step: in.path, Cause: CausePool,
			Reason: fmt.Sprintf("waits for one of the %d slots of pool %q, held by %s", in.run.Plan.Pools[name], name, by)})
	}
	had, err := in.run.pools.acquire(ctx, name, holderIn(in.run.Run.ID, in.path), waits)
	if err == nil && slot && waited {
		if err = in.run.slots.acquire(ctx); err != nil {
			had.release()
		} else {
			in.slot = true
		}
	}
	switch {
	case err == nil:
		return in.holdSlot(had), ending{}, true
	case ctx.Err() != nil:
		return nil, cancelledBy(ctx), false
	}
	return nil, failed(CausePool, fmt.Sprintf("pool %q: %s", name, strings.ReplaceAll(err.Error(), "\n", "; "))), false
}

func (in *instance) holdSlot(had *grant) (release func()) {
	in.poolSlot = had
	return func() {
		in.poolSlot = nil
		had.release()
	}
}

// ownSlot is the slot that the instance's attempt has kept, where it goes on from before.
func (in *instance) ownSlot(ctx context.Context) *lockFile {
	if !in.run.goesOn(in.path) {
		return nil
	}
	for i := range in.run.Plan.Pools[in.pool] {
		if f := in.run.takeOver(ctx, in.path, in.run.pools.key(in.pool, i)); f != nil {
			return f
		}
	}
	return nil
}
