package journal

import (
	"database/sql"
	"os"
	"path/filepath"
	"sync"
)

// Ahead is the database of a store, opened while it is found out what will be written there: one processor makes
// a plan, and another is free.
type Ahead struct {
	dir  string
	open func() (*sql.DB, error)
}

// OpenAhead begins to open the database in a store's folder, where there is one. It is for a process that starts a
// run there or ends: nothing else closes what was opened.
func OpenAhead(dir string) *Ahead {
	a := &Ahead{dir, sync.OnceValues(func() (*sql.DB, error) { return open(dir) })}
	if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
		go func() { _, _ = a.open() }() // Start tells of what went wrong
	}
	return a
}

// Start is the function Start, in the folder that OpenAhead was given. It is called once.
func (a *Ahead) Start(info Info, limits Limits) *Journal {
	return begin(a.dir, info, limits, nil, a.open)
}
