package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// servicer is the place that runs services: the one given where it can, else the usual engine.
func (r *run) servicer(ctx context.Context, s target.Session) (target.Servicer, error) {
	if v, ok := s.(target.Servicer); ok {
		return v, nil
	}
	s, err := r.session(ctx, dockerTarget)
	if err != nil {
		return nil, fmt.Errorf("services run in containers: %w", err)
	}
	v, ok := s.(target.Servicer)
	if !ok {
		return nil, fmt.Errorf("target %q runs no services", dockerTarget)
	}
	return v, nil
}

// serving is what services are started for.
type serving struct {
	run    *run
	path   string // of the step that they are for, or that asked for them first
	scope  *scope // of their expressions
	closed bool   // nothing of their network leads outside
	own    bool   // they are a pipeline's, and each has a log of its own
	at     string // the path of that pipeline, with a slash; "" for the root
}

// start starts services in order; each may name those before it.
func (v *serving) start(ctx context.Context, in target.Servicer, list []plan.Service) (target.Services, error) {
	var all []target.ServiceOf
	for i := range list {
		p := &list[i]
		lines := v.log(p.Name)
		all = append(all, target.ServiceOf{Name: p.Name, Out: lines, Prepare: func(ctx context.Context, before target.Services) (target.Service, error) {
			sc := &scope{run: v.run, module: v.scope.module, outer: v.scope}
			for j := range i {
				rec, err := serviceValue(before, list[j].Name, true)
				if err != nil {
					return target.Service{}, err
				}
				sc.locals = append(sc.locals, local{list[j].Name, rec})
			}
			return v.run.service(ctx, p, sc)
		}})
	}
	got, err := in.Serve(ctx, v.path, all, v.closed)
	if err != nil {
		return nil, &serviceError{err}
	}
	return got, nil
}

// log is where a service's output goes: in the log of the op's step, or in one of its own.
func (v *serving) log(name string) target.Output {
	if v.own {
		return ownLog{v.run.Bus.ServiceLines(v.at + name), name}
	}
	return v.run.Bus.LinesBeside(v.path, 1)
}

// ownLog is the log of a service, which needs no section with its name.
type ownLog struct {
	*event.Lines
	name string
}

// Write implements target.Output.
func (l ownLog) Write(stream event.Stream, section string, p []byte) {
	if section == l.name {
		section = ""
	}
	l.Lines.Write(stream, section, p)
}

// serviceError says that a place did not bring a service up.
type serviceError struct{ error }

func (e *serviceError) Unwrap() error { return e.error }

func serviceValue(v target.Services, name string, inside bool) (value.Value, error) {
	host, ports, err := v.Address(name, inside)
	if err != nil {
		return nil, err
	}
	return expr.ServiceValue(host, ports), nil
}

// service evaluates what a service says.
func (r *run) service(ctx context.Context, p *plan.Service, sc *scope) (target.Service, error) {
	var out target.Service
	for i := range p.Attrs {
		a := &p.Attrs[i]
		want := types.JSONType
		if a.Type != "" {
			want = r.typeOf(a.Type)
		}
		v, err := r.eval(ctx, &a.Value, want, sc)
		if err != nil {
			return out, fmt.Errorf("%s: %w", a.Name, err)
		}
		setField(&out, a.Name, v)
		if a.Name == "image" {
			if out.Image, err = r.pinned(out.Image); err != nil {
				return out, err
			}
		}
	}
	for i := range p.Env {
		e := &p.Env[i]
		t := types.JSONType
		if e.Type != "" {
			t = r.typeOf(e.Type)
		}
		v, err := r.eval(ctx, &e.Value, t, sc)
		if err != nil {
			return out, fmt.Errorf("env %s: %w", e.Name, err)
		}
		r.reveal(v, t)
		if text, ok := value.Env(v); ok {
			out.Env = append(out.Env, target.EnvVar{Name: e.Name, Value: text})
		}
	}
	return out, nil
}

func setField(s *target.Service, name string, v value.Value) {
	text, _ := value.Env(v)
	n, _ := number(v)
	switch name {
	case "image":
		s.Image = text
	case "exec":
		s.Exec = textsOf(v)
	case "user":
		s.Container.User = text
	case "cpu":
		s.Container.CPU = n
	case "memory":
		s.Container.Memory = int64(n)
	case "pids":
		s.Container.PIDs = int64(n)
	case "capabilities":
		s.Container.Capabilities = textsOf(v)
	case "tmpfs":
		s.Tmpfs = textsOf(v)
	case "ports":
		list, _ := v.(value.List)
		for _, e := range list {
			port, _ := number(e)
			s.Ports = append(s.Ports, int(port))
		}
	case "ready":
		s.Ready.Script = text
	case "ready_tcp":
		s.Ready.TCP = int(n)
	case "ready_http":
		s.Ready.HTTP = text
	case "within":
		if d, ok := v.(value.Duration); ok {
			s.Ready.Within = time.Duration(d)
		}
	}
}

func textsOf(v value.Value) []string {
	list, _ := v.(value.List)
	out := make([]string, len(list))
	for i, e := range list {
		out[i], _ = value.Env(e)
	}
	return out
}

// serve starts the op's own services, which last until the op's last attempt has ended, and
// gives the attempts what of the pipeline's services the step mentions.
func (w *opWork) serve(ctx context.Context) error {
	list := w.op.plan.Services
	if len(list) == 0 || w.graph.foreseen != nil {
		return nil
	}
	in, err := w.run.servicer(ctx, w.session)
	if err != nil {
		return err
	}
	network, err := w.text(ctx, "network", w.op.plan.Network)
	if err != nil {
		return err
	}
	v := serving{run: w.run, path: w.path, scope: w.scope, closed: network == "none"}
	own, err := v.start(ctx, in, list)
	if err != nil {
		return err
	}
	w.services = own
	sc := &scope{run: w.run, module: w.scope.module, outer: w.scope}
	for i := range list {
		rec, err := serviceValue(own, list[i].Name, w.job.Image != "")
		if err != nil {
			return err
		}
		sc.locals = append(sc.locals, local{list[i].Name, rec})
	}
	w.scope = sc
	return nil
}

// unserve ends the op's own services.
func (w *opWork) unserve() {
	if w.services != nil {
		_ = w.services.Close() // what is left of it, the place tells at its own end
	}
}
