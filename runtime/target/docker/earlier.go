package docker

import (
	"context"
	"errors"
	"os"

	"github.com/pipelang/pipe/runtime/target/host"
)

// removeEarlier removes what a killed process of this run had beside its steps: services, their
// networks, folders. While a step of it is still there, nobody has decided what becomes of it.
func (s *session) removeEarlier() error {
	if len(s.earlier) == 0 || s.lost.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*lastCall)
	defer cancel()
	if left, err := s.attempts(ctx); err != nil || len(left) > 0 {
		return err
	}
	err := s.engine.removeAll(ctx, s.earlier)
	for _, l := range s.earlier {
		if _, gone := os.Lstat(l.folder); gone == nil && l.folder != s.spaces.Folder() {
			err = errors.Join(err, host.RemoveLeftover(l.folder))
		}
	}
	return err
}
