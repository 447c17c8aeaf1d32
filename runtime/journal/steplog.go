package journal

import (
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

// Output hands what one attempt of a step wrote to a sink, in order, and nothing where it wrote
// nothing. It reads one file, however much the others wrote.
func (r *Reader) Output(run, step string, attempt int, to event.Sink) error {
	l, err := openLog(filepath.Join(r.dir, "runs", run, "logs", logName(step, attempt)))
	if errors.Is(err, fs.ErrNotExist) || err == nil && l == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the log of %s: %w", step, err)
	}
	for {
		n, err := l.peek()
		if n == nil || err != nil {
			if errors.Is(err, errTorn) {
				err = nil
			}
			return err
		}
		l.next = nil
		to(n.Event)
	}
}

// Wrote reports whether something that is no step wrote output under a path: a service of a pipeline.
func (r *Reader) Wrote(run, path string) bool {
	_, err := os.Stat(filepath.Join(r.dir, "runs", run, "logs", logName(path, 1)))
	return err == nil
}

// Events hands the events of a run that are no output to a sink, in order.
func (r *Reader) Events(ctx context.Context, run string, to event.Sink) error {
	if r.db == nil {
		return nil
	}
	rows, err := r.db.QueryContext(ctx, `SELECT data FROM events WHERE run = ? ORDER BY seq`, run)
	if err != nil {
		return r.unreadable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var data []byte
		var e event.Event
		if err := rows.Scan(&data); err != nil {
			return r.unreadable(err)
		}
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		e.Duration = time.Duration(e.Seconds * float64(time.Second))
		to(e)
	}
	return r.unreadable(rows.Err())
}
