package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// interrupts gives a context that the first Ctrl-C (or SIGTERM, SIGHUP, or an output that nobody
// reads any more) ends, and a channel that the second one closes. Stop gives the signals back.
func interrupts(notice io.Writer) (ctx context.Context, kill <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// Every further write raises it again: a channel of its own, so that it is never the second.
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGPIPE)
	final, done := make(chan struct{}), make(chan struct{})
	go func() {
		why := "interrupted"
		select {
		case <-signals:
		case <-unread:
			why = "nobody reads the output any more"
		case <-done:
			return
		}
		fmt.Fprintln(notice, "\npipe: "+why+"; steps may end, then `finally` runs (once more: stop at once)")
		cancel()
		select {
		case <-signals:
			close(final)
		case <-done:
		}
	}()
	return ctx, final, func() {
		signal.Stop(signals)
		signal.Stop(unread)
		close(done)
		cancel()
	}
}

// newRunID is sortable by time and unique: 20261123-081445-k3xq7a.
func newRunID(now time.Time) string {
	const letters = "abcdefghjkmnpqrstvwxyz23456789"
	var b [6]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return now.UTC().Format("20060102-150405-") + string(b[:])
}
