package journal

import (
	"database/sql"
	"strings"
)

// chunks are how many rows one statement writes: the most stays below the number of parameters that
// SQLite takes, and a few sizes are enough to make any number of a few statements.
var chunks = []int{50, 10, 1}

// insert writes rows into one table, by statements that are read once.
type insert struct {
	into  string // "INSERT INTO events VALUES "
	row   string // "(?1,?,?)"; ?1 is the run
	run   string
	ready [3]*sql.Stmt // for each of chunks
}

// prepare makes the statements that so many rows need. It must not be called inside a transaction,
// which has the only connection.
func (i *insert) prepare(db *sql.DB, rows int) (err error) {
	for at, size := range chunks {
		if rows >= size && i.ready[at] == nil {
			if i.ready[at], err = db.Prepare(i.into + strings.TrimSuffix(strings.Repeat(i.row+",", size), ",")); err != nil {
				return err
			}
		}
		rows %= size
	}
	return nil
}

// write writes n rows, whose values behind the run add appends to those it is given.
func (i *insert) write(tx *sql.Tx, n int, add func(to []any, row int) ([]any, error)) (err error) {
	row := 0
	var args []any
	for at, size := range chunks {
		for ; n-row >= size; row += size {
			args = append(args[:0], i.run)
			for part := range size {
				if args, err = add(args, row+part); err != nil {
					return err
				}
			}
			if _, err := tx.Stmt(i.ready[at]).Exec(args...); err != nil {
				return err
			}
		}
	}
	return nil
}
