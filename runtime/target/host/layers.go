package host

import (
	"os"
	"strings"

	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// layers are an overlay that is mounted by turns: here to prepare and to read it, and
// elsewhere while programs run.
type layers struct {
	isolation *isolation
	base      string
	view      supervisor.View
}

// fresh is a folder that no mount has worked in: the kernel refuses one that a mount left
// without syncing it.
func (l *layers) fresh() (string, error) {
	return os.MkdirTemp(l.base, "work")
}

// options are those of a mount elsewhere. One that need not sync leaves a sign of that in the folder that it works
// in, which belongs to root; only root could remove it.
func (l *layers) options() string {
	if os.Getuid() == 0 {
		return l.view.Options
	}
	return strings.ReplaceAll(l.view.Options, ",volatile", "")
}

// rest gives up the overlay here, so that it can be mounted elsewhere.
func (w *workspace) rest() {
	if w.root != nil {
		w.root.Close()
		w.root = nil
	}
	if w.layers != nil && w.place != nil {
		w.place.Leave()
		w.place = nil
	}
}

// written opens what holds all that was put into the workspace before programs ran.
func (w *workspace) written() (*os.Root, error) {
	switch {
	case w.layers != nil && w.root == nil:
		return os.OpenRoot(w.layers.view.Upper)
	case w.result != nil:
		return os.OpenRoot(w.path)
	}
	return w.open()
}

// enterAgain mounts the overlay here, when it is mounted nowhere else any more.
func (w *workspace) enterAgain() (*os.Root, error) {
	work, err := w.layers.fresh()
	if err != nil {
		return nil, err
	}
	v := w.layers.view
	v.Work = work
	p, root, err := w.layers.isolation.show(v)
	if err == nil {
		w.place = p
	}
	return root, err
}
