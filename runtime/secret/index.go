package secret

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"unsafe"
)

const (
	smallestFilter = 17 // bits of a place in it: 16 KiB, which stay in the first cache
	largestFilter  = 22
	// sparse is how many places a filter has at least for each head, as a power of two: then
	// it passes one place of text in sixteen at most by chance.
	sparse     = 4
	hashFactor = 0x9E3779B1
)

// index finds the places where any of many patterns starts. A filter over the first four
// bytes, which every pattern has, passes few places of a text; the patterns that begin with
// those bytes, in order, decide.
type index struct {
	filter  []uint64
	shift   int // of a hash, to a place in the filter
	groups  map[uint32][]*pattern
	starts  [shortest]map[string]bool
	breaks  [shortest + 1]map[string]bool // by length, what stands before line breaks: lastOf
	longest int
}

// pattern is a text that is looked for. Within is the longest pattern that it begins
// with, nil for none.
type pattern struct {
	text   string
	within *pattern
}

// add makes a pattern known that is at least shortest bytes long.
func (x *index) add(text string) {
	if len(text) < shortest {
		return
	}
	head := binary.LittleEndian.Uint32(bytesOf(text))
	group := x.groups[head]
	at, known := place(group, text)
	if known {
		return
	}
	p := &pattern{text: text}
	if at > 0 {
		p.within = group[at-1].longestIn(text)
	}
	group = slices.Insert(group, at, p)
	for _, longer := range group[at+1:] {
		if !strings.HasPrefix(longer.text, text) {
			break
		}
		if longer.within == p.within {
			longer.within = p
		}
	}
	if x.groups == nil {
		x.groups = map[uint32][]*pattern{}
	}
	x.groups[head] = group
	x.admit(head)
	x.longest = max(x.longest, len(text))
	x.addStarts(text)
	x.addBreaks(text)
}

// place is where a text is, or would be, among patterns in order.
func place(group []*pattern, text string) (int, bool) {
	return slices.BinarySearchFunc(group, text, func(p *pattern, text string) int { return strings.Compare(p.text, text) })
}

// longestIn is the longest of p and the patterns within it that a text begins with. When p is
// the last one in order that is not behind the text, it is the longest of all.
func (p *pattern) longestIn(text string) *pattern {
	for p != nil && !strings.HasPrefix(text, p.text) {
		p = p.within
	}
	return p
}

// admit lets a head pass the filter, which grows with their number.
func (x *index) admit(head uint32) {
	places := len(x.filter) * 64
	if places == 0 || len(x.groups)<<sparse > places && places < 1<<largestFilter {
		n := max(smallestFilter, min(largestFilter, bits.Len(uint(len(x.groups)<<sparse))))
		x.filter, x.shift = make([]uint64, 1<<n/64), 32-n
		for h := range x.groups {
			x.pass(h)
		}
	}
	x.pass(head)
}

func (x *index) pass(head uint32) {
	h := head * hashFactor >> x.shift
	x.filter[h/64] |= 1 << (h % 64)
}

func (x *index) addStarts(text string) {
	for n := 1; n < shortest; n++ {
		if x.starts[n] == nil {
			x.starts[n] = map[string]bool{}
		}
		x.starts[n][text[:n]] = true
	}
}

func (x *index) addBreaks(text string) {
	for at := range len(text) {
		if text[at] != '\n' {
			continue
		}
		end := lastOf(text[:at], shortest)
		if x.breaks[len(end)] == nil {
			x.breaks[len(end)] = map[string]bool{}
		}
		x.breaks[len(end)][end] = true
	}
}

// breaksAt reports whether a line of a pattern of several lines may end where a text does.
func (x *index) breaksAt(text []byte) bool {
	for n, ends := range x.breaks {
		if len(ends) > 0 && n <= len(text) && ends[string(text[len(text)-n:])] {
			return true
		}
	}
	return false
}

// lastOf is the end of a text, or all of one that is shorter.
func lastOf(s string, n int) string { return s[max(0, len(s)-n):] }

// matches yields, in order, the places from a byte on where a pattern starts, each with the
// length of the longest one that does.
func (x *index) matches(text []byte, from int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		if x.longest == 0 {
			return
		}
		for at := x.candidate(text, from); at >= 0; at = x.candidate(text, at+1) {
			if n := x.longestAt(text[at:]); n > 0 && !yield(at, n) {
				return
			}
		}
	}
}

// candidate is the next place that passes the filter, or -1. It reads eight bytes at once
// and tests the five windows of four in them.
func (x *index) candidate(text []byte, from int) int {
	filter, shift := x.filter, uint(x.shift)
	bit := func(head uint32) uint64 {
		h := head * hashFactor >> (shift & 31)
		return filter[h/64] >> (h % 64) & 1
	}
	i := from
	for ; i+8 <= len(text); i += 5 {
		w := binary.LittleEndian.Uint64(text[i:])
		hit := bit(uint32(w)) | bit(uint32(w>>8))<<1 | bit(uint32(w>>16))<<2 | bit(uint32(w>>24))<<3 | bit(uint32(w>>32))<<4
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)
		}
	}
	for ; i+shortest <= len(text); i++ {
		if bit(binary.LittleEndian.Uint32(text[i:])) != 0 {
			return i
		}
	}
	return -1
}

// longestAt is the length of the longest pattern that a text begins with.
func (x *index) longestAt(text []byte) int {
	group := x.groups[binary.LittleEndian.Uint32(text)]
	if group == nil {
		return 0
	}
	s := stringOf(text[:min(len(text), x.longest)])
	at, exact := place(group, s)
	if exact {
		return len(s)
	}
	if at == 0 {
		return 0
	}
	if p := group[at-1].longestIn(s); p != nil {
		return len(p.text)
	}
	return 0
}

// open is the first place from which the rest of a text is the beginning, but not the whole,
// of a pattern; the text's length when there is none.
func (x *index) open(text []byte) int {
	if x.longest == 0 {
		return len(text)
	}
	at := max(0, len(text)-x.longest+1)
	for at+shortest <= len(text) {
		next := x.candidate(text, at)
		if next < 0 {
			break
		}
		if x.begins(text[next:]) {
			return next
		}
		at = next + 1
	}
	for at = max(at, len(text)-shortest+1); at < len(text); at++ {
		if x.starts[len(text)-at][string(text[at:])] {
			return at
		}
	}
	return len(text)
}

func (x *index) begins(text []byte) bool {
	s := stringOf(text)
	group := x.groups[binary.LittleEndian.Uint32(text)]
	at, exact := place(group, s)
	if exact {
		at++
	}
	return at < len(group) && strings.HasPrefix(group[at].text, s)
}

// bytesOf reads a string's bytes without copying them; they are never written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stringOf is bytes read as a string without copying them, to compare it at once.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
