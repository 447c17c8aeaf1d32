package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// workspaceKind is how copies of the repository are made.
type workspaceKind string

const (
	overlay   workspaceKind = "overlay" // layers, at the repository's own path
	reflink   workspaceKind = "reflink" // copies that share blocks, elsewhere
	plainCopy workspaceKind = "copy"    // copies, elsewhere
)

// workshop makes the workspaces of a session. How it does so is found out once, when the
// first is needed.
type workshop struct {
	root   string
	own    string // the folder of the root that is pipe's own, slash-separated; "" is none
	folder *folder
	forced workspaceKind

	choose    func() error
	kind      workspaceKind
	isolation *isolation // of overlays
	keeper    func() (*supervisor.Client, error)
	layers    *folder // where layers of overlays lie; often folder itself

	// elsewhere says that programs do not run here: overlays are made by who runs them.
	elsewhere bool

	removals chan struct{} // one for each removal under way behind a step's back

	mu      sync.Mutex
	current *tree
	unused  []emptyFolder
}

// maxRemovals bounds what lies on disk and is no longer needed.
const maxRemovals = 8

func newWorkshop(root, own string, f *folder, forced workspaceKind, keeper func() (*supervisor.Client, error)) *workshop {
	w := &workshop{root: root, own: own, folder: f, forced: forced, keeper: keeper, removals: make(chan struct{}, maxRemovals)}
	w.choose = sync.OnceValue(w.probe)
	return w
}

// probe settles the kind: the first that works, or the forced one or an error.
func (w *workshop) probe() error {
	var failures error
	for _, try := range []struct {
		kind workspaceKind
		ok   func() error
	}{
		{overlay, w.probeOverlay},
		{reflink, w.probeReflink},
		{plainCopy, func() error { return nil }},
	} {
		if w.forced != "" && w.forced != try.kind {
			continue
		}
		err := try.ok()
		if err == nil {
			w.kind = try.kind
			return nil
		}
		failures = errors.Join(failures, err)
	}
	why := strings.ReplaceAll(failures.Error(), "\n", "; ")
	return fmt.Errorf("this machine makes no workspace of kind %s: %s", w.forced, why)
}

// probeOverlay looks for a way and a place: not every file system takes upper layers.
func (w *workshop) probeOverlay() error {
	here, err := findIsolation(w.keeper, func(i *isolation) error { return w.tryOverlay(i, w.folder) })
	if err == nil {
		w.isolation, w.layers = here, w.folder
		return nil
	}
	elsewhere, otherErr := newFolder(w.folder.kind(), w.root, w.folder.state, os.TempDir())
	if otherErr != nil {
		return errors.Join(err, otherErr)
	}
	elsewhere.reclaim = w.folder.reclaim
	there, otherErr := findIsolation(w.keeper, func(i *isolation) error { return w.tryOverlay(i, elsewhere) })
	if otherErr != nil {
		return errors.Join(err, elsewhere.close())
	}
	w.isolation, w.layers = there, elsewhere
	keeper, err := w.keeper()
	if err != nil {
		return err
	}
	return keeper.Hold(elsewhere.path, elsewhere.lock)
}

// tryOverlay mounts one over the repository and replaces a folder in it, which takes all
// that a file system must offer.
func (w *workshop) tryOverlay(i *isolation, f *folder) error {
	if err := i.shows(w.root); err != nil {
		return err
	}
	base := f.next()
	defer removeAll(base)
	lower := base + "/lower"
	if err := os.MkdirAll(lower+"/"+probeName+"/old", 0o755); err != nil {
		return err
	}
	p, root, err := w.show(i, base, []string{lower, w.root}, nil)
	if err != nil {
		return err
	}
	defer p.Leave()
	defer root.Close()
	if err := errors.Join(root.RemoveAll(probeName), root.Mkdir(probeName, 0o755)); err != nil {
		return err
	}
	if _, err := root.Stat(probeName + "/old"); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("the overlay does not hide what was removed")
	}
	return nil
}

const probeName = ".pipe-probe"

// show mounts layers at the root, for a new place alone. base is a folder for the upper ones.
func (w *workshop) show(i *isolation, base string, lower []string, binds []supervisor.Bind) (*supervisor.Place, *os.Root, error) {
	v := supervisor.View{At: w.root, Lower: lower, Upper: base + "/upper", Work: base + "/work", Options: i.extra, Binds: binds}
	if err := errors.Join(os.MkdirAll(v.Upper, 0o755), os.Mkdir(v.Work, 0o755)); err != nil {
		return nil, nil, err
	}
	info, err := os.Stat(w.root)
	if err != nil {
		return nil, nil, err
	}
	if err := finishFolder(v.Upper, info); err != nil {
		return nil, nil, err
	}
	return i.show(v)
}

// tree is the repository as it stands for attempts that start now.
func (w *workshop) tree(ctx context.Context) (*tree, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current != nil {
		return w.current, nil
	}
	t, err := newTree(ctx, w.root, w.own)
	if err != nil {
		return nil, err
	}
	t.mask = sync.OnceValues(func() (string, error) {
		dir := w.layers.next()
		return dir, t.hide(dir)
	})
	w.current = t
	return t, nil
}

