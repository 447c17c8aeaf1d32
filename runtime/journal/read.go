package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// The statuses of a run besides the outcomes of package engine.
const (
	Running     = "running"
	Interrupted = "interrupted" // it says running, and its supervisor is gone
)

// Run is one run as it is written down.
type Run struct {
	Info
	Plan, Context string // digests
	Status        string // Running, Interrupted, or an outcome
	Ended         time.Time
	Reason, Cause string
	Branch        string // that was checked out, "" where none was or nobody knows
	Result        json.RawMessage
}

// Under reports whether the run is under way.
func (r Run) Under() bool { return r.Status == Running }

// Step is one step or instance as it is written down.
type Step struct {
	Path     string
	Status   string // ready, waiting, running, Interrupted, or an outcome
	Allowed  bool
	Attempts int
	Started  time.Time // zero for what never started
	Ended    time.Time // zero for what has not ended
	Duration time.Duration
	ExitCode *int
	Reason   string
	Cause    string
	Cached   *event.Origin
	Result   json.RawMessage
	// Element stands for what an instance of a `for` is about, Place is the target of the last
	// attempt, and Sealed the result where Result does not show it whole.
	Element string
	Place   string
	First   int // attempt from which on they count for retry
	Sealed  []byte

	seq int64
}

// Reader reads the journal of a store, while runs write it or not.
type Reader struct {
	dir   string
	db    *sql.DB // nil where nothing was ever written
	done  func() error
	alive func(run string) bool
}

// Open opens the journal in a store's folder. alive tells whether the supervisor of a run that
// has not ended lives. A store in which nothing can be written is read all the same.
func Open(dir string, alive func(run string) bool) (*Reader, error) {
	r := &Reader{dir: dir, alive: alive}
	if _, err := os.Stat(filepath.Join(dir, file)); errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	var err error
	if r.db, r.done, err = openToRead(dir); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	return r, nil
}

// Close ends the reading.
func (r *Reader) Close() error {
	if r.db == nil {
		return nil
	}
	return r.done()
}

// unreadable says which file it is that an error is about, nil for none.
func (r *Reader) unreadable(err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "read", Path: filepath.Join(r.dir, file), Err: err}
}

// Filter chooses runs. The zero value is every run.
type Filter struct {
	Root  string // of one repository
	Limit int
	// Prefix is what the ids begin with, Commit what the commits do.
	Prefix, Commit string
	// Pipeline and Branch are names, Status is as Run has it, Since the earliest start.
	Pipeline, Branch, Status string
	Since                    time.Time
}

// sqlStatus is the status as the database has it, which does not know what became of a run that
// it believes to be under way.
func (f Filter) sqlStatus() string {
	if f.Status == Interrupted {
		return Running
	}
	return f.Status
}

func (f Filter) since() int64 {
	if f.Since.IsZero() {
		return 0
	}
	return f.Since.UnixMicro()
}

// Runs gives the runs that a filter chooses, newest first.
func (r *Reader) Runs(ctx context.Context, f Filter) ([]Run, error) {
	if r.db == nil {
		return nil, nil
	}
	rows, err := r.db.QueryContext(ctx, `SELECT id, pipeline, file, profile, root, commit_id, origin, plan_steps, plan, context, started, ended, status, reason, cause, result,
		coalesce((SELECT CAST(data AS TEXT) FROM attached WHERE run = runs.id AND name = 'branch'), '') AS branch
		FROM runs WHERE (?1 = '' OR root = ?1) AND substr(id, 1, length(?2)) = ?2 AND substr(commit_id, 1, length(?3)) = ?3
		AND (?4 = '' OR pipeline = ?4) AND (?5 = '' OR status = ?5) AND started >= ?6 AND (?7 = '' OR branch = ?7)
		ORDER BY started DESC, id DESC`, f.Root, f.Prefix, f.Commit, f.Pipeline, f.sqlStatus(), f.since(), f.Branch)
	if err != nil {
		return nil, r.unreadable(err)
	}
	defer rows.Close()
	var out []Run
	for (f.Limit <= 0 || len(out) < f.Limit) && rows.Next() {
		run, err := scanRun(rows)
		if err != nil {
			return nil, r.unreadable(err)
		}
		if run.Status == Running && !r.alive(run.ID) {
			run.Status = Interrupted
		}
		if f.Status == "" || run.Status == f.Status {
			out = append(out, run)
		}
	}
	return out, r.unreadable(rows.Err())
}

