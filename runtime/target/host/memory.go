package host

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mark is by what a file is known not to have changed.
type mark struct {
	size, mtime, changed int64 // bytes, and nanoseconds
	inode                uint64
}

func markOf(info fs.FileInfo) mark {
	return mark{info.Size(), info.ModTime().UnixNano(), changed(info), inode(info)}
}

// remembered is the digest that a file had.
type remembered struct {
	mark
	sum string
}

// memory knows the digests of files that were read once, in this run or an earlier one, and
// have not changed since. One that was touched just before it was read is left out: on a
// coarse clock it may have been written again in the same instant.
type memory struct {
	path string // "" where nothing outlives the run

	load  sync.Once
	mu    sync.Mutex
	known map[string]remembered // by path below the root
	fresh bool                  // known has what the file at path has not
}

const (
	memoryHeader = "pipe.digests/v1"
	// settled is how long a file must have been at rest before it was read.
	settled = 2 * time.Second
)

// find gives the digest of a file that has not changed.
func (m *memory) find(e entry) (string, bool) {
	m.load.Do(m.recall)
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.known[e.path]
	return r.sum, ok && e.info.Mode().IsRegular() && r.mark == markOf(e.info)
}

// note remembers what a file held that was read since began.
func (m *memory) note(e entry, sum string, began time.Time) {
	k := markOf(e.info)
	if max(k.mtime, k.changed) > began.Add(-settled).UnixNano() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[e.path], m.fresh = remembered{k, sum}, true
}

// recall reads what earlier runs knew. A file that cannot be read, or is none of ours, is no memory.
func (m *memory) recall() {
	m.known = map[string]remembered{}
	if m.path == "" {
		return
	}
	f, err := os.Open(m.path)
	if err != nil {
		return
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() || lines.Text() != memoryHeader {
		return
	}
	for lines.Scan() {
		if path, r, ok := parseRemembered(lines.Text()); ok {
			m.known[path] = r
		}
	}
}

func (r remembered) line(path string) string {
	return fmt.Sprintf("%d %d %d %d %s %s\n", r.size, r.mtime, r.changed, r.inode, r.sum, strconv.Quote(path))
}

func parseRemembered(line string) (path string, r remembered, ok bool) {
	f := strings.SplitN(line, " ", 6)
	if len(f) != 6 || len(f[4]) != 2*sha256.Size {
		return "", r, false
	}
	var errs [5]error
	r.size, errs[0] = strconv.ParseInt(f[0], 10, 64)
	r.mtime, errs[1] = strconv.ParseInt(f[1], 10, 64)
	r.changed, errs[2] = strconv.ParseInt(f[2], 10, 64)
	r.inode, errs[3] = strconv.ParseUint(f[3], 10, 64)
	path, errs[4] = strconv.Unquote(f[5])
	r.sum = f[4]
	return path, r, errors.Join(errs[:]...) == nil
}

// save writes what is known for later runs, whole or not at all. Of two runs that save at once
// the last one wins: what is lost is read again.
func (m *memory) save(root string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.path == "" || !m.fresh {
		return nil
	}
	temp, err := os.CreateTemp(filepath.Dir(m.path), ".new-")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(temp)
	out.WriteString(memoryHeader + "\n")
	for path, r := range m.known {
		if _, err := os.Lstat(filepath.Join(root, filepath.FromSlash(path))); err == nil {
			out.WriteString(r.line(path))
		}
	}
	err = errors.Join(out.Flush(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), m.path)
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	m.fresh = err != nil
	return err
}

// hashed is how many bytes are read between two looks at the context.
const hashed = 256 << 10

// hashFile reads a file to its end, in large pieces: the hash is faster than many small reads.
func hashFile(ctx context.Context, f *os.File) (string, error) {
	h := sha256.New()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(*buf)
		h.Write((*buf)[:n])
		switch {
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", err
		}
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, hashed); return &b }}
