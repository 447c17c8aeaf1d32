package engine

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// prepare evaluates the op's attributes into a job, and finds the place that runs it.
func (w *opWork) prepare(ctx context.Context, args []local) error {
	op := &w.op.plan
	w.job = target.Job{Step: w.path, Inherit: op.Inherit, Folder: op.Folder, InPlace: op.InPlace}
	for _, set := range []func(context.Context) error{w.setPlace, w.serve, w.setLimits, w.setContainer, w.setScripts, w.setTree, w.setEnv, w.setMounts} {
		if err := set(ctx); err != nil {
			return err
		}
	}
	w.setParams(args)
	return nil
}

// text evaluates an attribute; absent is "".
func (w *opWork) text(ctx context.Context, name string, x *plan.Expr) (string, error) {
	if x == nil {
		return "", nil
	}
	v, err := w.run.eval(ctx, x, types.StringType, w.scope)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	s, _ := value.Env(v)
	return s, nil
}

// texts evaluates a list of texts; absent is nil, and an empty list is not.
func (w *opWork) texts(ctx context.Context, name string, x *plan.Expr) ([]string, error) {
	if x == nil {
		return nil, nil
	}
	v, err := w.run.eval(ctx, x, listOfTexts, w.scope)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	list, _ := v.(value.List)
	out := make([]string, len(list))
	for i, e := range list {
		out[i], _ = value.Env(e)
	}
	return out, nil
}

func (w *opWork) setPlace(ctx context.Context) error {
	var err error
	if w.job.Image, err = w.image(ctx); err != nil {
		return err
	}
	name, err := w.place(ctx)
	if err != nil {
		return err
	}
	w.placeName = name
	w.session, err = w.run.session(ctx, name)
	return err
}

// place names the target: one that is named, or the usual one.
func (w *opWork) place(ctx context.Context) (string, error) {
	name, err := w.namedPlace(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("target: %w", err)
	case name != "":
		return name, nil
	case w.job.Image != "":
		return dockerTarget, nil
	}
	return hostTarget, nil
}

// namedPlace is the target that the step names, or its op, or a graph around it; "" for none.
func (w *opWork) namedPlace(ctx context.Context) (string, error) {
	name, err := w.run.placeOf(ctx, w.info.plan.Target, w.instance.scope)
	if name == "" && err == nil {
		name, err = w.run.placeOf(ctx, w.op.plan.Target, w.scope)
	}
	for in := w.instance; name == "" && err == nil && in != nil; in = in.graph.caller {
		name, err = in.graph.placeAround(ctx)
	}
	return name, err
}

// placeAround is the target that a graph names, or the step that calls it.
func (g *graphRun) placeAround(ctx context.Context) (string, error) {
	name, err := g.run.placeOf(ctx, g.info.plan.Target, g.scope)
	if up := g.caller; name == "" && err == nil && up != nil {
		name, err = g.run.placeOf(ctx, up.info.plan.Target, up.scope)
	}
	return name, err
}

func (r *run) placeOf(ctx context.Context, x *plan.Expr, sc *scope) (string, error) {
	if x == nil {
		return "", nil
	}
	v, err := r.eval(ctx, x, types.StringType, sc)
	if err != nil {
		return "", err
	}
	s, _ := value.Env(v)
	return s, nil
}

func (w *opWork) setLimits(ctx context.Context) error {
	var err error
	w.limit, err = w.graph.duration(ctx, w.info.plan.Timeout, w.instance.scope, 0)
	if w.info.plan.Timeout == nil {
		w.limit, err = w.graph.duration(ctx, w.op.plan.Timeout, w.scope, 0)
	}
	if err != nil {
		return fmt.Errorf("timeout: %w", err)
	}
	if w.job.Grace, err = w.graph.duration(ctx, w.op.plan.Grace, w.scope, DefaultGrace); err != nil {
		return fmt.Errorf("grace: %w", err)
	}
	w.codes = []int{0}
	if x := w.op.plan.SuccessCodes; x != nil {
		v, err := w.run.eval(ctx, x, listOfInts, w.scope)
		if err != nil {
			return fmt.Errorf("success_codes: %w", err)
		}
		w.codes = nil
		list, _ := v.(value.List)
		for _, e := range list {
			n, _ := e.(value.Int)
			w.codes = append(w.codes, int(n))
		}
		w.job.SuccessCodes = w.codes
	}
	return nil
}

// setScripts leaves out the scripts whose guard is false.
func (w *opWork) setScripts(ctx context.Context) error {
	for i := range w.op.plan.Runs {
		r := &w.op.plan.Runs[i]
		if r.When != nil {
			v, err := w.run.eval(ctx, r.When, types.BoolType, w.scope)
			if err != nil {
				return fmt.Errorf("run %s when: %w", scriptName(r, i), err)
			}
			if v != value.Bool(true) {
				continue
			}
		}
		w.job.Scripts = append(w.job.Scripts, target.Script{Title: r.Title, Interpreter: r.Interpreter, Text: r.Script, OnFailure: r.OnFailure})
	}
	var err error
	if w.job.Exec, err = w.texts(ctx, "exec", w.op.plan.Exec); err != nil || w.op.plan.Exec == nil || w.op.plan.Exec.CEL == "" {
		return err
	}
	return w.run.bare(w.job.Exec)
}