func scanRun(rows *sql.Rows) (Run, error) {
	var run Run
	var steps string
	var started int64
	var ended sql.NullInt64
	var result sql.NullString
	err := rows.Scan(&run.ID, &run.Pipeline, &run.File, &run.Profile, &run.Root, &run.Commit, &run.Trigger, &steps, &run.Plan, &run.Context,
		&started, &ended, &run.Status, &run.Reason, &run.Cause, &result, &run.Branch)
	if err != nil {
		return run, err
	}
	run.Started, run.Ended, run.Result = time.UnixMicro(started), timeOf(ended), rawOf(result)
	return run, json.Unmarshal([]byte(steps), &run.Steps)
}

func timeOf(t sql.NullInt64) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return time.UnixMicro(t.Int64)
}

func rawOf(s sql.NullString) json.RawMessage {
	if !s.Valid {
		return nil
	}
	return json.RawMessage(s.String)
}

// Steps gives the steps of a run that are ready or further, in the order of the plan, the
// instances of a step behind it by number.
func (r *Reader) Steps(ctx context.Context, run Run) ([]Step, error) {
	if r.db == nil {
		return nil, nil
	}
	rows, err := r.db.QueryContext(ctx, `SELECT path, status, allowed, attempts, started, ended, seconds, exit_code, reason, cause, cached, result, element, place, first, sealed, seq
		FROM steps WHERE run = ? ORDER BY seq`, run.ID)
	if err != nil {
		return nil, r.unreadable(err)
	}
	defer rows.Close()
	var out []Step
	for rows.Next() {
		s, err := scanStep(rows)
		if err != nil {
			return nil, r.unreadable(err)
		}
		if s.Ended.IsZero() && s.Status == "running" && !run.Under() {
			s.Status = Interrupted
		}
		out = append(out, s)
	}
	inOrder(out, run.Steps)
	return out, r.unreadable(rows.Err())
}

func scanStep(rows *sql.Rows) (s Step, err error) {
	var started, ended, exit sql.NullInt64
	var seconds float64
	var cached, result sql.NullString
	err = rows.Scan(&s.Path, &s.Status, &s.Allowed, &s.Attempts, &started, &ended, &seconds, &exit, &s.Reason, &s.Cause, &cached, &result, &s.Element, &s.Place, &s.First, &s.Sealed, &s.seq)
	if err != nil {
		return s, err
	}
	s.Started, s.Ended, s.Result = timeOf(started), timeOf(ended), rawOf(result)
	s.Duration = time.Duration(seconds * float64(time.Second))
	if exit.Valid {
		code := int(exit.Int64)
		s.ExitCode = &code
	}
	if cached.Valid {
		err = json.Unmarshal([]byte(cached.String), &s.Cached)
	}
	return s, err
}

// inOrder sorts steps as the plan has them, instances by number, each above what is below it;
// what the plan does not name keeps its order, at the end.
func inOrder(steps []Step, plan []string) {
	place := make(map[string]int, len(plan))
	for i, path := range plan {
		place[path] = i
	}
	keys := make(map[string][]int, len(steps))
	for _, s := range steps {
		keys[s.Path] = orderOf(s.Path, place)
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return slices.Compare(keys[a.Path], keys[b.Path]) })
}

// orderOf is, for each part of a path, its place in the plan and its number among instances.
func orderOf(path string, place map[string]int) (out []int) {
	base := ""
	for part := range strings.SplitSeq(path, "/") {
		name, rest, _ := strings.Cut(part, "[")
		base += name
		at, ok := place[base]
		if !ok {
			at = len(place)
		}
		number := -1 // the step itself stands above its instances
		if n, err := strconv.Atoi(strings.TrimSuffix(rest, "]")); err == nil {
			number = n
		}
		out = append(out, at, number)
		base += "/"
	}
	return out
}
