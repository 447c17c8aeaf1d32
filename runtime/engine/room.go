package engine

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// roomError says that there is no room to write down what happens.
type roomError struct{ err error }

func (e *roomError) Error() string {
	return fmt.Sprintf("the disk is full: %v: make room, then resume the run", e.err)
}

func (e *roomError) Unwrap() error { return e.err }

// watchRoom gives a context that ends when the journal has no room: what a step does then could
// not be written down, and would be done again.
func (r *run) watchRoom(ctx context.Context) (context.Context, func()) {
	ctx, stop := context.WithCancelCause(ctx)
	if r.Journal == nil {
		return ctx, func() { stop(nil) }
	}
	go func() {
		select {
		case err := <-r.Journal.Full():
			stop(&roomError{err})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { stop(nil) }
}

func isRoomless(ctx context.Context) bool {
	var full *roomError
	return errors.As(context.Cause(ctx), &full)
}

// roomless is the ending of a step that had no room; nil for another error.
func roomless(err error) *ending {
	var full *roomError
	switch {
	case errors.As(err, &full):
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		full = &roomError{err}
	default:
		return nil
	}
	end := failed(CauseDiskFull, full.Error())
	return &end
}

// storeCause is why something could not be stored.
func storeCause(err error) string {
	if roomless(err) != nil {
		return CauseDiskFull
	}
	return CauseTarget
}