// changed says that the repository is not what it was: an attempt in place has ended.
func (w *workshop) changed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = nil
}

// whole makes a workspace of all that is shown of the repository.
func (w *workshop) whole(ctx context.Context, binds []supervisor.Bind) (*workspace, error) {
	if err := w.choose(); err != nil {
		return nil, err
	}
	t, err := w.tree(ctx)
	if err != nil {
		return nil, err
	}
	if w.kind != overlay {
		return w.copied(func(to string) error { return t.copyTo(ctx, to) })
	}
	lower := []string{w.root}
	if len(t.ignored) > 0 {
		mask, err := t.mask()
		if err != nil {
			return nil, err
		}
		lower = []string{mask, w.root}
	}
	return w.overlaid(lower, binds)
}

// narrowed makes a workspace of the files that globs choose.
func (w *workshop) narrowed(ctx context.Context, inputs []string, binds []supervisor.Bind) (*workspace, error) {
	gs, err := parseGlobs(inputs)
	if err != nil {
		return nil, err
	}
	if err := w.choose(); err != nil {
		return nil, err
	}
	t, err := w.tree(ctx)
	if err != nil {
		return nil, err
	}
	if w.kind != overlay {
		steady := true
		space, err := w.copied(func(to string) (err error) {
			steady, err = t.copyInputs(ctx, gs, to)
			return err
		})
		if err == nil {
			space.moved = !steady
		}
		return space, err
	}
	l, err := w.inputsLayer(ctx, t, inputs, gs)
	if err != nil {
		return nil, err
	}
	space, err := w.overlaid([]string{l.path}, binds)
	if err == nil {
		space.moved = !l.steady
	}
	return space, err
}

// inputsLayer is shared by all attempts with the same globs: a fan-out copies once.
func (w *workshop) inputsLayer(ctx context.Context, t *tree, inputs []string, gs globs) (layer, error) {
	key := strings.Join(inputs, "\x00")
	t.mu.Lock()
	make, ok := t.inputs[key]
	if !ok {
		make = sync.OnceValues(func() (layer, error) {
			dir := w.layers.next()
			// Not this attempt's context: others wait for the same layer.
			steady, err := t.copyInputs(context.WithoutCancel(ctx), gs, dir)
			return layer{dir, steady}, err
		})
		t.inputs[key] = make
	}
	t.mu.Unlock()
	return make()
}

func (w *workshop) overlaid(lower []string, binds []supervisor.Bind) (*workspace, error) {
	base := w.layers.next()
	p, root, err := w.show(w.isolation, base, lower, binds)
	if err != nil {
		return nil, errors.Join(err, removeAll(base))
	}
	space := &workspace{path: w.root, place: p, root: root, binds: true, own: base, discard: func() error { return w.remove(base) }}
	if w.elsewhere {
		space.layers = &layers{isolation: w.isolation, base: base, view: supervisor.View{At: w.root, Lower: lower, Upper: base + "/upper", Options: w.isolation.extra, Binds: binds}}
	}
	return space, nil
}

// copied makes a workspace in a folder with the repository's name, which tools may show.
func (w *workshop) copied(fill func(to string) error) (*workspace, error) {
	base := w.folder.next()
	to := filepath.Join(base, filepath.Base(w.root))
	if err := os.Mkdir(base, 0o700); err != nil {
		return nil, err
	}
	if err := fill(to); err != nil {
		return nil, errors.Join(fmt.Errorf("copy the repository: %w", err), removeAll(base))
	}
	return &workspace{path: to, own: base, discard: func() error { return w.remove(base) }}, nil
}

// remove removes a tree while the run goes on, which takes longer than to make it. What
// cannot be removed is tried once more, and then reported, at the end of the session.
func (w *workshop) remove(path string) error {
	select {
	case w.removals <- struct{}{}:
		go func() {
			removeAll(path)
			<-w.removals
		}()
		return nil
	default:
		return removeAll(path)
	}
}

// settle waits until nothing is being removed any more.
func (w *workshop) settle() {
	for range maxRemovals { // until none is under way
		w.removals <- struct{}{}
	}
	w.removals = make(chan struct{}, maxRemovals)
}

// closeLayers removes the layers' folder, where it has one of its own.
func (w *workshop) closeLayers() error {
	if w.layers == nil || w.layers == w.folder {
		return nil
	}
	return w.layers.close()
}

// cacheBinds are the mounts of cache folders, whose folders it makes.
func cacheBinds(job *target.Job, cache string) ([]supervisor.Bind, error) {
	var out []supervisor.Bind
	for _, m := range job.Mounts {
		if m.Cache == "" {
			continue
		}
		at, err := localPath("", m.Path)
		if err == nil {
			_, err = localPath("", m.Cache)
		}
		if err != nil {
			return nil, fmt.Errorf("mount %q: %w", m.Path, err)
		}
		source := filepath.Join(cache, path.Clean(m.Cache))
		if err := os.MkdirAll(source, 0o755); err != nil {
			return nil, fmt.Errorf("mount %q: %w", m.Path, err)
		}
		out = append(out, supervisor.Bind{Source: source, Path: at})
	}
	return slices.Clip(out), nil
}
