package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// params are the variables for a job's parameters. Files and folders among them are put
// beside the workspace, and their absolute paths stand in their place.
func (a *attempt) params(ctx context.Context) ([]target.EnvVar, error) {
	var out []target.EnvVar
	for _, p := range a.job.Params {
		placer := placer{attempt: a, ctx: ctx, secret: p.Secret}
		v, err := placer.place(p.Value)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		if v == nil {
			continue
		}
		if text, ok := value.Env(v); ok {
			v := target.EnvVar{Name: p.Name, Value: text}
			if err := checkVariable("parameter", v); err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// placer writes the files in a value to disk.
type placer struct {
	attempt *attempt
	ctx     context.Context
	secret  bool
}

// place gives a value with paths instead of files and folders.
func (p *placer) place(v value.Value) (value.Value, error) {
	switch v := v.(type) {
	case value.File:
		return p.file(v)
	case value.Dir:
		return p.dir(v)
	case value.List:
		out := make(value.List, len(v))
		for i, e := range v {
			placed, err := p.place(e)
			if err != nil {
				return nil, err
			}
			out[i] = placed
		}
		return out, nil
	case value.Map:
		m, err := p.fields(v)
		return value.Map(m), err
	case value.Record:
		m, err := p.fields(v)
		return value.Record(m), err
	}
	return v, nil
}

func (p *placer) fields(m map[string]value.Value) (map[string]value.Value, error) {
	out := make(map[string]value.Value, len(m))
	for name, v := range m {
		placed, err := p.place(v)
		if err != nil {
			return nil, err
		}
		out[name] = placed
	}
	return out, nil
}

func (p *placer) file(f value.File) (value.Value, error) {
	path, err := p.attempt.paramPath(f.Name)
	if err != nil {
		return nil, err
	}
	if p.secret {
		f.Mode = secretMode
	}
	return value.String(p.attempt.seen(path)), p.attempt.session.run.Artifacts.GetFile(p.ctx, f, path)
}

func (p *placer) dir(d value.Dir) (value.Value, error) {
	path, err := p.attempt.paramPath(d.Name)
	if err != nil {
		return nil, err
	}
	seen := value.String(p.attempt.seen(path))
	if err := p.attempt.session.run.Artifacts.GetDir(p.ctx, d, path); err != nil || !p.secret {
		return seen, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return seen, readOnly(root, ".")
}

// paramPath is a new path in a folder of its own, so that files keep their names.
func (a *attempt) paramPath(name string) (string, error) {
	a.files = true
	dir := filepath.Join(a.base+".params", strconv.FormatInt(a.session.folder.last.Add(1), 36))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, target.OneName(name)), nil
}

// removeFiles removes parameters and scripts that lie beside the workspace.
func (a *attempt) removeFiles() error {
	err := removeAll(a.base + ".params")
	for i := range a.job.Scripts {
		err = errors.Join(err, os.RemoveAll(a.base+".script"+strconv.Itoa(i)))
	}
	return err
}
