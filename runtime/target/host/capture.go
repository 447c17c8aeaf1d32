package host

import (
	"io"
	"os"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
)

// maxInMemory is how much of a stream is held in memory; what comes after is spilled.
const maxInMemory = 64 << 10

// capture keeps the start of a stream, up to target.MaxCapture. A short stream stays in
// memory and a long one goes to a file, so that memory stays flat whatever is written.
type capture struct {
	path    string // of the spill file
	memory  []byte
	spill   *os.File
	size    int
	cut     bool
	failure error
}

func (c *capture) write(p []byte) {
	if room := target.MaxCapture - c.size; len(p) > room {
		c.cut = true
		p = p[:room]
	}
	if len(p) == 0 || c.failure != nil {
		return
	}
	c.size += len(p)
	if c.spill == nil && len(c.memory)+len(p) <= maxInMemory {
		c.memory = append(c.memory, p...)
		return
	}
	c.failure = c.spillOver(p)
}

func (c *capture) spillOver(p []byte) error {
	if c.spill == nil {
		f, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		c.spill = f
		if _, err := f.Write(c.memory); err != nil {
			return err
		}
		c.memory = nil
	}
	_, err := c.spill.Write(p)
	return err
}

// truncated says that something was written that text does not give.
func (c *capture) truncated() bool { return c.cut || c.failure != nil }

// text is what was kept, as $(…) gives it, with bytes that are not UTF-8 replaced.
func (c *capture) text() string {
	kept := string(c.memory)
	if c.spill != nil {
		var b strings.Builder
		b.Grow(c.size)
		io.Copy(&b, io.NewSectionReader(c.spill, 0, int64(c.size)))
		kept = b.String()
	}
	return strings.ToValidUTF8(strings.TrimRight(kept, "\n"), "\uFFFD")
}

func (c *capture) close() {
	if c.spill != nil {
		c.spill.Close()
		os.Remove(c.path)
	}
}
