package supervisor

import (
	"sync"
	"syscall"
	"time"
)

// canceller tells the processes of an attempt to end: SIGINT at once, SIGKILL after grace.
type canceller struct {
	grace time.Duration

	mu     sync.Mutex
	target *process                 // what runs now
	others func(sig syscall.Signal) // signals what of the attempt is not in its group
	at     time.Time                // when it was told to end; zero while it was not
	late   bool                     // because its time was over
	killed bool
	timer  *time.Timer
}

// reaches says which process runs now; one that starts too late is told at once.
func (c *canceller) reaches(p *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.target = p
	switch {
	case p == nil || c.at.IsZero():
	case c.killed:
		p.signal(syscall.SIGKILL)
	default:
		p.signal(syscall.SIGINT)
	}
}

// interrupt tells it to end; late says that its time is over.
func (c *canceller) interrupt(late bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() {
		return
	}
	c.at, c.late = time.Now(), late
	c.signal(syscall.SIGINT)
	c.timer = time.AfterFunc(c.grace, c.kill)
}

// kill ends it, and what is left of its grace.
func (c *canceller) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		c.at = time.Now()
	}
	c.killed = true
	c.signal(syscall.SIGKILL)
}

func (c *canceller) signal(sig syscall.Signal) {
	if c.target != nil {
		c.target.signal(sig)
		c.others(sig)
	}
}

// cancelled says that the attempt was told to end.
func (c *canceller) cancelled() (told, late bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.at.IsZero(), c.late
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

// release stops the clock.
func (c *canceller) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
}
