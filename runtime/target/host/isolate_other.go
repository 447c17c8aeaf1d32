//go:build !linux

package host

import "errors"

// Helper must be the first call of a program that runs sessions of this package. Here it
// does nothing: workspaces need no second process.
func Helper() {}

// isolation is how overlays are made; this system has none.
type isolation struct{}

func findIsolation(probe func(*isolation) error) (*isolation, error) {
	return nil, errors.ErrUnsupported
}

func (*isolation) place() (place, error) { return here{}, nil }

func (*isolation) options() string { return "" }

func (*isolation) close() error { return nil }

func whiteout(string) error { return errors.ErrUnsupported }

func (*isolation) shows(string) error { return nil }
