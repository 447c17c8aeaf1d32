package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

// Has gives the attempts that the living supervisor of a run has, as its traces say them; all as
// running, for those do not tell what has ended with nobody told of it. They are exact while no pipe is there.
func Has(state string) ([]target.Trace, error) {
	lives, err := locked(filepath.Join(state, lockName))
	if err != nil || !lives {
		return nil, err
	}
	open, _, err := readTraces(filepath.Join(state, tracesName))
	var out []target.Trace
	for id, t := range open {
		if alive(id.supervisor) {
			out = append(out, target.Trace{Step: t.Step, Attempt: t.Attempt, Started: t.Started, State: target.Running})
		}
	}
	return out, err
}

// alive says that the process lives that calls itself so in traces.
func alive(supervisor string) bool {
	pid, _, _ := strings.Cut(supervisor, ".")
	n, err := strconv.ParseInt(pid, 16, 32)
	return err == nil && syscall.Kill(int(n), 0) == nil
}

// GiveUp ends the supervisor of a run that no pipe has, with all that it has, and waits until it is gone.
func GiveUp(ctx context.Context, state string) error {
	// One that nobody can find any more ends by itself.
	if err := os.Remove(filepath.Join(state, socketName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("supervisor: %w", err)
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		lives, err := locked(filepath.Join(state, lockName))
		if err != nil || !lives {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("supervisor: it does not end: %w", context.Cause(ctx))
		case <-look.C:
		}
	}
}
