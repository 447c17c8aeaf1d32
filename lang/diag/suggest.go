package diag

import (
	"cmp"
	"math/bits"
	"strings"
)

// Suggest returns the candidate that a misspelt name most likely meant, or "".
// The distance is Levenshtein's over bytes, swaps of neighbours counted once;
// at most a third of the name, and at least one edit, may differ, and something must be left of it.
// Case does not count, unless it is all that tells candidates apart; of several that are as near, the one that
// begins as the name does is meant, else the first by the alphabet. Where nothing is that near, the
// only candidate that the name abbreviates, or that abbreviates it, is meant: env and environment.
func Suggest(name string, candidates []string) string {
	limit := max(1, len(name)/3)
	best := nearest(name, candidates, 1) // of most names, and far sooner known than all that are farther
	if best == "" && limit > 1 {
		best = nearest(name, candidates, limit)
	}
	if best == "" {
		return abbreviated(name, candidates)
	}
	return best
}

// nearest is the nearest of the candidates that differ in at most limit places; "" when there is none.
func nearest(name string, candidates []string, limit int) string {
	lower := strings.ToLower(name)
	letters := lettersOf(lower)
	var best likely
	var rows distances
	for _, c := range candidates {
		if c == name || c == best.name {
			continue
		}
		low := strings.ToLower(c)
		if apart(len(lower), len(low)) > limit || letters.missing(lettersOf(low)) > limit {
			continue // as they are of at least that distance
		}
		d := rows.within(limit, lower, low)
		if d > limit || d >= max(len(name), len(c)) {
			continue
		}
		n := likely{name: c, exact: d, start: commonStart(name, c)}
		if name != lower || c != low {
			n.exact = rows.within(max(len(name), len(c)), name, c)
		}
		if best.name == "" || d < limit || n.before(best) {
			best, limit = n, d
		}
	}
	return best.name
}

func apart(a, b int) int { return max(a-b, b-a) }

// letters are the bytes of a text as bits, some of which share one.
type letters uint64

func lettersOf(s string) (l letters) {
	for i := range len(s) {
		l |= 1 << (s[i] & 63)
	}
	return l
}

// missing is how many letters of the one, or of the other, the other text lacks: so many edits it takes at least.
func (l letters) missing(other letters) int {
	return max(bits.OnesCount64(uint64(l&^other)), bits.OnesCount64(uint64(other&^l)))
}

// likely is a name that is as far from the misspelt one as others, but for the case of letters.
type likely struct {
	name  string
	exact int // how far, where case counts
	start int // how much of it they begin with
}

// before says that of two the first is meant: the one whose case is that of the misspelt name, else the one that begins
// with more of it. Half a word is read from its start: wher is where, and not when.
func (n likely) before(other likely) bool {
	return cmp.Or(cmp.Compare(n.exact, other.exact), cmp.Compare(other.start, n.start), cmp.Compare(n.name, other.name)) < 0
}

func commonStart(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// minAbbreviation is how long the shorter of two names has to be.
const minAbbreviation = 3

func abbreviated(name string, candidates []string) string {
	found := ""
	lower := strings.ToLower(name)
	for _, c := range candidates {
		short, long := lower, strings.ToLower(c)
		if len(short) > len(long) {
			short, long = long, short
		}
		if len(short) < minAbbreviation || len(short) == len(long) || !strings.HasPrefix(long, short) {
			continue
		}
		if found != "" && found != c {
			return ""
		}
		found = c
	}
	return found
}

// DidYouMean is the help line for Suggest's answer, or "".
func DidYouMean(name string, candidates []string) string {
	if s := Suggest(name, candidates); s != "" {
		return `did you mean "` + s + `"?`
	}
	return ""
}

// distances are three rows of a table, which serve for many pairs of texts.
type distances struct{ prev2, prev, cur []int }

// within is the distance of two texts where that is at most limit, and more than limit where it is not. It looks at no
// more of the table than can matter.
func (r *distances) within(limit int, a, b string) int {
	if apart(len(a), len(b)) > limit {
		return limit + 1
	}
	same := commonStart(a, b)
	if same > 0 {
		same-- // a swap may begin with what is the same
	}
	a, b = a[same:], b[same:]
	for len(a) > 1 && len(b) > 1 && a[len(a)-1] == b[len(b)-1] && a[len(a)-2] == b[len(b)-2] {
		a, b = a[:len(a)-1], b[:len(b)-1] // but for one, as before
	}
	if limit == 1 && min(len(a), len(b)) > 4 {
		return 2 // one edit, with what is left beside it, leaves no more
	}
	n := len(b) + 1
	if cap(r.cur) < n {
		r.prev2, r.prev, r.cur = make([]int, n), make([]int, n), make([]int, n)
	}
	prev2, prev, cur := r.prev2[:n], r.prev[:n], r.cur[:n]
	for j := range prev {
		prev[j] = j
	}
	far := limit + 1
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		least := far
		if cur[0] = min(i, far); from == 1 {
			least = cur[0]
		} else {
			cur[from-1] = far
		}
		for j := from; j <= to; j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, prev2[j-2]+1)
			}
			cur[j], least = d, min(least, d)
		}
		if to < len(b) {
			cur[to+1] = far // the next row reads one more
		}
		if least > limit {
			return far
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
