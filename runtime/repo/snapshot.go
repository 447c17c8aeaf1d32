package repo

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Snapshot is what files are like at a moment, so that later on those can be named that have
// changed. Its JSON is stable.
type Snapshot map[string]Look

// Look is what a file is like. Digest is as in a tree's digest, "" where it was not read.
type Look struct {
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"` // nanoseconds since 1970
	Mode     uint32 `json:"mode"`
	Digest   string `json:"digest,omitempty"`
}

// snapshotBudget is how many bytes are read for a snapshot: then a file that was merely touched counts as unchanged.
const snapshotBudget = 16 << 20

// Snapshot looks at all Files as they are now, whatever was asked before, and reads none; those
// below the folder except, which is absolute or "", are left out.
func (r *Repo) Snapshot(ctx context.Context, except string) (Snapshot, error) {
	files, err := r.read(ctx, except)
	if err != nil {
		return nil, err
	}
	out := make(Snapshot, len(files))
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !r.outside(name, except) {
			continue
		}
		if look, ok := r.look(name); ok {
			out[name] = look
		}
	}
	return out, nil
}

// Read adds the digests of files that are still what they were when a snapshot was made, and
// reports whether it added any. Where a digest is missing, times tell.
func (r *Repo) Read(ctx context.Context, s Snapshot) (added bool) {
	budget := int64(snapshotBudget)
	for _, name := range slices.Sorted(maps.Keys(s)) {
		was := s[name]
		if budget -= was.Size; budget < 0 || ctx.Err() != nil {
			return added
		}
		if was.Digest != "" {
			continue
		}
		digest, err := r.hash(name)
		if now, ok := r.look(name); err != nil || !ok || now != was {
			continue
		}
		was.Digest = digest
		s[name], added = was, true
	}
	return added
}

// outside reports whether a file lies outside a folder.
func (r *Repo) outside(name, folder string) bool {
	if folder == "" {
		return true
	}
	below, err := filepath.Rel(folder, filepath.Join(r.root, filepath.FromSlash(name)))
	return err != nil || below == ".." || strings.HasPrefix(below, ".."+string(os.PathSeparator))
}

func (r *Repo) look(name string) (Look, bool) {
	info, err := r.dir.Lstat(name)
	if err != nil {
		return Look{}, false
	}
	return Look{Size: info.Size(), Modified: info.ModTime().UnixNano(), Mode: uint32(info.Mode())}, true
}

// Drifted names the files that are not what they were in a snapshot, sorted.
func (r *Repo) Drifted(ctx context.Context, was Snapshot, except string) ([]string, error) {
	files, err := r.read(ctx, except)
	if err != nil {
		return nil, err
	}
	gone := maps.Clone(was)
	var out []string
	for _, name := range files {
		before, known := was[name]
		delete(gone, name)
		if now, ok := r.look(name); ok && r.outside(name, except) && (!known || r.differs(name, before, now)) {
			out = append(out, name)
		}
	}
	out = slices.AppendSeq(out, maps.Keys(gone))
	slices.Sort(out)
	return slices.Compact(out), nil
}

// differs compares content only where size and times leave it open.
func (r *Repo) differs(name string, before, now Look) bool {
	switch {
	case before.Size != now.Size || before.Mode != now.Mode:
		return true
	case before.Modified == now.Modified:
		return false
	case before.Digest == "":
		return true
	}
	digest, err := r.hash(name)
	return err != nil || digest != before.Digest
}
