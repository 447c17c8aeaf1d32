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
	filterBits = 17 // 16 KiB: stays in the first cache
	hashFactor = 0x9E3779B1
)

// index finds the places where any of many patterns starts. A filter over the first four
// bytes, which every pattern has, passes few places of a text; a table of the patterns by
// those bytes decides.
type index struct {
	filter  [1 << filterBits / 64]uint64
	groups  map[uint32][]string // by first four bytes, the longest first
	starts  [shortest]map[string]bool
	longest int
}

// add makes a pattern known that is at least shortest bytes long.
func (x *index) add(pattern string) {
	if len(pattern) < shortest {
		return
	}
	head := binary.LittleEndian.Uint32(bytesOf(pattern))
	group := x.groups[head]
	at, known := slices.BinarySearchFunc(group, pattern, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	if known {
		return
	}
	if x.groups == nil {
		x.groups = map[uint32][]string{}
	}
	x.groups[head] = slices.Insert(group, at, pattern)
	h := hash(head)
	x.filter[h/64] |= 1 << (h % 64)
	x.longest = max(x.longest, len(pattern))
	for n := 1; n < shortest; n++ {
		if x.starts[n] == nil {
			x.starts[n] = map[string]bool{}
		}
		x.starts[n][pattern[:n]] = true
	}
}

func hash(head uint32) uint32 { return head * hashFactor >> (32 - filterBits) }

func (x *index) maybe(head uint32) bool {
	h := hash(head)
	return x.filter[h/64]>>(h%64)&1 != 0
}

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
	i := from
	for ; i+8 <= len(text); i += 5 {
		w := binary.LittleEndian.Uint64(text[i:])
		h0, h1, h2, h3, h4 := hash(uint32(w)), hash(uint32(w>>8)), hash(uint32(w>>16)), hash(uint32(w>>24)), hash(uint32(w>>32))
		hit := x.filter[h0/64]>>(h0%64)&1 |
			x.filter[h1/64]>>(h1%64)&1<<1 |
			x.filter[h2/64]>>(h2%64)&1<<2 |
			x.filter[h3/64]>>(h3%64)&1<<3 |
			x.filter[h4/64]>>(h4%64)&1<<4
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)
		}
	}
	for ; i+shortest <= len(text); i++ {
		if x.maybe(binary.LittleEndian.Uint32(text[i:])) {
			return i
		}
	}
	return -1
}

func (x *index) longestAt(text []byte) int {
	for _, p := range x.groups[binary.LittleEndian.Uint32(text)] {
		if len(p) <= len(text) && p == string(text[:len(p)]) {
			return len(p)
		}
	}
	return 0
}

// open is the first place from which the rest of a text is the beginning, but not the whole,
// of a pattern; the text's length when there is none.
func (x *index) open(text []byte) int {
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
	for _, p := range x.groups[binary.LittleEndian.Uint32(text)] {
		if len(p) <= len(text) {
			return false
		}
		if p[:len(text)] == string(text) {
			return true
		}
	}
	return false
}

// bytesOf reads a string's bytes without copying them; they are never written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
