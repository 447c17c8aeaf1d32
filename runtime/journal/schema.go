package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// migrations lead from each version of the schema to the next; the version of a database is
// how many it has seen. One that was released never changes.
//
// In the first version, times are microseconds since 1970; runs.origin is the CI event, ” for a
// person; plan_steps are the paths in the order of the plan, as JSON; a status is running, ready,
// waiting or an outcome; steps.instance is the number of an instance of a for, ” for a step;
// seq counts all events of a run, output included; cached, result and data are JSON, masked.
//
// The second is for runs that go on: steps.element is what an instance is about, steps.place the target
// of its last attempt, steps.first the attempt from which on they count for retry, steps.sealed the result where the masked one is not whole; attached is what
// a run is told of besides its events. anchors say where append-only files end.
//
// The third keeps what is attached in a table with row ids: in one without, SQLite reads whole plans to find the
// place of a name among them.
var migrations = []string{`
CREATE TABLE runs (
	id TEXT PRIMARY KEY,
	pipeline TEXT NOT NULL,
	file TEXT NOT NULL,
	profile TEXT NOT NULL,
	root TEXT NOT NULL,
	commit_id TEXT NOT NULL,
	origin TEXT NOT NULL,
	plan TEXT NOT NULL,
	context TEXT NOT NULL,
	plan_steps TEXT NOT NULL,
	started INTEGER NOT NULL,
	ended INTEGER,
	status TEXT NOT NULL,
	reason TEXT NOT NULL,
	cause TEXT NOT NULL,
	result TEXT
) WITHOUT ROWID;
CREATE INDEX runs_started ON runs (started);
CREATE TABLE steps (
	run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	path TEXT NOT NULL,
	instance TEXT NOT NULL,
	seq INTEGER NOT NULL,
	status TEXT NOT NULL,
	allowed INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	started INTEGER,
	ended INTEGER,
	seconds REAL NOT NULL,
	exit_code INTEGER,
	reason TEXT NOT NULL,
	cause TEXT NOT NULL,
	cached TEXT,
	result TEXT,
	PRIMARY KEY (run, path)
) WITHOUT ROWID;
CREATE TABLE events (
	run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
`, `
ALTER TABLE steps ADD COLUMN element TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN first INTEGER NOT NULL DEFAULT 1;
ALTER TABLE steps ADD COLUMN sealed BLOB;
CREATE TABLE attached (
	run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE anchors (
	name TEXT PRIMARY KEY,
	lines INTEGER NOT NULL,
	hash TEXT NOT NULL
) WITHOUT ROWID;
`, `
CREATE TABLE attachments (
	run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	data BLOB NOT NULL,
	UNIQUE (run, name)
);
INSERT INTO attachments SELECT run, name, data FROM attached;
DROP TABLE attached;
ALTER TABLE attachments RENAME TO attached;
`}

const (
	file      = "journal.db"
	patience  = 20 * time.Second // with other processes that open the same database
	shortRest = 10 * time.Millisecond
)

// ErrNewer is wrapped where a journal was written by a later version of pipe.
var ErrNewer = errors.New("the journal was written by a newer version of pipe")

// pragmas of every connection: WAL lets readers and the one writer at a time live side by side, and
// FULL makes what is committed last when the machine stops. What a statement would undo alone is kept in memory: a
// transaction is undone as a whole.
const pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_txlock=immediate"

// open opens the database with one connection and brings it to the newest schema.
func open(dir string) (*sql.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, file)
	if err := usable(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: pragmas}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := patiently(func() error { return migrate(db) }); err != nil {
		return nil, errors.Join(&fs.PathError{Op: "read", Path: path, Err: err}, db.Close())
	}
	return db, nil
}

// usable makes the database's file where there is none, since SQLite would let the group read it, and says why one that
// is there cannot be written. It does not open that one: with any descriptor of a file that is closed go all locks that
// the process has on it, those of SQLite's other connections too.
func usable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

// patiently tries again while other processes are in the way: changing a database to WAL does
// not heed busy_timeout.
func patiently(f func() error) error {
	for until := time.Now().Add(patience); ; time.Sleep(shortRest) {
		err := f()
		if !isBusy(err) || time.Now().After(until) {
			return err
		}
	}
}

// noRoom reports whether something could not be written because a disk or a quota is full.
func noRoom(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL ||
		errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// full makes an error of SQLite's that says so one of the system's.
func full(err error) error {
	if err != nil && noRoom(err) && !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", syscall.ENOSPC, err)
	}
	return err
}

func isBusy(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	primary := e.Code() & 0xff
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

func migrate(db *sql.DB) error {
	if v, err := versionOf(db.QueryRow("PRAGMA user_version")); err != nil || v == len(migrations) {
		return err
	}
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Asked again: another process may have been faster.
	version, err := versionOf(tx.QueryRow("PRAGMA user_version"))
	if err != nil {
		return err
	}
	for ; version < len(migrations); version++ {
		if _, err := tx.Exec(migrations[version]); err != nil {
			return fmt.Errorf("bring the journal to version %d: %w", version+1, err)
		}
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}

func versionOf(row *sql.Row) (version int, err error) {
	if err := row.Scan(&version); err != nil {
		return 0, err
	}
	if version > len(migrations) {
		return 0, fmt.Errorf("%w: its version is %d, this one knows %d", ErrNewer, version, len(migrations))
	}
	return version, nil
}
