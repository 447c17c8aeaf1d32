package host

import (
	"errors"
	"os"

	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// isolation is how overlays are made on this machine: by the supervisor where it may mount,
// else by it in a user namespace.
type isolation struct {
	keeper func() (*supervisor.Client, error)
	user   bool   // in a user namespace
	extra  string // options of a mount
	owned  *error // what shows has found, once it has looked
}

// findIsolation gives the first way for which probe succeeds. The error says why none does.
func findIsolation(keeper func() (*supervisor.Client, error), probe func(*isolation) error) (*isolation, error) {
	if !canOverlay {
		return nil, errors.ErrUnsupported
	}
	// Nothing is worth syncing to disk in a workspace, so the kernel need not, where it knows how.
	direct := &isolation{keeper: keeper}
	err := direct.try(probe, ",redirect_dir=on,volatile", ",volatile", "")
	if err == nil {
		return direct, nil
	}
	indirect := &isolation{keeper: keeper, user: true}
	if userErr := indirect.try(probe, ",userxattr,volatile", ",userxattr"); userErr != nil {
		return nil, errors.Join(err, userErr)
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

// show enters a view in a place of its own.
func (i *isolation) show(v supervisor.View) (*supervisor.Place, *os.Root, error) {
	c, err := i.keeper()
	if err != nil {
		return nil, nil, err
	}
	v.User = i.user
	p, dir, err := c.Enter(v)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	root, err := os.OpenRoot(fdPath(dir))
	if err != nil {
		p.Leave()
	}
	return p, root, err
}
