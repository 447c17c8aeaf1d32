package load

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// disk is the file system as one load sees it: what stands at a path is asked once, and a file or folder that a cache
// knows is read again only when its stamp is another one.
type disk struct {
	cache *Cache // keeps what was read for the next load; may be nil
	began time.Time
	seen  map[string]seen
}

// seen is what stands at a path, which may be a link.
type seen struct {
	info fs.FileInfo
	err  error
}

func newDisk(c *Cache) *disk { return &disk{cache: c, began: c.now(), seen: map[string]seen{}} }

func (d *disk) lstat(path string) (fs.FileInfo, error) {
	s, ok := d.seen[path]
	if !ok {
		s.info, s.err = os.Lstat(path)
		d.seen[path] = s
	}
	return s.info, s.err
}

// stat is what a path leads to, through links.
func (d *disk) stat(path string) (fs.FileInfo, error) {
	info, err := d.lstat(path)
	if err == nil && mayLink(info) {
		return os.Stat(path)
	}
	return info, err
}

// mayLink says that what stands at a path may lead elsewhere.
func mayLink(info fs.FileInfo) bool { return info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 }

// linked says that a path, or a folder on the way to it from some folder on, may be a link. below is
// slash-separated, and starts from that folder.
func (d *disk) linked(from, below string) bool {
	for i := range len(below) + 1 {
		if i < len(below) && below[i] != '/' {
			continue
		}
		if info, err := d.lstat(filepath.Join(from, filepath.FromSlash(below[:i]))); err != nil {
			return false // where nothing stands, nothing leads elsewhere
		} else if mayLink(info) {
			return true
		}
	}
	return false
}

var errTooLarge = errors.New("too large")

// buffers are what files are read into.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// roomy is up to how many bytes a buffer is kept for the next file.
const roomy = 1 << 20

// text reads a file of at most MaxFile bytes, which may be shared with other loads. It may well be what it was before,
// which is given again then.
func (d *disk) text(path string, shared bool, before string) (string, error) {
	info, err := d.stat(path)
	if err != nil {
		return "", err
	}
	if k, ok := d.again(path, info, shared); ok {
		return k.text, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return "", err
	}
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	if info.Size() <= MaxFile {
		b.Grow(int(info.Size()) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(f, MaxFile+1)); err != nil {
		return "", err
	}
	if b.Len() > MaxFile {
		return "", errTooLarge
	}
	text := before
	if b.Len() != len(before) || string(b.Bytes()) != before { // without a copy
		text = b.String()
	}
	if b.Cap() <= roomy {
		buffers.Put(b)
	}
	d.keep(path, info, shared, kept{text: text})
	return text, nil
}

// isAbsent says that the error of a system call is that there is no such file. Of what is wrapped it knows nothing, and
// is quicker in the first check of a process than errors.Is, which looks up methods.
func isAbsent(err error) bool { return os.IsNotExist(err) }

// pipes are the names of the .pipe files in a folder, sorted.
func (d *disk) pipes(path string, info fs.FileInfo) ([]string, error) {
	if k, ok := d.again(path, info, false); ok {
		return k.names, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".pipe") && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	d.keep(path, info, false, kept{names: names})
	return names, nil
}
