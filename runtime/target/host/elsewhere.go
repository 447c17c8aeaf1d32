package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// Workspaces are workspaces of this machine for programs that run elsewhere, in containers:
// prepared here by the rules of this machine's own ops, and read here when those have ended.
type Workspaces struct {
	session *session

	mu   sync.Mutex
	held map[string]*os.File // folders of earlier processes of the run, by path, with their locks
}

// Place is who runs the programs of workspaces.
type Place struct {
	Kind string // part of the names of folders
	// InUse says of a folder that a killed run left that something else needs it still.
	InUse func(path string) bool
	// Reclaim makes all in a folder this user's, who may not remove what others made there. nil is
	// for a place whose programs run as this user.
	Reclaim func(path string) error
}

// OpenWorkspaces prepares for one run, as Target.Open does.
func OpenWorkspaces(run target.Run, place Place) (*Workspaces, error) {
	root, err := realDir(run.Root)
	if err != nil {
		return nil, fmt.Errorf("repository: %w", err)
	}
	forced, err := forcedKind(environ(run))
	if err != nil {
		return nil, err
	}
	sweepStale(place.Kind, run.State, place.InUse, place.Reclaim)
	folder, err := newFolder(place.Kind, root, run.State, run.State, os.TempDir())
	if err != nil {
		return nil, fmt.Errorf("state of the run: %w", err)
	}
	folder.reclaim = place.Reclaim
	run.Root = root
	s := newSession(run, folder, forced)
	s.start = sync.OnceValues(s.localKeeper)
	s.basic = nil
	return &Workspaces{session: s, held: map[string]*os.File{}}, nil
}

// Folder is where all that the workspaces hold lies; it is gone after Close.
func (w *Workspaces) Folder() string { return w.session.folder.path }

// Root is the repository, links resolved.
func (w *Workspaces) Root() string { return w.session.run.Root }

// Layered says whether Prepare may give layers instead of folders; it must be called before.
func (w *Workspaces) Layered(may bool) error {
	ws := w.session.workshop
	ws.elsewhere = may
	switch {
	case may:
		return nil
	case ws.forced == overlay:
		return errors.New("PIPE_WORKSPACE is overlay, and who runs the programs mounts none: leave it unset")
	case ws.forced != "":
		return nil
	}
	w.session.workshop = newWorkshop(ws.root, ws.own, ws.folder, reflink, ws.keeper)
	if w.session.workshop.choose() != nil {
		w.session.workshop = newWorkshop(ws.root, ws.own, ws.folder, plainCopy, ws.keeper)
	}
	return nil
}

// Survey is as target.Surveyor has it.
func (w *Workspaces) Survey(ctx context.Context, job target.Job) (target.Survey, error) {
	return w.session.Survey(ctx, job)
}

// Close removes what the workspaces hold.
func (w *Workspaces) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for path := range w.held {
		w.letGo(path)
	}
	return w.session.Close()
}

// Workspace is one attempt's workspace, and what its programs leave. It is a target.Attempt,
// whose methods read the files; they may be called when no program runs any more.
type Workspace struct {
	*attempt
	beside string
}

// Prepare makes the workspace of a job. Programs find the repository's files wherever they are
// put, and what Beside holds in the folder that beside names, to which parameters and
// $PIPE_OUTPUT lead.
func (w *Workspaces) Prepare(ctx context.Context, job *target.Job, out target.Output, beside string) (*Workspace, error) {
	s := w.session
	own := s.folder.next()
	// Programs may run as anybody; the folder around keeps others of this machine out.
	if err := errors.Join(os.Mkdir(own, 0o777), os.Chmod(own, 0o777)); err != nil {
		return nil, err
	}
	a := &attempt{session: s, job: job, out: out, base: filepath.Join(own, "op"), beside: beside}
	a.stdout, a.stderr = supervisor.NewCapture(own+".stdout"), supervisor.NewCapture(own+".stderr")
	ws := &Workspace{attempt: a, beside: own}
	if err := a.prepareElsewhere(ctx); err != nil {
		return nil, errors.Join(err, ws.Close())
	}
	return ws, nil
}

// prepareElsewhere differs from prepare in caches, which who runs the programs mounts.
func (a *attempt) prepareElsewhere(ctx context.Context) (err error) {
	if err := a.useCaches(); err != nil {
		return err
	}
	if a.workspace, err = a.session.workspace(ctx, a.job); err != nil {
		return err
	}
	a.workspace.external = true
	a.workspace.spare = nil // who goes on with it finds it by what its programs were shown
	if err := a.mountAll(ctx); err != nil {
		return err
	}
	params, err := a.params(ctx)
	if err != nil {
		return err
	}
	if a.env, err = a.session.environment(a.job, params, a.seen(a.outputs())); err != nil {
		return err
	}
	narrow := !a.job.InPlace && !a.job.AllTree && a.job.Inputs != nil
	a.dir, err = a.workspace.enter(a.job.Workdir, narrow)
	return errors.Join(err, checkArguments(a.job.Exec))
}

