package docker

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipelang/pipe/runtime/target/host"
)

// removeEarlier removes what a killed process of this run left: services, their networks, folders, and
// containers of steps that nobody went on with. Who closes a session has settled what became of those.
func (s *session) removeEarlier() error {
	if len(s.earlier) == 0 || s.lost.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*lastCall)
	defer cancel()
	err := s.engine.removeAll(ctx, s.earlier)
	for _, l := range s.earlier {
		err = errors.Join(err, s.spaces.RemoveHeld(l.folder))
	}
	return err
}

// holdAll takes the folders of an earlier process of this run: while it goes on, others see that its
// containers belong to somebody.
func holdAll(spaces *host.Workspaces, own []Left) error {
	for _, l := range own {
		if !SessionFolder(l.folder) {
			continue
		}
		if err := spaces.Hold(l.folder); err != nil {
			return fmt.Errorf("take up what an earlier process of this run had: %w", err)
		}
	}
	return nil
}
