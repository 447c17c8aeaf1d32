// Package audit keeps who decided what in an append-only file whose lines hang on each other: each
// has the hash of the one before, so that one that is edited, dropped or moved is found, and an
// anchor kept elsewhere tells when the end is missing. It knows nothing of runs, approvals and
// people beyond their names, and never decides what is worth a line.
package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Entry is one line.
type Entry struct {
	Line int64     `json:"line"` // from 1
	Time time.Time `json:"time"`
	Who  string    `json:"who"`  // user@host
	What string    `json:"what"` // one of the words of whoever writes
	Run  string    `json:"run,omitempty"`
	Step string    `json:"step,omitempty"`
	// Comment is what the person said, Bound what the decision holds for, by name.
	Comment string            `json:"comment,omitempty"`
	Bound   map[string]string `json:"bound,omitempty"`
	Before  string            `json:"before"` // the hash of the line before, "" for the first
	Hash    string            `json:"hash"`   // of this one, with this field empty
}

// Anchor remembers outside of the file where it ends. Its methods are called by one process at a time.
type Anchor interface {
	// Anchor gives how many lines there are and the hash of the last; 0 and "" before the first.
	Anchor(name string) (lines int64, hash string, err error)
	SetAnchor(name string, lines int64, hash string) error
}

// name is that of the log's anchor.
const name = "audit"

// Log is an audit log. Several processes may append to it at any time.
type Log struct {
	dir    string
	anchor Anchor
}

// Open gives the log in a folder, which exists; the log itself need not.
func Open(dir string, anchor Anchor) *Log { return &Log{dir, anchor} }

func (l *Log) path() string { return filepath.Join(l.dir, "audit.log") }

// Append writes an entry behind all others, for good. Line, Before and Hash are set by it.
func (l *Log) Append(e Entry) error {
	return l.alone(func() error {
		f, err := os.OpenFile(l.path(), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(l.appendTo(f, e), f.Close())
	})
}

func (l *Log) appendTo(f *os.File, e Entry) error {
	end, last, err := whole(f)
	if err != nil {
		return err
	}
	if err := l.holds(last); err != nil {
		return err
	}
	e.Line, e.Before, e.Hash = last.Line+1, last.Hash, ""
	if e.Hash, err = hash(e); err != nil {
		return err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	// What a crash tore off the last line is no line: nobody was told that it is there.
	if err := f.Truncate(end); err != nil {
		return err
	}
	_, err = f.WriteAt(append(text, '\n'), end)
	if err = errors.Join(err, f.Sync()); err != nil {
		return fmt.Errorf("write the audit log: %w", errors.Join(err, f.Truncate(end)))
	}
	return l.anchor.SetAnchor(name, e.Line, e.Hash)
}

// holds refuses to write behind a log whose end is missing: the anchor would hide it.
func (l *Log) holds(last Entry) error {
	lines, _, err := l.anchor.Anchor(name)
	if err == nil && lines > last.Line {
		return fmt.Errorf("the audit log ends at line %d and had %d: `pipe audit verify` says more, and nothing is written until it is whole", last.Line, lines)
	}
	return err
}

// whole gives where the last whole line ends, and that line.
func whole(f *os.File) (end int64, last Entry, err error) {
	in := bufio.NewReader(f)
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, last, nil
		}
		if err != nil {
			return 0, last, err
		}
		last = Entry{}
		if err := json.Unmarshal(text, &last); err != nil {
			return 0, last, fmt.Errorf("the audit log is damaged at byte %d: `pipe audit verify` says more", end)
		}
		end += int64(len(text))
	}
}

func hash(e Entry) (string, error) {
	e.Hash = ""
	text, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Entries are all lines, as far as they can be read. They are not verified.
func (l *Log) Entries() ([]Entry, error) {
	text, err := os.ReadFile(l.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Entry
	for line := range bytes.Lines(text) {
		var e Entry
		if json.Unmarshal(line, &e) == nil {
			out = append(out, e)
		}
	}
	return out, nil
}

// Proven gives all lines as far as they can be read, and the index from which on they are as they were
// written: they hang on each other up to where the anchor says that the log ends.
func (l *Log) Proven() (all []Entry, from int, err error) {
	anchored, want, err := l.anchor.Anchor(name) // before the text, which only grows
	if err != nil {
		return nil, 0, err
	}
	text, err := os.ReadFile(l.path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, err
	}
	var last Entry
	whole := anchored == 0
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		e, err := follows(last, line)
		if err != nil { // those before hang on nothing that follows
			_ = json.Unmarshal(line, &e)
			from = len(all)
			if _, err := follows(Entry{Line: e.Line - 1, Hash: e.Before}, line); err != nil {
				from++ // nor is this one what was written
			}
		}
		whole = whole || e.Line == anchored && e.Hash == want
		all, last = append(all, e), e
	}
	if !whole {
		from = len(all)
	}
	return all, from, nil
}

// FaultError says what is wrong with a log, and where.
type FaultError struct {
	Line    int64 // in the file, from 1
	Message string
}

func (e *FaultError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Verify gives how many lines stand as they were written. The error is a *FaultError for the first that does not.
func (l *Log) Verify() (lines int64, err error) {
	err = l.alone(func() error {
		lines, err = l.verify()
		return err
	})
	if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) { // then nobody here writes to it
		return l.verify()
	}
	return lines, err
}

func (l *Log) verify() (int64, error) {
	text, err := os.ReadFile(l.path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	anchored, want, err := l.anchor.Anchor(name)
	if err != nil {
		return 0, err
	}
	var last Entry
	for line := range bytes.Lines(text) {
		at := last.Line + 1
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // torn by a crash, and never acknowledged
		}
		if last, err = follows(last, line); err != nil {
			return at - 1, &FaultError{at, err.Error()}
		}
		if last.Line == anchored && last.Hash != want {
			return at - 1, &FaultError{at, "it is another line than the one that was written here: the log was replaced up to it"}
		}
	}
	if last.Line < anchored {
		return last.Line, &FaultError{last.Line + 1, fmt.Sprintf("it is missing: the log had %d lines", anchored)}
	}
	return last.Line, nil
}

// follows reads a line and checks that it is the one after last.
func follows(last Entry, line []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return last, errors.New("it cannot be read")
	}
	want, err := hash(e)
	again, _ := json.Marshal(e) // what was read can be written
	switch {
	case err != nil:
		return last, err
	case e.Line != last.Line+1:
		return last, fmt.Errorf("line %d stands here: lines were dropped or moved", e.Line)
	case want != e.Hash || !bytes.Equal(append(again, '\n'), line):
		return last, errors.New("it is not what was written: its hash is another one")
	case e.Before != last.Hash:
		return last, errors.New("it does not hang on the line before: that one was replaced, or lines were moved")
	}
	return e, nil
}
