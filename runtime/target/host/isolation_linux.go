package host

import (
	"errors"
)

// isolation is how overlays are made on this machine: by threads of this process where it
// may mount, else by a helper in a user namespace.
type isolation struct {
	helper *helper // nil for threads
	extra  string  // options of a mount
	owned  *error  // what shows has found, once it has looked
}

// findIsolation gives the first way for which probe succeeds. The error says why none does.
func findIsolation(probe func(*isolation) error) (*isolation, error) {
	// Nothing is worth syncing to disk in a workspace, so the kernel need not, where it knows how.
	direct := &isolation{}
	err := direct.try(probe, ",redirect_dir=on,volatile", ",volatile", "")
	if err == nil {
		return direct, nil
	}
	h, helperErr := startHelper()
	if helperErr != nil {
		return nil, errors.Join(err, helperErr)
	}
	indirect := &isolation{helper: h}
	if helperErr = indirect.try(probe, ",userxattr,volatile", ",userxattr"); helperErr != nil {
		return nil, errors.Join(err, helperErr, h.close())
	}
	return indirect, nil
}

func (i *isolation) try(probe func(*isolation) error, extras ...string) (err error) {
	for _, i.extra = range extras {
		if err = probe(i); err == nil {
			return nil
		}
	}
	return err
}

func (i *isolation) place() (place, error) {
	if i.helper == nil {
		return newThread(func() error { return nil }), nil
	}
	return i.helper.place()
}

func (i *isolation) options() string { return i.extra }

func (i *isolation) close() error {
	if i.helper == nil {
		return nil
	}
	return i.helper.close()
}
