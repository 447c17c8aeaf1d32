package host

import (
	"os"
)

// place is where the processes of one attempt start.
type place interface {
	// enter makes the workspace that v describes visible to the place's processes, and to
	// them alone, and gives its files. It is called once, before any start.
	enter(v view) (*os.Root, error)
	// start starts a program with the three descriptors, which the caller closes.
	start(c command, stdio [3]int) (*process, error)
	// leave gives up the place; what was visible in it alone is gone with its last process.
	leave()
}

// view is a copy-on-write workspace: layers of folders, shown at the path of the repository.
type view struct {
	At      string
	Lower   []string // read-only layers, topmost first
	Upper   string   // takes what is written
	Work    string   // an empty folder beside Upper, for the kernel
	Options string   // of the mount, beyond the layers
	Binds   []bind
}

// bind shows a folder of the machine below a workspace.
type bind struct {
	Source string
	Path   string // slash-separated, relative to the workspace
}

// here is the place without anything of its own: processes see the machine as it is.
type here struct{}

func (here) enter(v view) (*os.Root, error) { return os.OpenRoot(v.At) }

func (here) start(c command, stdio [3]int) (*process, error) { return startHere(c, stdio) }

func (here) leave() {}
