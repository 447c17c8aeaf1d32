package supervisor

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"io"
	"os"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
)

// maxInMemory is how much of a stream is held in memory; what comes after is spilled.
const maxInMemory = 64 << 10

// Capture keeps the start of a stream, up to target.MaxCapture. A short stream stays in
// memory. A long one goes to a file without a name, enciphered with a key that no disk has:
// memory stays flat whatever is written, and what nobody has masked yet is nowhere to be read.
type Capture struct {
	path    string // where the spill file is made
	memory  []byte
	spill   *os.File
	key     []byte
	cipher  cipher.Stream
	size    int
	cut     bool
	failure error
}

// NewCapture is empty. Nothing else may have a file at path.
func NewCapture(path string) *Capture { return &Capture{path: path} }

// Write takes what comes next.
func (c *Capture) Write(p []byte) {
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

func (c *Capture) spillOver(p []byte) error {
	if c.spill == nil {
		if err := c.open(); err != nil {
			return err
		}
		if err := c.seal(c.memory); err != nil {
			return err
		}
		c.memory = nil
	}
	return c.seal(p)
}

// open makes the spill file, which no name leads to.
func (c *Capture) open() error {
	f, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	c.spill = f
	if err := os.Remove(c.path); err != nil {
		return err
	}
	c.key = make([]byte, 32)
	rand.Read(c.key)
	c.cipher, err = streamOf(c.key)
	return err
}

// streamOf is a cipher for one text: its key is never used for another.
func streamOf(key []byte) (cipher.Stream, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewCTR(block, make([]byte, aes.BlockSize)), nil
}

func (c *Capture) seal(p []byte) error {
	buf := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(buf)
	for len(p) > 0 {
		n := min(len(p), len(buf))
		c.cipher.XORKeyStream(buf[:n], p[:n])
		if _, err := c.spill.Write(buf[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// Truncated says that something was written that Text does not give.
func (c *Capture) Truncated() bool { return c.cut || c.failure != nil }

// Text is what was kept, as $(…) gives it, with bytes that are not UTF-8 replaced.
func (c *Capture) Text() string {
	kept := string(c.memory)
	if c.spill != nil {
		kept = c.unsealed()
	}
	return strings.ToValidUTF8(strings.TrimRight(kept, "\n"), "\uFFFD")
}

func (c *Capture) unsealed() string {
	plain, err := streamOf(c.key)
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.Grow(c.size)
	io.Copy(&b, cipher.StreamReader{S: plain, R: io.NewSectionReader(c.spill, 0, int64(c.size))})
	return b.String()
}

// Close lets go of the file.
func (c *Capture) Close() {
	if c.spill != nil {
		c.spill.Close()
	}
}

// captured is a capture on its way to another process, which gets the file beside it.
type captured struct {
	Memory []byte
	Key    []byte // of the file; nil for none
	Size   int
	Cut    bool
}

// send gives what another process needs, and the file to send along, or nil.
func (c *Capture) send() (captured, *os.File) {
	return captured{Memory: c.memory, Key: c.key, Size: c.size, Cut: c.Truncated()}, c.spill
}

// capture is what was sent; it lacks the file still, where it has a key.
func (s captured) capture() *Capture {
	return &Capture{memory: s.Memory, key: s.Key, size: s.Size, cut: s.Cut}
}
