package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// PruneOptions say what may go. Zero values are no limit.
type PruneOptions struct {
	// MaxSize bounds the bytes of cached results with their content: the longest unused go first.
	MaxSize int64
	// OlderThan removes results that were not used for so long.
	OlderThan time.Duration
	// Grace is how young content stays although nothing refers to it.
	Grace  time.Duration
	DryRun bool
	// Held gives the digests of what stays although no result refers to it, and whether all that
	// is sealed does. It is called once it is known which runs are under way. nil is none.
	Held func(context.Context) (digests []string, sealed bool, err error)
}

// Freed is what Prune removed, or would have. Left is the bytes of results and content that stay.
type Freed struct {
	Results int
	Objects int // files and trees
	Bytes   int64
	Left    int64
}

// blob is a file of the store: a result, an object or a tree.
type blob struct {
	path string
	size int64
	used time.Time
	refs int // results that refer to it; of objects and trees
	kept bool
}

// pruning is one Prune under way.
type pruning struct {
	*Store
	PruneOptions
	now    time.Time
	cutoff time.Time        // what was used since then stays: a run under way may rely on it
	young  time.Time        // and so does content that nothing refers to, since then
	blobs  map[string]*blob // objects and trees by path
	held   map[*blob][]*blob
	found  []*blob // results, the longest unused first
	left   int64
	freed  Freed
}

// Prune removes results by age and size, and then the content that neither a result nor Held refers to.
// What a run under way has stored or found stays, and so do named cache folders and kept files of runs.
func (s *Store) Prune(ctx context.Context, o PruneOptions) (Freed, error) {
	p := &pruning{Store: s, PruneOptions: o, now: time.Now(), blobs: map[string]*blob{}, held: map[*blob][]*blob{}}
	began, err := s.oldestLease(p.now)
	if err != nil {
		return Freed{}, err
	}
	// The times of files may lag behind the clock.
	p.cutoff = began.Add(-time.Second)
	if p.young = p.now.Add(-o.Grace); p.cutoff.Before(p.young) {
		p.young = p.cutoff
	}
	if err := p.collect(ctx); err != nil {
		return Freed{}, err
	}
	s.sweepTemp(p.now.Add(-staleTemp))
	err = p.sweep(ctx)
	p.freed.Left = p.left
	return p.freed, err
}

// collect finds all that is there, and what refers to what.
func (p *pruning) collect(ctx context.Context) error {
	for _, kind := range []string{objects, trees} {
		err := p.each(ctx, kind, func(b *blob) { p.blobs[b.path] = b })
		if err != nil {
			return err
		}
	}
	err := p.each(ctx, results, func(b *blob) { p.found = append(p.found, b) })
	if err != nil {
		return err
	}
	if err := p.keep(ctx); err != nil {
		return err
	}
	slices.SortFunc(p.found, func(a, b *blob) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path))
	})
	for _, b := range p.found {
		p.left += b.size
		if r, ok := readResult(b.path); ok {
			p.hold(b, r.digests())
		}
	}
	for _, b := range p.blobs {
		if b.refs > 0 && !b.kept {
			p.left += b.size
		}
	}
	return nil
}

// keep marks what Held says. It counts for no limit: to remove results would not free it.
func (p *pruning) keep(ctx context.Context) error {
	if p.Held == nil {
		return nil
	}
	digests, sealed, err := p.Held(ctx)
	if err != nil {
		return err
	}
	all := &blob{}
	p.hold(all, digests)
	for _, b := range p.held[all] {
		b.refs--
		b.kept = true
	}
	delete(p.held, all)
	for path, b := range p.blobs {
		b.kept = b.kept || sealed && filepath.Base(filepath.Dir(filepath.Dir(path))) == strings.TrimSuffix(keyed, ":")
	}
	return nil
}

// each walks the files of one kind.
func (p *pruning) each(ctx context.Context, kind string, visit func(*blob)) error {
	return filepath.WalkDir(filepath.Join(p.dir, kind), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		visit(&blob{path: path, size: info.Size(), used: info.ModTime()})
		return nil
	})
}

// hold notes what a result refers to, through trees too.
func (p *pruning) hold(b *blob, digests []string) {
	for _, sum := range digests {
		p.holdOne(b, objects, sum)
		if !p.holdOne(b, trees, sum) {
			continue
		}
		m, _ := p.manifest(sum) // one that cannot be read holds nothing
		for _, e := range m {
			if e.kind == "file" {
				p.holdOne(b, objects, e.digest)
			}
		}
	}
}

func (p *pruning) holdOne(b *blob, kind, sum string) bool {
	path, err := p.place(kind, sum)
	if err != nil || p.blobs[path] == nil {
		return false
	}
	p.blobs[path].refs++
	p.held[b] = append(p.held[b], p.blobs[path])
	return true
}

// sweep removes results until the limits hold, and then what nothing refers to.
func (p *pruning) sweep(ctx context.Context) error {
	var gone []*blob
	for _, b := range p.found {
		old := p.OlderThan > 0 && p.now.Sub(b.used) > p.OlderThan
		large := p.MaxSize > 0 && p.left > p.MaxSize
		if b.used.Before(p.cutoff) && (old || large) {
			gone = append(gone, b)
			p.forget(b)
		}
	}
	n, err := p.remove(ctx, gone)
	p.freed.Results = n
	if err != nil {
		return err
	}
	var loose []*blob
	for _, b := range p.blobs {
		switch {
		case b.kept:
			p.left += b.size
		case b.refs > 0:
		case b.used.Before(p.young):
			loose = append(loose, b)
		default:
			p.left += b.size
		}
	}
	// Trees go before what they hold: whoever finds one finds all of it.
	slices.SortFunc(loose, func(a, b *blob) int { return strings.Compare(b.path, a.path) })
	p.freed.Objects, err = p.remove(ctx, loose)
	return err
}

// forget counts a result out.
func (p *pruning) forget(b *blob) {
	p.left -= b.size
	for _, held := range p.held[b] {
		if held.refs--; held.refs == 0 && !held.kept {
			p.left -= held.size
		}
	}
}

// batch is how many files are removed while everybody else waits.
const batch = 256

// remove removes what nobody has used since it was looked at.
func (p *pruning) remove(ctx context.Context, list []*blob) (n int, err error) {
	for some := range slices.Chunk(list, batch) {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		err := p.alone(func() error {
			for _, b := range some {
				done, err := p.removeOne(b)
				if err != nil {
					return err
				}
				if done {
					n++
					p.freed.Bytes += b.size
				} else {
					p.left += b.size
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (p *pruning) removeOne(b *blob) (bool, error) {
	info, err := os.Stat(b.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Equal(b.used) {
		return false, nil
	}
	if err == nil && !p.DryRun {
		err = os.Remove(b.path)
	}
	return err == nil, err
}
