package journal

import (
	"database/sql"
	"errors"
	"fmt"
)

// Anchors remember where append-only files of a store end, in its journal's database.
type Anchors struct{ Dir string }

// Anchor gives how many lines a file had and the hash of the last; 0 and "" before the first.
func (a Anchors) Anchor(name string) (lines int64, hash string, err error) {
	err = a.with(openToRead, func(db *sql.DB) error {
		err := db.QueryRow("SELECT lines, hash FROM anchors WHERE name = ?", name).Scan(&lines, &hash)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return lines, hash, err
}

// SetAnchor remembers how many lines a file has and the hash of the last.
func (a Anchors) SetAnchor(name string, lines int64, hash string) error {
	return a.with(openToWrite, func(db *sql.DB) error {
		return patiently(func() error {
			_, err := db.Exec("INSERT OR REPLACE INTO anchors VALUES (?,?,?)", name, lines, hash)
			return err
		})
	})
}

func openToWrite(dir string) (db *sql.DB, done func() error, err error) {
	if db, err = open(dir); err != nil {
		return nil, nil, err
	}
	return db, db.Close, nil
}

func (a Anchors) with(open func(string) (*sql.DB, func() error, error), f func(*sql.DB) error) error {
	db, done, err := open(a.Dir)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	return errors.Join(f(db), done())
}
