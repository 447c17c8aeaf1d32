package target

import (
	"context"
	"path/filepath"
)

// Surveyor is a Session that can say what the inputs of a job select before the job runs. A
// place whose sessions are none runs every step anew.
type Surveyor interface {
	// Survey looks at the files that job.Inputs select, as an attempt that starts now would see
	// them, mounts apart. The digest is the same for the same paths, modes and contents. It is
	// safe for concurrent use, and with Start.
	Survey(ctx context.Context, job Job) (Survey, error)
}

// Survey is what inputs select.
type Survey struct {
	Digest string
	Files  int // links included
}

// Steady is an Attempt that knows whether its workspace began with what was surveyed: a file
// may change between the two. One that is not Steady always did.
type Steady interface{ Steady() bool }

// KeepFolder is where the kept files of a step go.
func (r Run) KeepFolder(step string) string { return filepath.Join(r.Keep, OneName(step)) }

// OneName makes any text one name of a file: what separates or leads elsewhere is replaced.
func OneName(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c == '/' || c == '\\' || c == 0 || c == filepath.Separator {
			out[i] = '.'
		}
	}
	switch s = string(out); s {
	case "", ".", "..":
		return "_" + s
	}
	return s
}
