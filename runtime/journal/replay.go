package journal

import (
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

const (
	// page is how many events are read at a time.
	page = 512
	// glance is how often a run under way is looked at for more.
	glance = 100 * time.Millisecond
)

// Replay hands every event of a run to a sink, output included, in the order in which they
// happened. With follow it stays with a run under way until that ends, or ctx does.
func (r *Reader) Replay(ctx context.Context, run string, follow bool, to event.Sink) error {
	if r.db == nil {
		return nil
	}
	p := &replay{Reader: r, run: run, known: map[string]bool{}}
	for {
		// Asked before it is read on: what an ended run wrote is all there then.
		over, err := p.over(ctx)
		if err != nil {
			return err
		}
		if err := p.refresh(ctx); err != nil {
			return err
		}
		if err := p.deliver(ctx, over || !follow, to); err != nil {
			return err
		}
		if over || !follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(glance):
		}
	}
}

// replay merges the events of the database with the lines of the log files, by their numbers.
type replay struct {
	*Reader
	run    string
	known  map[string]bool // log files by name
	logs   logHeap
	idle   []*logReader // those that have nothing now, and may have more
	events []numbered
	read   int64 // the last event that was read
	last   int64 // the last one that was handed on
}

func (p *replay) over(ctx context.Context) (bool, error) {
	runs, err := p.Runs(ctx, Filter{Prefix: p.run, Limit: 1})
	if err != nil {
		return false, err
	}
	return len(runs) == 0 || !runs[0].Under(), nil
}

// refresh looks for events and lines that are new.
func (p *replay) refresh(ctx context.Context) error {
	if err := p.page(ctx); err != nil {
		return err
	}
	idle := p.idle
	p.idle = nil
	for _, l := range idle {
		if err := p.put(l); err != nil {
			return err
		}
	}
	return p.newLogs()
}

func (p *replay) page(ctx context.Context) error {
	if len(p.events) > 0 {
		return nil
	}
	rows, err := p.db.QueryContext(ctx, `SELECT seq, data FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?`, p.run, p.read, page)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n numbered
		var data []byte
		if err := rows.Scan(&n.seq, &data); err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if err := json.Unmarshal(data, &n.Event); err != nil {
			return fmt.Errorf("read event %d: %w", n.seq, err)
		}
		n.Duration = time.Duration(n.Seconds * float64(time.Second))
		p.events = append(p.events, n)
		p.read = n.seq
	}
	return rows.Err()
}

func (p *replay) newLogs() error {
	dir := filepath.Join(p.dir, "runs", p.run, "logs")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if p.known[e.Name()] {
			continue
		}
		l, err := openLog(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		if l == nil {
			continue
		}
		p.known[e.Name()] = true
		l.text, l.offset = nil, l.offset-int64(len(l.text)) // read again when it is its turn
		heap.Push(&p.logs, l)
	}
	return nil
}

// put makes a log take part when it has a next line.
func (p *replay) put(l *logReader) error {
	n, err := l.peek()
	switch {
	case errors.Is(err, errTorn):
		return nil
	case err != nil:
		return err
	case n == nil:
		p.idle = append(p.idle, l)
		return nil
	}
	heap.Push(&p.logs, l)
	return nil
}

// deliver hands on what is there without a gap; with all, across gaps too.
func (p *replay) deliver(ctx context.Context, all bool, to event.Sink) error {
	looked := false
	for ctx.Err() == nil {
		if len(p.events) == 0 {
			if err := p.page(ctx); err != nil {
				return err
			}
		}
		n, err := p.least()
		if err != nil || n == nil {
			return err
		}
		if n.seq > p.last+1 && !all && !looked {
			if err := p.refresh(ctx); err != nil {
				return err
			}
			looked = true
			continue
		}
		if n.seq > p.last+1 && !all {
			return nil
		}
		looked = false
		p.last = n.seq
		e := n.Event
		if err := p.advance(n); err != nil {
			return err
		}
		to(e)
	}
	return ctx.Err()
}

// least is the earliest of what is next.
func (p *replay) least() (*numbered, error) {
	for len(p.logs) > 0 {
		l := p.logs[0]
		if len(p.events) > 0 && p.events[0].seq < l.at() {
			return &p.events[0], nil
		}
		n, err := l.peek()
		if n != nil && err == nil {
			return n, nil
		}
		heap.Pop(&p.logs)
		if err != nil && !errors.Is(err, errTorn) {
			return nil, err
		}
		if err == nil {
			p.idle = append(p.idle, l)
		}
	}
	if len(p.events) > 0 {
		return &p.events[0], nil
	}
	return nil, nil
}

func (p *replay) advance(n *numbered) error {
	if len(p.events) > 0 && n == &p.events[0] {
		p.events = p.events[1:]
		return nil
	}
	l := heap.Pop(&p.logs).(*logReader)
	l.next = nil
	return p.put(l)
}

// at is the number of a log's next line, which for one that was not read yet its head says.
func (r *logReader) at() int64 {
	if r.next == nil {
		return r.head.First
	}
	return r.next.seq
}

// logHeap is a heap by the number of the next line.
type logHeap []*logReader

func (h logHeap) Len() int           { return len(h) }
func (h logHeap) Less(i, j int) bool { return h[i].at() < h[j].at() }
func (h logHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for package heap.
func (h *logHeap) Push(x any) { *h = append(*h, x.(*logReader)) }

// Pop is for package heap.
func (h *logHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
