package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// graphServices are the services of a pipeline: they start when the first step mentions one of
// them, and last until no step is left that does.
type graphServices struct {
	mu      sync.Mutex
	running target.Services
	// failed is why they did not start: nothing that follows would find them well.
	failed error
}

// now are the services, nil where they do not run.
func (s *graphServices) now() target.Services {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

func (s *graphServices) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		_ = s.running.Close() // what is left of it, the place tells at its own end
		s.running = nil
	}
}

// besides are the services that the attempts reach: the op's own, and those of the pipelines
// around it that the step, or the call that it is part of, mentions.
func (w *opWork) besides() []target.Services {
	var out []target.Services
	if w.services != nil {
		out = append(out, w.services)
	}
	for in := w.instance; in != nil; in = in.graph.caller {
		if len(in.info.plan.Services) == 0 {
			continue
		}
		if v := in.graph.services.now(); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// readService gives a service of the pipeline as the reader sees it.
func (g *graphRun) readService(ctx context.Context, name string, sc *scope) (value.Value, error) {
	if g.foreseen != nil || sc.reader == nil {
		return nil, unknown(name)
	}
	running, err := g.startServices(ctx, g.path+sc.reader.plan.Name)
	if err != nil {
		return nil, err
	}
	return serviceValue(running, name, sc.reader.places().inside())
}

// startServices starts the services, once; path is of the step that asks for them first.
func (g *graphRun) startServices(ctx context.Context, path string) (target.Services, error) {
	s := &g.services
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil || s.failed != nil {
		return s.running, s.failed
	}
	in, err := g.servicer(ctx)
	if err != nil {
		return nil, err
	}
	v := serving{run: g.run, path: path, scope: g.scope, own: true, at: g.path}
	s.running, err = v.start(ctx, in, g.info.plan.Services)
	if err != nil && ctx.Err() == nil {
		s.failed = err
	}
	return s.running, err
}

// servicer is the place of the pipeline's services: its own target, or that of a call around it,
// where that runs services, else the usual engine.
func (g *graphRun) servicer(ctx context.Context) (target.Servicer, error) {
	for in := g; in != nil; {
		name, err := in.placeAround(ctx)
		if err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
		if name != "" {
			s, err := g.run.session(ctx, name)
			if err != nil {
				return nil, err
			}
			return g.run.servicer(ctx, s)
		}
		if in.caller == nil {
			break
		}
		in = in.caller.graph
	}
	return g.run.servicer(ctx, nil)
}

// endServices ends the services when no step is left that may mention them.
func (g *graphRun) endServices() {
	if len(g.info.serviced) > 0 && !g.mentionsLeft() {
		g.services.close()
	}
}

// mentionsLeft reports whether a step that mentions a service is still to end.
func (g *graphRun) mentionsLeft() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.info.serviced, func(id int) bool {
		switch sec := g.info.steps[id].section; {
		case g.nodes[id].ended:
			return false
		case sec == mainSection:
			return g.ended == nil
		case sec == failureSection:
			return g.ended == nil || g.ended.outcome == Failed
		}
		return true
	})
}

// hasService reports whether a name is that of a service of the pipeline.
func (g *graphInfo) hasService(name string) bool {
	return slices.ContainsFunc(g.plan.Services, func(s plan.Service) bool { return s.Name == name })
}

// places says where programs of a step run, by what the plan says: in containers, on a machine.
type places struct{ containers, machine bool }

// inside says that services are reached by the addresses that containers see.
func (p places) inside() bool { return p.containers && !p.machine }

// places are those of a step's op, or of all that a called pipeline runs.
func (s *stepInfo) places() (out places) {
	switch {
	case s.plan.Idle() || s.op != nil && s.op.plan.Native:
	case s.graph == nil:
		out.containers = s.op.plan.Image != nil
		out.machine = !out.containers
	default:
		for _, inner := range s.graph.steps {
			p := inner.places()
			out.containers, out.machine = out.containers || p.containers, out.machine || p.machine
		}
	}
	return out
}

// twoAddresses refuses a call that hands a service's address to programs of both places.
func (s *stepInfo) twoAddresses(who string) error {
	if p := s.places(); len(s.plan.Services) == 0 || !p.containers || !p.machine {
		return nil
	}
	return fmt.Errorf("%s mentions the service %s, and pipeline %s runs steps in containers and on this machine, where it has two addresses: call pipelines of one kind, or mention it in the steps themselves",
		who, strings.Join(s.plan.Services, ", "), s.graph.plan.Name)
}
