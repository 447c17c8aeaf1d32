package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// Past is a run as the processes before left it, for the one that goes on with it.
type Past struct {
	Run   Run
	Steps []Step // as Reader.Steps gives them
	// Hooks are the pipelines whose steps have ended and whose hooks have not been decided anew
	// since, by path; "" is the run's own. The event says how the steps ended.
	Hooks map[string]event.Event
	// Attached is what the run was told of besides its events, by name.
	Attached map[string][]byte

	rows map[string]*stepRow
	logs map[stepAttempt]pastLog // of attempts that have not ended
	last int64
}

// Written is where the streams of an attempt stand whose end is not written down.
func (p *Past) Written(step string, attempt int) map[event.Stream]event.Position {
	return p.logs[stepAttempt{step, attempt}].positions()
}

// Past reads what another process must know to go on with a run that none writes any more. With
// cut, what a crash tore off the ends of its log files is removed.
func (r *Reader) Past(ctx context.Context, run Run, cut bool) (*Past, error) {
	p := &Past{Run: run, Hooks: map[string]event.Event{}, Attached: map[string][]byte{}, rows: map[string]*stepRow{}}
	var err error
	if p.Steps, err = r.Steps(ctx, run); err != nil {
		return nil, err
	}
	for i := range p.Steps {
		p.rows[p.Steps[i].Path] = rowOf(&p.Steps[i])
	}
	for _, read := range []func(context.Context, *Past) error{r.lastEvent, r.hooks, r.attached} {
		if err := read(ctx, p); err != nil {
			return nil, r.unreadable(err)
		}
	}
	if p.logs, err = pastLogs(filepath.Join(r.dir, "runs", run.ID, "logs"), p.ended, cut); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	for _, log := range p.logs {
		p.last = max(p.last, log.last)
	}
	return p, nil
}

// ended reports whether it is written down how an attempt ended; then its log is whole.
func (p *Past) ended(at stepAttempt) bool {
	row := p.rows[at.step]
	return row != nil && (row.ended.Valid || row.status == Again || at.attempt < row.attempts)
}

func rowOf(s *Step) *stepRow {
	row := &stepRow{path: s.Path, instance: instanceOf(s.Path), seq: s.seq, status: s.Status, allowed: s.Allowed, attempts: s.Attempts,
		seconds: s.Duration.Seconds(), reason: s.Reason, cause: s.Cause, element: s.Element, place: s.Place, first: s.First, sealed: s.Sealed, result: text(s.Result)}
	if !s.Started.IsZero() {
		row.started = micros(s.Started)
	}
	if !s.Ended.IsZero() {
		row.ended = micros(s.Ended)
	}
	if s.ExitCode != nil {
		row.exit = sql.NullInt64{Int64: int64(*s.ExitCode), Valid: true}
	}
	if s.Cached != nil {
		if raw, err := json.Marshal(s.Cached); err == nil {
			row.cached = string(raw)
		}
	}
	return row
}

func (r *Reader) lastEvent(ctx context.Context, p *Past) error {
	return r.db.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM events WHERE run = ?", p.Run.ID).Scan(&p.last)
}

// hooks finds those that had begun: later events put earlier ones out of force.
func (r *Reader) hooks(ctx context.Context, p *Past) error {
	rows, err := r.db.QueryContext(ctx, `SELECT data FROM events WHERE run = ? AND json_extract(data, '$.type') IN (?, ?) ORDER BY seq`,
		p.Run.ID, event.HooksStarted, event.RunResumed)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var data []byte
		var e event.Event
		if err := rows.Scan(&data); err != nil {
			return err
		}
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		e.Duration = time.Duration(e.Seconds * float64(time.Second))
		if e.Type == event.HooksStarted {
			p.Hooks[e.Step] = e
		}
		for _, path := range e.Reset {
			if step, ok := strings.CutSuffix(path, "/"); ok {
				delete(p.Hooks, step)
			}
		}
	}
	return rows.Err()
}

func (r *Reader) attached(ctx context.Context, p *Past) (err error) {
	p.Attached, err = r.Attached(ctx, p.Run.ID)
	return err
}

// Attached is what a run was told of besides its events, by name.
func (r *Reader) Attached(ctx context.Context, run string) (map[string][]byte, error) {
	out := map[string][]byte{}
	rows, err := r.db.QueryContext(ctx, "SELECT name, data FROM attached WHERE run = ?", run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var data []byte
		if err := rows.Scan(&name, &data); err != nil {
			return nil, err
		}
		out[name] = data
	}
	return out, rows.Err()
}
