package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// waitDelay is how long a program's children may hold its output when it was ended.
const waitDelay = 2 * time.Second

const (
	lowDisk   = 2 << 30
	emptyDisk = 100 << 20
)

// store says where runs and results are kept, and whether that works.
func (s *Surroundings) store(ctx context.Context) []Line {
	opened, err := s.Open()
	if err != nil {
		return fails("give this user the right to write there, or name another folder with --store or PIPE_STORE", "%s cannot be used: %v", s.StoreDir, err)
	}
	dir := opened.Dir()
	lines := ok("%s", dir)
	probe, err := os.CreateTemp(dir, ".pipe-doctor-*")
	if err != nil {
		return fails("give this user the right to write there, or name another folder with --store or PIPE_STORE", "%s takes no files: %v", dir, err)
	}
	_ = probe.Close() // it holds nothing
	if err := os.Remove(probe.Name()); err != nil {
		return fails("give this user the right to remove files there", "%s keeps what is removed: %v", dir, err)
	}
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 {
		lines = append(lines, warns("chmod 700 "+dir, "%s can be read by other users (mode %04o): logs and results are there", dir, info.Mode().Perm())...)
	}
	lines = append(lines, s.disk(dir, "the store")...)
	if parts, err := opened.Usage(ctx); err == nil {
		var total int64
		for _, p := range parts {
			total += p.Bytes
		}
		lines[0].Text += ": " + size(total)
	}
	if free, _, known := s.Space(dir); known {
		lines[0].Text += ", " + size(free) + " free"
	}
	return lines
}

// disk complains about a full disk, and about one that is another machine's.
func (s *Surroundings) disk(dir, what string) []Line {
	free, network, known := s.Space(dir)
	switch {
	case !known:
		return nil
	case free < emptyDisk:
		return fails("make room: pipe store prune, docker system df", "%s is left for %s at %s", size(free), what, dir)
	case free < lowDisk:
		return warns("make room: pipe store prune, docker system df", "only %s is left for %s at %s", size(free), what, dir)
	case network != "":
		return warns("keep it on a local disk: --store or PIPE_STORE", "%s lies on %s, where locks between processes may not hold", what, network)
	}
	return nil
}

// size is a number of bytes for people.
func size(n int64) string {
	const units = "KMGTP"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/1024, 0
	for ; f >= 1000 && i < len(units)-1; i++ {
		f /= 1024
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + " " + units[i:i+1] + "iB"
}
