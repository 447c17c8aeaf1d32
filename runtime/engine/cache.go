package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// fromCache ends an op by a result that was kept for the same key. Otherwise it notes the key,
// under which a success is kept.
func (w *opWork) fromCache(ctx context.Context) (end ending, ended bool) {
	c := w.op.plan.Cached
	if c == nil || w.run.Cache == nil || isSecret(w.op.result) {
		return ending{}, false
	}
	maxAge, err := w.graph.duration(ctx, c.For, w.scope, 0)
	if err == nil {
		w.parts, err = w.key(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return cancelledBy(ctx), true
	case isUncached(err):
		w.notice("is not cached: " + err.Error())
		return ending{}, false
	case err != nil:
		return w.graph.evalFailed(ctx, CauseEvalError, "cached", err), true
	case w.run.NoCache:
		return ending{}, false
	}
	r, ok, err := w.run.Cache.FindResult(ctx, store.KeyOf(w.parts), maxAge)
	if err != nil {
		return cancelledBy(ctx), true
	}
	if !ok {
		return ending{}, false
	}
	return w.restore(ctx, r)
}

func (w *opWork) notice(text string) {
	w.run.Bus.Publish(event.Event{Type: event.Notice, Step: w.path, Text: text})
}

// restore gives what the attempt behind a result gave. Where anything of it cannot be had, or
// may no longer be seen, the step runs.
func (w *opWork) restore(ctx context.Context, r store.Result) (ending, bool) {
	v, err := w.decode(ctx, r)
	if err != nil {
		return ending{}, false
	}
	paths, err := w.restoreKept(ctx, r.Kept)
	switch {
	case ctx.Err() != nil:
		return cancelledBy(ctx), true
	case err != nil:
		return ending{}, false
	}
	w.publishKept(paths)
	return ending{outcome: Succeeded, value: v, exit: &r.Exit, cached: &event.Origin{Run: r.Run, Time: r.Made}}, true
}

func (w *opWork) decode(ctx context.Context, r store.Result) (value.Value, error) {
	if r.Value == nil {
		return value.None{}, nil
	}
	v, err := value.Unmarshal(w.op.result, r.Value)
	if err != nil {
		return nil, err
	}
	return v, w.run.seal(ctx, v, w.op.result, nil)
}

// restoreKept puts kept files where the step would have kept them, all of them or none.
func (w *opWork) restoreKept(ctx context.Context, kept []store.KeptFile) (paths []string, err error) {
	if len(kept) == 0 {
		return nil, nil
	}
	folder, fresh := w.run.Run.KeepFolder(w.path), w.run.Run.KeepFolder(".new-"+w.path)
	if err := errors.Join(os.RemoveAll(folder), os.RemoveAll(fresh)); err != nil {
		return nil, err
	}
	for _, k := range kept {
		if err := w.restoreFile(ctx, k, fresh); err != nil {
			return nil, errors.Join(err, os.RemoveAll(fresh))
		}
		paths = append(paths, filepath.Join(folder, filepath.FromSlash(k.Path)))
	}
	return paths, os.Rename(fresh, folder)
}

func (w *opWork) restoreFile(ctx context.Context, k store.KeptFile, folder string) error {
	if !filepath.IsLocal(filepath.FromSlash(k.Path)) {
		return fmt.Errorf("kept file %q leaves its folder", k.Path)
	}
	to := filepath.Join(folder, filepath.FromSlash(k.Path))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return w.run.Cache.GetFile(ctx, value.File{Digest: k.Digest, Size: k.Size, Mode: k.Mode}, to)
}

// remember keeps a success for steps with the same key. What cannot be kept fails nothing.
func (w *opWork) remember(ctx context.Context, att target.Attempt, end *ending, kept []string) {
	if w.parts == nil || end.outcome != Succeeded {
		return
	}
	if s, ok := att.(target.Steady); ok && !s.Steady() {
		w.notice("is not cached: a file of its inputs changed while it started")
		return
	}
	if err := w.addResult(ctx, end, kept); err != nil {
		w.notice("is not cached: " + err.Error())
	}
}

func (w *opWork) addResult(ctx context.Context, end *ending, kept []string) error {
	r := store.Result{Key: store.KeyOf(w.parts), Parts: w.parts, Run: w.run.Run.ID, Op: w.op.id, Step: w.path, Made: time.Now().UTC(), Exit: *end.exit}
	if w.op.plan.Return != nil {
		raw, err := value.Marshal(end.value)
		if err != nil {
			return err
		}
		r.Value, r.Contents = raw, contents(end.value)
	}
	files, err := w.takeKept(ctx, kept)
	if err != nil {
		return err
	}
	r.Kept = files
	return w.run.Cache.AddResult(r)
}

// takeKept takes files that were kept into the store.
func (w *opWork) takeKept(ctx context.Context, kept []string) (out []store.KeptFile, err error) {
	if len(kept) == 0 {
		return nil, nil
	}
	to := w.run.Cache.Take(false)
	defer func() { err = errors.Join(err, to.Close()) }()
	var sums []string
	for _, path := range kept {
		below, err := filepath.Rel(w.run.Run.KeepFolder(w.path), path)
		if err != nil || !filepath.IsLocal(below) {
			return nil, errors.Join(err, fmt.Errorf("kept file %s lies outside its folder", path))
		}
		f, err := to.PutFile(ctx, path)
		if err != nil {
			return nil, err
		}
		out = append(out, store.KeptFile{Path: filepath.ToSlash(below), Digest: f.Digest, Size: f.Size, Mode: f.Mode})
		sums = append(sums, f.Digest)
	}
	return out, to.Commit(sums...)
}

// publishKept tells where kept files are.
func (w *opWork) publishKept(paths []string) {
	if len(paths) == 0 {
		return
	}
	list := make(value.List, len(paths))
	for i, p := range paths {
		list[i] = value.String(p)
	}
	w.run.Bus.Publish(event.Event{Type: event.StepKept, Step: w.path, Value: encode(list, types.ListOf(types.PathType))})
}