// Environ is what programs get beyond what their image has, NAME=value.
func (w *Workspace) Environ() []string { return w.env }

// Beside is the folder of this machine to be shown to programs beside the workspace, in which
// they may write.
func (w *Workspace) Beside() string { return w.beside }

// WorkingDir is the folder that programs start in, relative to the workspace.
func (w *Workspace) WorkingDir() string {
	dir, _ := localPath("", path.Join(".", w.job.Workdir))
	return dir
}

// Tree is the prepared workspace. It is the caller's until Rest.
func (w *Workspace) Tree() (*os.Root, error) { return w.workspace.open() }

// Folder is the workspace as a folder of this machine; "" where it is layers.
func (w *Workspace) Folder() string {
	if w.workspace.layers != nil {
		return ""
	}
	return w.workspace.path
}

// Layers are folders of this machine to be mounted over each other, and the options of the
// mount beyond them.
type Layers struct {
	Lower       []string // topmost first
	Upper, Work string
	Options     string // ",a,b" or ""
}

// Layers are what the workspace is made of; nil where it is a folder.
func (w *Workspace) Layers() (*Layers, error) {
	l := w.workspace.layers
	if l == nil {
		return nil, nil
	}
	work, err := l.fresh()
	return &Layers{Lower: l.view.Lower, Upper: l.view.Upper, Work: work, Options: l.options()}, err
}

// Shown is a folder of this machine that programs were shown and may have written in.
type Shown struct {
	Path   string
	Shared bool // others may be at work in it
	lock   string
}

// WrittenIn are those of the workspace.
func (w *Workspace) WrittenIn() ([]Shown, error) {
	out := []Shown{{Path: w.beside}, {Path: w.Folder()}}
	if l := w.workspace.layers; l != nil {
		out[1].Path = l.view.Upper
	}
	caches, err := w.Caches()
	for _, c := range caches {
		out = append(out, Shown{c.Source, true, cacheLock(w.session.run.Cache, c.Name)})
	}
	return out, err
}

// Alone reports whether nobody else is at work in a folder, and keeps others out of it until done is called then.
func (w *Workspace) Alone(s Shown) (done func() error, alone bool) {
	if !s.Shared {
		return func() error { return nil }, true
	}
	for _, f := range w.caches {
		if f.Name() == s.lock {
			return onlyUser(f)
		}
	}
	return nil, false
}

// Rest gives the workspace into the hands of who runs the programs.
func (w *Workspace) Rest() { w.workspace.rest() }

// ReadFrom says that what programs left, caches included, is in a folder that fetch gives, with all
// that lies at a path of the workspace, and what links there lead to; "." is everything.
func (w *Workspace) ReadFrom(fetch func(below string) (string, error)) {
	w.workspace.result, w.workspace.external = fetch, false
}

// Cache is a cache folder and where it belongs in the workspace, slash-separated.
type Cache struct{ Name, Source, Path string }

// Caches are the cache folders that who runs the programs must mount.
func (w *Workspace) Caches() ([]Cache, error) {
	binds, err := cacheBinds(w.job, w.session.run.Cache)
	out := make([]Cache, len(binds))
	for i, b := range binds {
		out[i] = Cache{strings.TrimPrefix(b.Source, filepath.Clean(w.session.run.Cache)+"/"), b.Source, b.Path}
	}
	return out, err
}

// Command is the command line of a script, which may lie beside the workspace.
func (w *Workspace) Command(i int) ([]string, error) {
	at := fmt.Sprintf("%s.script%d", w.base, i)
	args, err := argv(w.job.Scripts[i], at)
	if err == nil && args[len(args)-1] == at {
		w.files = true
		args[len(args)-1] = w.seen(at)
		err = os.Chmod(at, 0o644)
	}
	return args, err
}

// Deliver hands on output of a program.
func (w *Workspace) Deliver(stream event.Stream, section string, p []byte) {
	if stream == event.Stdout {
		w.stdout.Write(p)
	} else {
		w.stderr.Write(p)
	}
	w.handOn(stream, section, p)
}

// Ended says how the programs ended.
func (w *Workspace) Ended(exit target.Exit) { w.exit = exit }

// ScriptName is a script's title or number, as target.Exit has it.
func ScriptName(i int, s target.Script) string { return scriptName(i, s) }

// Unplace takes secrets out of the workspace, and all mounts where it is the real tree. No
// program may run any more.
func (w *Workspace) Unplace() error { return w.unplace() }

// Close removes the workspace and all that lies beside it.
func (w *Workspace) Close() error {
	return errors.Join(w.attempt.Close(), removeAll(w.beside))
}
