package target

import "context"

// Lingering is a Session whose attempts go on when pipe is gone, and keep no Job.Hold open then.
type Lingering interface {
	// Lingers says where, in words without a line break that Left.Where gives back.
	Lingers() string
}

// Lingerer is a Target of Lingering sessions.
type Lingerer interface {
	// Outlast waits until no attempt runs any more that is left of a run of the same store as this
	// one. waits is called once before that, and its error is given back. It is called at any time,
	// also while no session is open, and by several goroutines.
	Outlast(ctx context.Context, run Run, left Left, waits func() error) error
}

// Left is what a run whose pipe is gone may have left at work.
type Left struct {
	Where string
	Run   string
	// Step is that one and all of the pipeline that it calls; "" is the whole run.
	Step string
}
