package parser

import (
	"sync"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/token"
)

// room is where stands what is needed while a file is read. No tree has any of it.
type room struct {
	lexed   []token.Token
	toks    []lexer.Token
	pending []entry
	entries []entry // of bodies, one behind the other
}

var rooms = sync.Pool{New: func() any { return &room{pending: make([]entry, 0, 32)} }}

// roomy is how many tokens and entries of the largest file the room is kept for.
const roomy = 1 << 15

// entriesOf keeps entries until the file is read.
func (r *room) entriesOf(list []entry) []entry {
	if r == nil {
		return append([]entry(nil), list...)
	}
	if cap(r.entries)-len(r.entries) < len(list) {
		r.entries = make([]entry, 0, max(2*cap(r.entries), len(list), 64)) // those before stay with their bodies
	}
	from := len(r.entries)
	r.entries = append(r.entries, list...)
	return r.entries[from:len(r.entries):len(r.entries)]
}

// leave lets the next file have the room.
func (r *room) leave() {
	if max(cap(r.lexed), cap(r.toks), cap(r.pending), cap(r.entries)) > roomy {
		return
	}
	clear(r.toks) // tokens and entries would keep the text
	clear(r.entries)
	clear(r.pending[:cap(r.pending)])
	r.entries = r.entries[:0]
	rooms.Put(r)
}
