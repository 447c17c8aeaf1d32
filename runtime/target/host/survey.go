package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

// Survey says what the inputs of a job select; see target.Surveyor. Steps with the same inputs
// are surveyed once, and a file is read once however many inputs select it.
func (s *session) Survey(ctx context.Context, job target.Job) (target.Survey, error) {
	gs, err := parseGlobs(job.Inputs)
	if err != nil {
		return target.Survey{}, err
	}
	if len(gs) == 0 {
		return digestOf(nil, nil), nil
	}
	t, err := s.workshop.tree(ctx)
	if err != nil {
		return target.Survey{}, err
	}
	key := strings.Join(job.Inputs, "\x00")
	t.mu.Lock()
	made, ok := t.surveys[key]
	if !ok {
		made = &survey{turn: make(chan struct{}, 1)}
		t.surveys[key] = made
	}
	t.mu.Unlock()
	return made.get(ctx, func() (target.Survey, error) { return s.survey(ctx, t, gs) })
}

// survey is made by the first who asks and is not cancelled.
type survey struct {
	turn chan struct{}
	done bool
	what target.Survey
}

func (v *survey) get(ctx context.Context, look func() (target.Survey, error)) (target.Survey, error) {
	select {
	case v.turn <- struct{}{}:
	case <-ctx.Done():
		return target.Survey{}, context.Cause(ctx)
	}
	defer func() { <-v.turn }()
	if v.done {
		return v.what, nil
	}
	what, err := look()
	v.what, v.done = what, err == nil
	return what, err
}

func (s *session) survey(ctx context.Context, t *tree, gs globs) (target.Survey, error) {
	all, err := t.list()
	if err != nil {
		return target.Survey{}, err
	}
	var chosen []entry
	for _, e := range all {
		if kind := e.info.Mode().Type(); gs.match(e.path) && (kind == 0 || kind == fs.ModeSymlink) {
			chosen = append(chosen, e)
		}
	}
	sums, err := s.sums(ctx, t, chosen)
	if err != nil {
		return target.Survey{}, err
	}
	return digestOf(chosen, sums), nil
}

// digestOf is over path, kind, permissions and content of each file, in order of the paths.
func digestOf(chosen []entry, sums []string) target.Survey {
	h := sha256.New()
	n := 0
	for i, e := range chosen {
		if sums[i] == "" {
			continue
		}
		n++
		fmt.Fprintf(h, "%s %04o %s %q\n", kindOf(e.info), e.info.Mode().Perm(), sums[i], e.path)
	}
	return target.Survey{Digest: "sha256:" + hex.EncodeToString(h.Sum(nil)), Files: n}
}

func kindOf(info fs.FileInfo) string {
	if info.Mode().Type() == fs.ModeSymlink {
		return "link"
	}
	return "file"
}

// sums are the digests of what is in files, "" for one that no workspace would get.
func (s *session) sums(ctx context.Context, t *tree, chosen []entry) ([]string, error) {
	out := make([]string, len(chosen))
	var unknown []int
	for i, e := range chosen {
		if sum, ok := s.memory.find(e); ok {
			out[i] = sum
		} else {
			unknown = append(unknown, i)
		}
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	next := make(chan int, len(unknown))
	for _, i := range unknown {
		next <- i
	}
	close(next)
	var readers sync.WaitGroup
	for range min(len(unknown), runtime.GOMAXPROCS(0)) {
		readers.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					return
				}
				var err error
				if out[i], err = t.sum(ctx, chosen[i], s.memory); err != nil {
					fail(err)
				}
			}
		})
	}
	readers.Wait()
	return out, context.Cause(ctx)
}

// errMoved says that a file changed while it was read.
var errMoved = errors.New("it is being written to")

// sum reads a file, once for each look at the tree.
func (t *tree) sum(ctx context.Context, e entry, m *memory) (string, error) {
	if sum, ok := t.sums.Load(e.path); ok {
		return sum.(string), nil
	}
	began := time.Now()
	sum, err := t.read(ctx, e)
	if err != nil {
		return "", fmt.Errorf("%s: %w", e.path, plainError(err))
	}
	t.sums.Store(e.path, sum)
	if sum != "" && e.info.Mode().IsRegular() {
		m.note(e, sum, began)
	}
	return sum, nil
}

// read gives the digest of what a file held when the tree was looked at, "" for what is out of reach.
func (t *tree) read(ctx context.Context, e entry) (string, error) {
	path := filepath.Join(t.root, filepath.FromSlash(e.path))
	if e.info.Mode().Type() == fs.ModeSymlink {
		to, err := os.Readlink(path)
		if err != nil {
			return "", unlessGone(err)
		}
		sum := sha256.Sum256([]byte(to))
		return hex.EncodeToString(sum[:]), nil
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", unlessGone(err)
	}
	defer f.Close()
	sum, err := hashFile(ctx, f)
	if err != nil {
		return "", err
	}
	if after, err := f.Stat(); err != nil || markOf(after) != markOf(e.info) {
		return "", errors.Join(err, errMoved)
	}
	return sum, nil
}

func unlessGone(err error) error {
	if beyondReach(err) {
		return nil
	}
	return err
}

// unmoved reports whether a file is still what the tree was looked at for.
func (t *tree) unmoved(e entry) bool {
	now, err := os.Lstat(filepath.Join(t.root, filepath.FromSlash(e.path)))
	return err == nil && markOf(now) == markOf(e.info)
}
