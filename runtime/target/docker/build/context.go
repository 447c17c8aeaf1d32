package build

import (
	"os"
	"sync"

	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// inline is a folder that holds one Dockerfile.
func inline(text string) fsutil.FS {
	fs := staticfs.NewFS()
	fs.Add(dockerfileName, &types.Stat{Mode: 0o644}, []byte(text))
	return fs
}

// seen counts what a builder may read of the context.
type seen struct {
	mu    sync.Mutex
	files map[string]int64
}

// filter is called for each look that the builder takes at a folder.
func (s *seen) filter(name string, opt *fsutil.FilterOpt) error {
	if name != "context" || len(opt.FollowPaths) == 1 && opt.FollowPaths[0] == ".dockerignore" {
		return nil // the ignore file is read before the context is
	}
	opt.Map = func(path string, st *types.Stat) fsutil.MapResult {
		if os.FileMode(st.Mode).IsRegular() {
			s.mu.Lock()
			if s.files == nil {
				s.files = map[string]int64{}
			}
			s.files[path] = st.Size
			s.mu.Unlock()
		}
		return fsutil.MapResultKeep
	}
	return nil
}

func (s *seen) totals() (files int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.files {
		bytes += n
	}
	return len(s.files), bytes
}
