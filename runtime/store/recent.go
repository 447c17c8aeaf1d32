package store

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

const (
	recents = "recent"
	// maxRecent is how many bytes are remembered; more are forgotten as a whole.
	maxRecent = 8 << 20
)

// recent is what results without content said when their files were read last. A run of a thousand hits
// then asks of each file only whether it is still the one that was read, which takes a fifth of the time. It
// is a text of a line a result: the key, the stamp of the file, and what is behind the parts in it.
type recent struct {
	path string // "" remembers nothing

	mu      sync.Mutex
	lines   map[string]string // what follows the key, by key; nil until it was read
	changed bool
}

// Recent makes the store remember what results say that the repository at root finds, until Remember in
// one process and from Recent on in another.
func (s *Store) Recent(root string) error {
	name, err := nameOf(root)
	if err != nil {
		return err
	}
	m := &s.recent
	m.path = filepath.Join(s.dir, recents, name)
	go func() { // while nothing is asked for yet
		m.mu.Lock()
		defer m.mu.Unlock()
		m.load()
	}()
	return nil
}

// Remember writes down what was found since Recent. It is best effort: what is not there is read again.
func (s *Store) Remember() {
	m := &s.recent
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.path == "" || !m.changed {
		return
	}
	var text strings.Builder
	for key, line := range m.lines {
		text.WriteString(key + line + "\n")
	}
	if s.write(m.path, []byte(text.String())) == nil {
		m.changed = false
	}
}

// of gives what is remembered of a key's result, if its file has this stamp.
func (m *recent) of(key string, st stamp) (Result, bool) {
	if m.path == "" {
		return Result{}, false
	}
	m.mu.Lock()
	m.load()
	line := m.lines[key]
	m.mu.Unlock()
	var room [96]byte
	stamped := st.append(room[:0])
	if len(line) < len(stamped) || line[:len(stamped)] != string(stamped) {
		return Result{}, false
	}
	r, ok := bare(line[len(stamped):])
	r.Schema, r.Key = resultSchema, key
	return r, ok
}

// note remembers what is behind the parts in the file of a key's result, which had this stamp before it was read.
func (m *recent) note(key string, st stamp, rest string) {
	if m.path == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load()
	m.lines[key] = string(st.append(nil)) + rest
	m.changed = true
}

// restamp is told of the stamp that a file has since it was noted that it is in use.
func (m *recent) restamp(key string, was, is stamp) {
	if m.path == "" || was.inode != is.inode || was.size != is.size {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if rest, ok := strings.CutPrefix(m.lines[key], string(was.append(nil))); ok {
		m.lines[key] = string(is.append(nil)) + rest
		m.changed = true
	}
}

// load reads what was remembered, once. A line that is none has no stamp that a file has.
func (m *recent) load() {
	if m.lines != nil {
		return
	}
	text, err := os.ReadFile(m.path)
	if err != nil || len(text) > maxRecent {
		text = nil
	}
	m.lines = make(map[string]string, len(text)/usualRecent)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if space := strings.IndexByte(line, ' '); space >= 0 {
			m.lines[line[:space]] = line[space:]
		}
	}
}

// usualRecent is how long a line is as a rule.
const usualRecent = 256

// append appends the stamp as a line of recent has it.
func (st stamp) append(to []byte) []byte {
	for _, n := range [...]int64{st.size, st.inode, st.mtime, st.changed} {
		to = strconv.AppendInt(append(to, ' '), n, 10)
	}
	return to
}
