package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

const (
	hostTarget   = "host"
	dockerTarget = "docker"
)

// readSettings makes the record behind `settings`.
func (r *run) readSettings() error {
	r.settings = value.Record{}
	for i := range r.Plan.Settings {
		s := &r.Plan.Settings[i]
		v, err := r.setting(s)
		if err != nil {
			return fmt.Errorf("setting %s: %w", s.Name, err)
		}
		if v != nil && v != (value.None{}) {
			r.settings[s.Name] = v
		}
	}
	return nil
}

func (r *run) setting(s *plan.Setting) (value.Value, error) {
	if s.Value != nil {
		return value.Unmarshal(r.typeOf(s.Type), s.Value)
	}
	if !s.Secret || r.Setting == nil {
		return nil, nil
	}
	v, ok := r.Setting(s.Name)
	if !ok {
		return nil, nil
	}
	r.reveal(v, r.typeOf(s.Type).WithLabels(types.Secret))
	return v, nil
}

// precheck refuses what could only fail halfway: steps that this pipe has no place for, or
// asks of a place what it cannot do. It reports every such step.
func (r *run) precheck(g *graphInfo) error {
	return errors.Join(r.precheckGraph(g, "")...)
}

func (r *run) precheckGraph(g *graphInfo, place string) []error {
	var errs []error
	place = constantPlace(g.plan.Target, place)
	if len(g.serviced) > 0 && r.Targets[servicePlace(place)] == nil && place != late {
		errs = append(errs, fmt.Errorf("pipeline %s (%s) wants the service %s, and this pipe has no target that runs services", g.plan.Name, g.plan.At, g.plan.Services[0].Name))
	}
	for _, s := range g.steps {
		switch {
		case s.plan.Idle():
		case s.graph != nil:
			if err := s.twoAddresses(fmt.Sprintf("step %s (%s)", s.plan.Path, s.plan.At)); err != nil {
				errs = append(errs, err)
			}
			errs = append(errs, r.precheckGraph(s.graph, constantPlace(s.plan.Target, place))...)
		default:
			if err := r.precheckStep(s, place); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs
}

func (r *run) precheckStep(s *stepInfo, place string) error {
	op := &s.op.plan
	who := fmt.Sprintf("step %s (%s)", s.plan.Path, s.plan.At)
	if op.Native && r.Natives[s.op.id] == nil {
		return fmt.Errorf("%s calls %s, which is built into pipe but not into this version of it: use a pipe that has it, or an op that runs a script", who, op.Name)
	}
	place = constantPlace(s.plan.Target, constantPlace(op.Target, place))
	if place == late || place == "" && op.Native {
		return nil
	}
	if place == "" && op.Image != nil {
		if r.Targets[dockerTarget] == nil {
			return fmt.Errorf("%s wants the image of op %s, and this pipe has no target that runs images: leave image out to run it on this machine", who, op.Name)
		}
		return nil
	}
	if place == "" {
		place = hostTarget
	}
	if r.Targets[place] == nil {
		return fmt.Errorf("%s: %w", who, r.noTarget(place))
	}
	return nil
}

// servicePlace is the target that runs a pipeline's services, as far as its name tells.
func servicePlace(place string) string {
	if place == "" || place == hostTarget {
		return dockerTarget
	}
	return place
}

// late stands for a target that only the run knows.
const late = "\x00late"

// constantPlace is the target that an expression names, or otherwise.
func constantPlace(x *plan.Expr, otherwise string) string {
	if x == nil {
		return otherwise
	}
	if x.CEL != "" {
		return late
	}
	v, err := constant(x, types.StringType)
	if err != nil {
		return late
	}
	s, _ := value.Env(v)
	return s
}

// noTargetError says that a target does not exist.
type noTargetError struct {
	name  string
	known []string
}

func (e *noTargetError) Error() string {
	if len(e.known) == 0 {
		return fmt.Sprintf("there is no target %q, and no other either", e.name)
	}
	return fmt.Sprintf("there is no target %q here: this version of pipe runs on %s", e.name, strings.Join(e.known, ", "))
}

func (r *run) noTarget(name string) error {
	return &noTargetError{name, slices.Sorted(maps.Keys(r.Targets))}
}

// sessions are the places that have been opened for this run.
type sessions struct {
	mu   sync.Mutex
	open map[string]target.Session
}

// open opens the usual place before anything starts, so that what is wrong with it keeps the
// run from starting.
func (r *run) open(ctx context.Context, root *graphInfo) error {
	r.opened.open = map[string]target.Session{}
	for _, name := range r.places(root, "", nil) {
		if _, err := r.session(ctx, name); err != nil {
			if r.Past == nil { // to close the others would end what goes on
				_ = r.opened.close() // the run does not start, and this is not why
			}
			return fmt.Errorf("target %s cannot be opened: %w", name, err)
		}
	}
	return nil
}

// warm lets the place of the first step that is all but sure to start get ready, while the start of the
// run is written down.
func (r *run) warm(root *graphInfo) {
	if r.Past != nil || len(root.plan.When) > 0 {
		return
	}
	for _, s := range root.steps[:root.bounds[mainSection][1]] {
		if s.op == nil || s.op.plan.Native || s.op.plan.Cached != nil || len(s.edges) > 0 || len(s.plan.When) > 0 || s.plan.Never {
			continue
		}
		only := &graphInfo{plan: root.plan, steps: []*stepInfo{s}}
		for _, name := range r.places(only, "", nil) {
			if w, ok := r.opened.open[name].(target.Warmer); ok {
				w.Warm()
				return
			}
		}
	}
}

// places are the targets that are known before anything runs.
func (r *run) places(g *graphInfo, place string, out []string) []string {
	place = constantPlace(g.plan.Target, place)
	if len(g.serviced) > 0 && place != late {
		out = withPlace(out, servicePlace(place))
	}
	for _, s := range g.steps {
		at := constantPlace(s.plan.Target, place)
		switch {
		case s.plan.Idle(), s.op != nil && s.op.plan.Native:
			continue
		case s.graph != nil:
			out = r.places(s.graph, at, out)
			continue
		case s.plan.Target == nil:
			at = constantPlace(s.op.plan.Target, place)
		}
		if at == "" {
			at = hostTarget
			if s.op.plan.Image != nil {
				at = dockerTarget
			}
		}
		if at != late {
			out = withPlace(out, at)
		}
		if len(s.op.plan.Services) > 0 && s.op.plan.Image == nil {
			out = withPlace(out, dockerTarget)
		}
	}
	return out
}

func withPlace(places []string, name string) []string {
	if slices.Contains(places, name) {
		return places
	}
	return append(places, name)
}

// session gives the open place of a name.
func (r *run) session(ctx context.Context, name string) (target.Session, error) {
	t := r.Targets[name]
	if t == nil {
		return nil, r.noTarget(name)
	}
	r.opened.mu.Lock()
	defer r.opened.mu.Unlock()
	if s := r.opened.open[name]; s != nil {
		return s, nil
	}
	s, err := t.Open(context.WithoutCancel(ctx), r.Run)
	if err != nil {
		return nil, err
	}
	r.opened.open[name] = s
	return s, r.notice(ctx, s)
}

// close frees every place. The error is for what a place could not remove.
func (s *sessions) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, session := range s.open {
		err = errors.Join(err, session.Close())
	}
	s.open = nil
	return err
}
