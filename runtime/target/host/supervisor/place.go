package supervisor

import "os"

// place is where the processes of one attempt start.
type place interface {
	// enter makes the workspace that v describes visible to the place's processes, and to
	// them alone, and opens it. It is called once, before any start.
	enter(v View) (*os.File, error)
	// start starts a program with the three descriptors, which the caller closes.
	start(c command, stdio [3]int) (*process, error)
	// leave gives up the place; what was visible in it alone is gone with its last process.
	leave()
}

// View is a copy-on-write workspace: layers of folders, shown at the path of the repository.
type View struct {
	At      string
	Lower   []string // read-only layers, topmost first
	Upper   string   // takes what is written
	Work    string   // an empty folder beside Upper, for the kernel
	Options string   // of the mount, beyond the layers
	Binds   []Bind
	// User asks for a user namespace to mount in: whose user may not mount otherwise.
	User bool
}

// Bind shows a folder of the machine below a workspace.
type Bind struct {
	Source string
	Path   string // slash-separated, relative to the workspace
}

// here is the place without anything of its own: processes see the machine as it is.
type here struct{}

func (here) enter(v View) (*os.File, error) { return os.Open(v.At) }

func (here) start(c command, stdio [3]int) (*process, error) { return startHere(c, stdio) }

func (here) leave() {}
