// Package secret keeps secrets out of what people and files get to see: a Masker replaces
// every form of every known secret, in whole texts and in streams, a Finder says whether one
// is there, and a Sealer encrypts what must rest on disk. Masking is the second line; the
// first is that a secret goes only where it is named. The package knows nothing of settings,
// events, or where a text is on its way to.
package secret

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	// Mask stands for a secret.
	Mask = "***"
	// Strong is the length in characters from which a secret is masked in all its forms. A
	// shorter one deserves a warning: it is masked as it stands only, and may stand in
	// texts by chance.
	Strong = 6
	// shortest is the length in bytes below which nothing is masked: too much would match.
	shortest = 4
)

// Masker replaces secrets by Mask. Where secrets overlap, all of what they cover is replaced
// by one Mask; every other byte is left as it is. A Masker is safe for concurrent use, and
// the zero value knows no secret.
type Masker struct {
	mu    sync.RWMutex
	index index
	known map[string]bool
}

// NewMasker is a Masker that knows some secrets.
func NewMasker(secrets ...string) *Masker {
	m := &Masker{}
	for _, s := range secrets {
		m.Add(s)
	}
	return m
}

// Add makes a secret known: as it stands, each of its lines of Strong characters or more,
// the password in a URL, and all of these in base64 (three alignments, both alphabets, in
// lines as tools break it), hex and as URLs, JSON, XML, programming languages and shells
// escape them. Texts that are masked from now on are masked for it too. White space alone, and less than four bytes, is not masked;
// of more than 64 KiB only the whole and the lines are.
func (m *Masker) Add(secret string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known[secret] || strings.TrimSpace(secret) == "" {
		return
	}
	if m.known == nil {
		m.known = map[string]bool{}
	}
	m.known[secret] = true
	for _, form := range forms(secret) {
		m.index.add(form)
	}
}

// Short reports whether a secret has fewer characters than Strong.
func Short(s string) bool { return utf8.RuneCountInString(strings.TrimSpace(s)) < Strong }

// Hold is the length of the longest form less one: how many bytes at the end of a piece may
// be the beginning of a secret that goes on in the next piece.
func (m *Masker) Hold() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return max(0, m.index.longest-1)
}

// Open is the place in lines, the last of which ends with a line break, where a secret may
// begin that goes on in the next line; their length when there is none.
func (m *Masker) Open(lines []byte) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.index.breaksAt(bytes.TrimSuffix(lines, []byte{'\n'})) {
		return len(lines)
	}
	return m.index.open(lines)
}

// Mask replaces every known secret in s.
func (m *Masker) Mask(s string) string {
	if len(s) < shortest {
		return s
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	text := bytesOf(s)
	var out strings.Builder
	done, start, end := 0, -1, 0 // [start, end) is covered by secrets and not yet written
	for at, size := range m.index.matches(text, 0) {
		if start >= 0 && at >= end {
			out.WriteString(s[done:start])
			out.WriteString(Mask)
			done, start = end, -1
		}
		if start < 0 {
			start = at
		}
		end = max(end, at+size)
	}
	if start < 0 {
		return s
	}
	out.WriteString(s[done:start])
	out.WriteString(Mask)
	out.WriteString(s[end:])
	return out.String()
}
