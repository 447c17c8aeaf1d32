package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/report"
	"github.com/pipelang/pipe/runtime/target"
)

// facts are what an attempt left, as expressions name it. Those of a called pipeline are
// the exit code of the step that failed, and nothing more.
type facts struct {
	exit           *int
	full           bool
	stdout, stderr func() string
	outputs        map[string]string
	err            error // why outputs cannot be read
}

// settle keeps what the attempt holds, for when it is closed.
func (f *facts) settle() {
	out, errs := f.stdout(), f.stderr()
	f.stdout, f.stderr = func() string { return out }, func() string { return errs }
}

// read gives a fact by its name, and whether there is one of that name.
func (f *facts) read(name string) (value.Value, bool, error) {
	switch {
	case name == "exit_code" && f.exit != nil:
		return value.Int(*f.exit), true, nil
	case !f.full:
		return nil, false, nil
	case name == "stdout":
		return value.String(f.stdout()), true, nil
	case name == "stderr":
		return value.String(f.stderr()), true, nil
	case name == "outputs":
		if f.err != nil {
			return nil, true, f.err
		}
		out := value.Map{}
		for k, v := range f.outputs {
			out[k] = value.String(v)
		}
		return out, true, nil
	}
	return nil, false, nil
}

// attemptHost answers the functions that read an attempt's workspace, and leaves the others to the repository.
type attemptHost struct {
	att  target.Attempt
	to   target.Intake // takes in the files and folders that are read
	repo expr.Host
}

// Call implements expr.Host.
func (h *attemptHost) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	name := ""
	if len(args) > 0 {
		s, _ := args[0].(value.String)
		name = string(s)
	}
	switch function {
	case "file":
		return orPlain(h.att.File(ctx, name, h.to))
	case "dir":
		return orPlain(h.att.Dir(ctx, name, h.to))
	case "files":
		return h.files(ctx, name)
	case "text", "json", "yaml", "junit", "gotest":
		return h.read(function, name)
	}
	if h.repo == nil {
		return nil, fmt.Errorf("%s is not known here", function)
	}
	return h.repo.Call(ctx, function, args)
}

// orPlain makes one value of two, with an error that names no path twice.
func orPlain[T value.Value](v T, err error) (value.Value, error) {
	if err != nil {
		return nil, fileError(err)
	}
	return v, nil
}

// fileError is a file's error without the operation, which people did not ask for.
func fileError(err error) error {
	var e *fs.PathError
	if !errors.As(err, &e) {
		return err
	}
	if errors.Is(e.Err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist", e.Path)
	}
	return fmt.Errorf("%s: %w", e.Path, e.Err)
}

func (h *attemptHost) files(ctx context.Context, glob string) (value.Value, error) {
	list, err := h.att.Files(ctx, glob, h.to)
	if err != nil {
		return nil, fileError(err)
	}
	out := make(value.List, len(list))
	for i, f := range list {
		out[i] = f
	}
	return out, nil
}

// read decodes a text of the workspace.
func (h *attemptHost) read(function, name string) (value.Value, error) {
	text, err := h.att.Text(name)
	if err != nil {
		return nil, fileError(err)
	}
	v, err := decode(function, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

func decode(function, text string) (value.Value, error) {
	switch function {
	case "json":
		return value.ParseJSON([]byte(text))
	case "yaml":
		return decodeYAML(text)
	case "junit":
		return report.JUnit([]byte(text))
	case "gotest":
		return report.GoTest([]byte(text))
	}
	return value.String(text), nil
}

// decodeYAML reads one document: what a second one says would be lost.
func decodeYAML(text string) (value.Value, error) {
	d := yaml.NewDecoder(strings.NewReader(text))
	var data any
	if err := d.Decode(&data); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one document")
	}
	return value.NewJSON(data)
}

// result evaluates a `return`, makes it fit its type and looks for secrets in it, and in the
// content that to took in; nil took in nothing. The cause belongs to the error.
func (r *run) result(ctx context.Context, x *plan.Expr, t *types.Type, sc *scope, to target.Intake) (v value.Value, cause string, err error) {
	if v, err = r.eval(ctx, x, t, sc); err != nil {
		cause, err = unfit(err, t)
		return nil, cause, err
	}
	return r.fit(ctx, v, t, to)
}

// unfit says why a result could not be had, with its cause.
func unfit(err error, t *types.Type) (string, error) {
	var bad *value.MismatchError
	if errors.As(err, &bad) {
		return CauseResultType, fmt.Errorf("the result does not fit %s: %s", t, describe(bad, t))
	}
	return CauseResultError, fmt.Errorf("return: %w", err)
}

// fit makes a result fit its type and looks for secrets in it. The cause belongs to the error.
func (r *run) fit(ctx context.Context, v value.Value, t *types.Type, to target.Intake) (_ value.Value, cause string, err error) {
	if v, err = value.Coerce(v, t); err != nil {
		cause, err = unfit(err, t)
		return nil, cause, err
	}
	if err := r.seal(ctx, v, t, to); err != nil {
		var leak *secretError
		if errors.As(err, &leak) {
			return nil, CauseSecret, err
		}
		return nil, CauseResultError, fmt.Errorf("return: %w", err)
	}
	var unmet *plan.UnmetError
	switch err := r.hold(ctx, v, t); {
	case errors.As(err, &unmet):
		return nil, CauseResultType, fmt.Errorf("the result does not fit %s: %w", t, unmet)
	case err != nil:
		return nil, CauseResultError, fmt.Errorf("return: %w", err)
	}
	return v, "", nil
}

// describe is a mismatch, without any content where the type holds a secret.
func describe(e *value.MismatchError, t *types.Type) string {
	if t.DeepLabels()&types.Secret == 0 {
		return e.Error()
	}
	quiet := *e
	quiet.Found = e.Kind
	return quiet.Error()
}
