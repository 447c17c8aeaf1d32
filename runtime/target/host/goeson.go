package host

import (
	"context"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// GoesOn are the attempts that the supervisor of a run whose pipe is gone still has, at work or ended
// with nobody told of it. state is the run's folder; none are of a run that has no supervisor.
func GoesOn(state string) ([]target.Trace, error) { return supervisor.Has(state) }

// GiveUp ends all that goes on of a run whose pipe is gone, at once. That its attempts began stays
// written down.
func GiveUp(ctx context.Context, state string) error { return supervisor.GiveUp(ctx, state) }
