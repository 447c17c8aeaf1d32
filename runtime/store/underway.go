package store

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// UnderWay reports whether a run's process lives: whether somebody holds its lease. Where
// locks do not end with their process, a lease that is there says yes.
func (s *Store) UnderWay(run string) bool {
	if !filepath.IsLocal(run) || filepath.Base(run) != run {
		return false
	}
	return leaseHeld(filepath.Join(s.dir, leases, run))
}

// holder is the process that has a run's lease, 0 where that is not known.
func (s *Store) holder(run string) int {
	text, err := os.ReadFile(filepath.Join(s.dir, leases, run))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
