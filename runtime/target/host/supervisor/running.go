package supervisor

import (
	"errors"
	"os"
	"sync"

	"github.com/pipelang/pipe/runtime/event"
)

// running is pipe's side of an attempt: what came of its output and is not dealt with yet.
type running struct {
	mu      sync.Mutex
	waiting basin
	end     *End
	err     error
	over    bool
	news    chan struct{} // holds something when there is
}

// basin is output in order: parts say whose each piece of data is.
type basin struct {
	parts []part
	data  []byte
}

type part struct {
	stream  event.Stream
	section string
	n       int
}

func newRunning() *running { return &running{news: make(chan struct{}, 1)} }

// put takes output that came; p is copied. It never waits: no more than a credit comes.
func (r *running) put(stream event.Stream, section string, p []byte) {
	r.mu.Lock()
	r.waiting.data = append(r.waiting.data, p...)
	if n := len(r.waiting.parts); n > 0 && r.waiting.parts[n-1].stream == stream && r.waiting.parts[n-1].section == section {
		r.waiting.parts[n-1].n += len(p)
	} else {
		r.waiting.parts = append(r.waiting.parts, part{stream, section, len(p)})
	}
	r.mu.Unlock()
	r.wake()
}

func (r *running) wake() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// finish takes the end.
func (r *running) finish(m *message, files []*os.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.wake()
	r.over = true
	if m.Err != "" {
		r.err = errors.New(m.Err)
		closeFiles(files)
		return
	}
	r.end = &End{Exit: m.End.Exit, Stdout: m.End.Stdout.capture(), Stderr: m.End.Stderr.capture()}
	for _, c := range []*Capture{r.end.Stdout, r.end.Stderr} {
		if c.key != nil && len(files) > 0 {
			c.spill, files = files[0], files[1:]
		}
	}
}

// fail says that the supervisor is gone.
func (r *running) fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.over, r.err = true, errGone
	}
	r.wake()
}

// follow deals with output as it comes, to the end.
func (r *running) follow(deliver func(event.Stream, string, []byte), taken func(int64)) (*End, error) {
	var due basin
	unsaid := int64(0)
	for range r.news {
		r.mu.Lock()
		due, r.waiting = r.waiting, basin{due.parts[:0], due.data[:0]}
		over := r.over
		r.mu.Unlock()
		due.pour(deliver)
		if unsaid += int64(len(due.data)); unsaid >= credit/4 && !over {
			taken(unsaid)
			unsaid = 0
		}
		if over {
			break
		}
	}
	return r.end, r.err
}

func (b basin) pour(deliver func(event.Stream, string, []byte)) {
	data := b.data
	for _, p := range b.parts {
		deliver(p.stream, p.section, data[:p.n])
		data = data[p.n:]
	}
}
