package script

import "mvdan.cc/sh/v3/syntax"

// sheet is where the tree of a plain script stands while it is walked. The next one gets its room.
type sheet struct {
	list        []*syntax.Stmt
	stmts       room[syntax.Stmt]
	calls       room[syntax.CallExpr]
	binaries    room[syntax.BinaryCmd]
	wordRoom    room[syntax.Word]
	assignments room[syntax.Assign]
	targets     room[syntax.Redirect]
	lits        room[syntax.Lit]
	doubles     room[syntax.DblQuoted]
	singles     room[syntax.SglQuoted]
	params      room[syntax.ParamExp]

	words     row[*syntax.Word]
	assigns   row[*syntax.Assign]
	redirects row[*syntax.Redirect]
	parts     row[syntax.WordPart]
	pending   []syntax.WordPart // of the words that are being read, one within the other
}

// partsSince are the parts that a word, or a text in double quotes, was found to have.
func (s *sheet) partsSince(from int) []syntax.WordPart {
	start := len(s.parts.list)
	s.parts.list = append(s.parts.list, s.pending[from:]...)
	s.pending = s.pending[:from]
	return s.parts.since(start)
}

// roomy is how many words and pieces of words room is kept for.
const roomy = 1 << 12

// leave lets the next script have the room, unless there is far more than most scripts take.
func (s *sheet) leave() {
	if len(s.lits.all)+cap(s.words.list)+cap(s.parts.list) > roomy {
		*s = sheet{}
		return
	}
	clear(s.list)
	clear(s.pending[:cap(s.pending)])
	s.list, s.pending = s.list[:0], s.pending[:0]
	s.stmts.leave()
	s.calls.leave()
	s.binaries.leave()
	s.wordRoom.leave()
	s.assignments.leave()
	s.targets.leave()
	s.lits.leave()
	s.doubles.leave()
	s.singles.leave()
	s.params.leave()
	s.words.leave()
	s.assigns.leave()
	s.redirects.leave()
	s.parts.leave()
}

// room is for values that are pointed to.
type room[T any] struct {
	all  []T
	used int
}

// next is one that is zero.
func (r *room[T]) next() *T {
	if r.used == len(r.all) {
		r.all, r.used = make([]T, max(8, 2*len(r.all))), 0 // what is there already stays where it is
	}
	r.used++
	return &r.all[r.used-1]
}

func (r *room[T]) leave() {
	clear(r.all[:r.used])
	r.used = 0
}

// row is for lists that stand one behind the other.
type row[T any] struct{ list []T }

func (r *row[T]) push(x T) { r.list = append(r.list, x) }

// since is the list that began at a place; nil when it is empty, as the parser has it.
func (r *row[T]) since(start int) []T {
	if start == len(r.list) {
		return nil
	}
	return r.list[start:len(r.list):len(r.list)]
}

func (r *row[T]) leave() {
	clear(r.list)
	r.list = r.list[:0]
}
