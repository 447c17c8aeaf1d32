package targettest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/pipelang/pipe/runtime/event"
)

// Recorder is an output that keeps what it is given.
type Recorder struct {
	mu   sync.Mutex
	text strings.Builder
	want string
	// Seen is closed when the text holds what WaitFor waits for.
	Seen chan struct{}
}

// Write implements target.Output.
func (r *Recorder) Write(stream event.Stream, section string, p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, "%s/%s:%s", stream, section, p)
	if r.want != "" && strings.Contains(r.text.String(), r.want) {
		r.want = ""
		close(r.Seen)
	}
}

func (r *Recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// WaitFor records until the end, and says when a text has come.
func WaitFor(text string) *Recorder { return &Recorder{want: text, Seen: make(chan struct{})} }
