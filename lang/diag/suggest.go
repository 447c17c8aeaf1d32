package diag

import (
	"slices"
	"strings"
)

// Suggest returns the candidate that a misspelt name most likely meant, or "".
// The distance is Levenshtein's over bytes, swaps of neighbours counted once;
// at most a third of the name, and at least one edit, may differ, and something must be left of it.
// Case does not count, unless it is all that tells candidates apart; of several that are as near, the one that
// begins as the name does is meant. Where nothing is that near, the
// only candidate that the name abbreviates, or that abbreviates it, is meant: env and environment.
func Suggest(name string, candidates []string) string {
	limit := max(1, len(name)/3)
	best := ""
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if c == name {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(c))
		if d > limit || d >= max(len(name), len(c)) {
			continue
		}
		if best == "" || d < limit || nearer(name, c, best) {
			best, limit = c, d
		}
	}
	if best == "" {
		return abbreviated(name, candidates)
	}
	return best
}

// nearer says that of two names as far from one, the first is meant: the one whose case is its own, else the
// one that begins with more of it. Half a word is read from its start: wher is where, and not when.
func nearer(name, c, best string) bool {
	if d := distance(name, c) - distance(name, best); d != 0 {
		return d < 0
	}
	return commonStart(name, c) > commonStart(name, best)
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
	for _, c := range candidates {
		short, long := strings.ToLower(name), strings.ToLower(c)
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

func distance(a, b string) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