// bare refuses a secret on a command line, which every process of the machine can read. The
// types refuse it already, where they know of it.
func (r *run) bare(argv []string) error {
	for i, arg := range argv {
		if r.finds(arg) {
			return fmt.Errorf("exec: argument %d holds a secret: pass it by env or mount", i)
		}
	}
	return nil
}

func scriptName(r *plan.Run, i int) string {
	if r.Title != "" {
		return strconv.Quote(r.Title)
	}
	return strconv.Itoa(i + 1)
}

func (w *opWork) setEnv(ctx context.Context) error {
	for i := range w.op.plan.Env {
		e := &w.op.plan.Env[i]
		t := types.JSONType
		if e.Type != "" {
			t = w.run.typeOf(e.Type)
		}
		v, err := w.run.eval(ctx, &e.Value, t, w.scope)
		if err != nil {
			return fmt.Errorf("env %s: %w", e.Name, err)
		}
		w.run.reveal(v, t)
		if text, ok := value.Env(w.asSeen(v, t)); ok {
			w.job.Env = append(w.job.Env, target.EnvVar{Name: e.Name, Value: text})
		}
	}
	return nil
}

// setTree says what the workspace holds and where scripts run in it: the folder of the file
// that declares the op, unless workdir says otherwise.
func (w *opWork) setTree(ctx context.Context) error {
	inputs, err := w.texts(ctx, "inputs", w.op.plan.Inputs)
	if err != nil {
		return err
	}
	w.job.AllTree = w.op.plan.Inputs == nil
	for i := range inputs {
		inputs[i] = plan.Resolve(w.op.plan.Folder, inputs[i])
	}
	w.job.Inputs = inputs
	dir, err := w.text(ctx, "workdir", w.op.plan.Workdir)
	if err != nil {
		return err
	}
	if w.job.Workdir = plan.Resolve(w.op.plan.Folder, dir); w.job.Workdir == "." {
		w.job.Workdir = ""
	}
	w.job.Keep, err = w.texts(ctx, "keep", w.op.plan.Keep)
	return err
}

func (w *opWork) setMounts(ctx context.Context) error {
	for i := range w.op.plan.Mounts {
		m := &w.op.plan.Mounts[i]
		at, err := w.text(ctx, "mount", &m.Path)
		if err != nil {
			return err
		}
		mount := target.Mount{Path: plan.Resolve(w.op.plan.Folder, at), Cache: m.Cache}
		if m.Value != nil {
			t := w.run.typeOf(m.Type)
			v, err := w.run.eval(ctx, m.Value, t, w.scope)
			if err != nil {
				return fmt.Errorf("mount %s: %w", at, err)
			}
			w.run.reveal(v, t)
			if v == (value.None{}) {
				continue
			}
			mount.Secret = t.DeepLabels()&types.Secret != 0
			putInto(&mount, v)
		}
		w.job.Mounts = append(w.job.Mounts, mount)
	}
	return nil
}

// putInto adds content to a mount: files and folders, in lists too, or a text.
func putInto(m *target.Mount, v value.Value) {
	switch v := v.(type) {
	case value.None:
	case value.File, value.Dir:
		m.Files = append(m.Files, v)
	case value.List:
		m.List = true
		for _, e := range v {
			putInto(m, e)
		}
	default:
		text, _ := value.Env(v)
		m.Text = &text
	}
}

// setParams hands over the parameters that have a value.
func (w *opWork) setParams(args []local) {
	for _, a := range args {
		if a.value == (value.None{}) {
			continue
		}
		t := w.paramType(a.name)
		secret := t.DeepLabels()&types.Secret != 0
		w.job.Params = append(w.job.Params, target.Param{Name: a.name, Value: w.asSeen(a.value, t), Secret: secret})
	}
}

// asSeen writes paths as a process finds them from the folder where it runs: "/" starts the
// repository for pipe, and the machine for a process.
func (w *opWork) asSeen(v value.Value, t *types.Type) value.Value {
	t = t.Plain()
	switch v := v.(type) {
	case value.String:
		if t.Kind == types.Path {
			return value.String(plan.Relative(w.job.Workdir, w.op.plan.Folder, string(v)))
		}
	case value.List:
		if t.Kind != types.List {
			break
		}
		out := make(value.List, len(v))
		for i, e := range v {
			out[i] = w.asSeen(e, t.Elem)
		}
		return out
	}
	return v
}

func (w *opWork) paramType(name string) *types.Type {
	for i := range w.op.plan.Params {
		if p := &w.op.plan.Params[i]; p.Name == name {
			return w.run.typeOf(p.Type)
		}
	}
	return types.JSONType
}
