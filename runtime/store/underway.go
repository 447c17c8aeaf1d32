package store

import (
	"path/filepath"
)

// UnderWay reports whether a run's process lives: whether somebody holds its lease. Where
// locks do not end with their process, a lease that is there says yes.
func (s *Store) UnderWay(run string) bool {
	if !filepath.IsLocal(run) || filepath.Base(run) != run {
		return false
	}
	return leaseHeld(filepath.Join(s.dir, leases, run))
}
