package secret

import "bytes"

// Finder looks for the known secrets, in every form, in a text that is written to it in any
// pieces. Unlike a Masker it passes over those that are Short: in files, they stand by
// chance. It is for one goroutine at a time.
type Finder struct {
	masker *Masker
	// held is what may be the beginning of a secret, of text that has been searched.
	held  []byte
	line  int // in which held begins, from 0
	found bool
}

// Finder starts to search a text.
func (m *Masker) Finder() *Finder { return &Finder{masker: m} }

// Write searches p, and keeps none of it. It never fails.
func (f *Finder) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && !f.found {
		piece := p[:min(len(p), pieceSize)]
		p = p[len(piece):]
		if len(f.held) > 0 {
			f.held = append(f.held, piece...)
			f.hold(f.search(f.held), f.held)
			continue
		}
		f.hold(f.search(piece), piece)
	}
	return n, nil
}

// hold keeps the end of a text that has been searched.
func (f *Finder) hold(from int, text []byte) {
	if !f.found {
		f.line += bytes.Count(text[:from], newline)
	}
	f.held = append(f.held[:0], text[from:]...)
}

var newline = []byte{'\n'}

// search gives the place from which the rest may be the beginning of a secret.
func (f *Finder) search(text []byte) int {
	f.masker.mu.RLock()
	defer f.masker.mu.RUnlock()
	for at, size := range f.masker.index.matches(text, 0) {
		if !Short(string(text[at : at+size])) {
			f.line += bytes.Count(text[:at], newline)
			f.found = true
			return len(text)
		}
	}
	return f.masker.index.open(text)
}

// Found reports whether a secret has been seen whole, and the line, from 1, in which the first
// begins.
func (f *Finder) Found() (line int, ok bool) {
	if !f.found {
		return 0, false
	}
	return f.line + 1, true
}
