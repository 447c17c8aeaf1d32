package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// Left is what an earlier process left of a workspace, as who runs its programs found it again.
type Left struct {
	Out    target.Output
	Seen   string  // where programs find Beside
	Beside string  // as Workspace.Beside gave it; "" where it is elsewhere
	Folder string  // as Workspace.Folder gave it
	Layers *Layers // as Workspace.Layers gave them
}

// Recover goes on with a workspace that an earlier process prepared.
func (w *Workspaces) Recover(job *target.Job, l Left) (*Workspace, error) {
	s := w.session
	own := s.folder.next()
	if l.Beside == "" {
		if err := os.Mkdir(own, 0o700); err != nil {
			return nil, err
		}
		l.Beside = own
	} else if !s.ours(l.Beside) {
		return nil, fmt.Errorf("%s is no folder of this run's", l.Beside)
	}
	a := &attempt{session: s, job: job, out: l.Out, base: filepath.Join(l.Beside, "op"), beside: l.Seen, files: true}
	a.stdout, a.stderr = supervisor.NewCapture(own+".stdout"), supervisor.NewCapture(own+".stderr")
	for _, m := range job.Mounts {
		if at, err := localPath("", m.Path); err == nil && (m.Secret || m.Text != nil) {
			a.placed = append(a.placed, at)
		}
	}
	var err error
	a.workspace, err = s.recover(job, l)
	return &Workspace{attempt: a, beside: l.Beside}, err
}

// ours says that a path lies in a folder of sessions of this kind.
func (s *session) ours(path string) bool {
	return strings.Contains(filepath.Clean(path), string(filepath.Separator)+folderPrefix(s.folder.kind()))
}

func (s *session) recover(job *target.Job, l Left) (*workspace, error) {
	switch {
	case l.Layers != nil:
		return s.recoverLayers(job, l.Layers)
	case l.Folder == "": // its files are elsewhere
		return &workspace{path: l.Beside, discard: func() error { return nil }}, nil
	case job.InPlace:
		return &workspace{path: l.Folder, external: true, discard: func() error { s.workshop.changed(); return nil }}, nil
	case !s.ours(l.Folder):
		return nil, fmt.Errorf("%s is no workspace of this run's", l.Folder)
	}
	return &workspace{path: l.Folder, external: true, discard: func() error { return s.workshop.remove(l.Folder) }}, nil
}

func (s *session) recoverLayers(job *target.Job, l *Layers) (*workspace, error) {
	if !s.ours(l.Upper) {
		return nil, fmt.Errorf("%s is no workspace of this run's", l.Upper)
	}
	w := s.workshop
	if err := w.choose(); err != nil {
		return nil, err
	}
	if w.kind != overlay {
		return nil, errors.New("the workspace was an overlay, and this machine mounts none any more")
	}
	binds, err := cacheBinds(job, s.run.Cache)
	if err != nil {
		return nil, err
	}
	base := filepath.Dir(l.Upper)
	return &workspace{path: w.root, binds: true, external: true, discard: func() error { return w.remove(base) },
		layers: &layers{isolation: w.isolation, base: base, view: supervisor.View{At: w.root, Lower: l.Lower, Upper: l.Upper, Options: w.isolation.extra, Binds: binds}}}, nil
}
