package repo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync"
	"sync/atomic"
)

// tree is the content of all files.
type tree struct {
	digest string
	files  map[string]string // path → digest
}

// TreeDigest is "sha256:" and the hex digest of the tree as a step sees it: the path, kind,
// executable bit and content of every file in Files. Equal trees have equal digests on any
// machine, whatever their commits, times and owners. The first call reads every file.
func (r *Repo) TreeDigest(ctx context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tree != nil {
		return r.tree.digest, nil
	}
	files, err := r.list(ctx)
	if err != nil {
		return "", err
	}
	digests, err := r.hashAll(ctx, files)
	if err != nil {
		return "", err
	}
	r.tree = newTree(files, digests)
	return r.tree.digest, nil
}

func newTree(files, digests []string) *tree {
	t := &tree{files: make(map[string]string, len(files))}
	sum := sha256.New()
	for i, name := range files {
		if digests[i] != "" {
			t.files[name] = digests[i]
			fmt.Fprintf(sum, "%s\x00%s\n", name, digests[i])
		}
	}
	t.digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return t
}

// hashAll gives the digest of each file, "" for one that has gone.
func (r *Repo) hashAll(ctx context.Context, files []string) ([]string, error) {
	digests := make([]string, len(files))
	var next atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(files) || ctx.Err() != nil {
					return
				}
				d, err := r.hash(files[i])
				if err != nil {
					once.Do(func() { failed = fmt.Errorf("digest of the tree: %w", err) })
					next.Store(int64(len(files)))
					return
				}
				digests[i] = d
			}
		})
	}
	wg.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return digests, failed
}

// hash is git's mode and the hex SHA-256 of a file's content, or of where a link points.
func (r *Repo) hash(name string) (string, error) {
	info, err := r.dir.Lstat(name)
	if err != nil {
		return "", gone(err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		to, err := r.dir.Readlink(name)
		if err != nil {
			return "", gone(err)
		}
		sum := sha256.Sum256([]byte(to))
		return "120000 " + hex.EncodeToString(sum[:]), nil
	}
	if !info.Mode().IsRegular() {
		return "", nil
	}
	f, err := r.dir.Open(name)
	if err != nil {
		return "", gone(err)
	}
	defer f.Close()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	sum := sha256.New()
	// What is hidden of the file is that it would copy by a buffer of its own.
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{f}, *buf); err != nil {
		return "", err
	}
	return mode(info) + " " + hex.EncodeToString(sum.Sum(nil)), nil
}

func mode(info fs.FileInfo) string {
	if info.Mode()&0o111 != 0 {
		return "100755"
	}
	return "100644"
}

// buffers are what files are read into.
var buffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}
