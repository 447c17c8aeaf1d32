package host

import (
	"context"
	"sync"
	"syscall"
	"time"
)

// canceller tells a process to end when a context does: SIGINT at once, SIGKILL after grace.
// Where kill ends, grace is over.
type canceller struct {
	process *process
	grace   time.Duration
	stop    []func() bool

	mu     sync.Mutex
	at     time.Time // when the process was told to end; zero while it was not
	killed bool
	timer  *time.Timer
}

func cancelWith(ctx, kill context.Context, p *process, grace time.Duration) *canceller {
	c := &canceller{process: p, grace: grace}
	c.stop = append(c.stop, context.AfterFunc(ctx, c.interrupt))
	if kill.Done() != nil {
		c.stop = append(c.stop, context.AfterFunc(kill, c.kill))
	}
	return c
}

func (c *canceller) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return
	}
	c.at = time.Now()
	c.process.signal(syscall.SIGINT)
	c.timer = time.AfterFunc(c.grace, c.kill)
}

func (c *canceller) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		c.at = time.Now()
	}
	c.killed = true
	c.process.signal(syscall.SIGKILL)
}

// cancelled says that the process was told to end.
func (c *canceller) cancelled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.at.IsZero()
}

// patience is what is left of the grace; none where nobody was told to end.
func (c *canceller) patience() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() || c.killed {
		return 0
	}
	return max(0, time.Until(c.at.Add(c.grace)))
}

// release keeps the contexts from reaching the process any more.
func (c *canceller) release() {
	for _, stop := range c.stop {
		stop()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
}
