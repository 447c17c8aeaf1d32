package journal

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// openToRead opens the database of a store. Where nothing can be written there, it is a copy that goes
// with done: SQLite itself must write to read what a process that is gone left in its log.
func openToRead(dir string) (db *sql.DB, done func() error, err error) {
	db, err = open(dir)
	if err == nil {
		return db, db.Close, nil
	}
	if !errors.Is(err, syscall.EROFS) && !errors.Is(err, fs.ErrPermission) {
		return nil, nil, err
	}
	lent, copyErr := copyOf(dir)
	if copyErr != nil {
		return nil, nil, errors.Join(err, copyErr)
	}
	if db, err = open(lent); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(lent))
	}
	return db, func() error { return errors.Join(db.Close(), os.RemoveAll(lent)) }, nil
}

// copyTries is how often a database is copied that changes meanwhile.
const copyTries = 5

// copyOf copies the database of a store, with its log, to a folder of its own.
func copyOf(dir string) (lent string, err error) {
	if lent, err = os.MkdirTemp("", "pipe-journal-"); err != nil {
		return "", err
	}
	names := []string{file, file + "-wal"}
	for range copyTries {
		before := looks(dir, names)
		for _, name := range names {
			err = errors.Join(err, copyFile(filepath.Join(dir, name), filepath.Join(lent, name)))
		}
		if err != nil {
			return "", errors.Join(err, os.RemoveAll(lent))
		}
		if looks(dir, names) == before {
			return lent, nil
		}
	}
	return "", errors.Join(fmt.Errorf("%s is written all the time, and nothing can be written beside it", filepath.Join(dir, file)), os.RemoveAll(lent))
}

// looks is another text when one of the files is another.
func looks(dir string, names []string) (text string) {
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			text += fmt.Sprint(info.Size(), info.ModTime().UnixNano(), " ")
		}
	}
	return text
}

// copyFile copies a file, if it is there.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
