package docker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/pipelang/pipe/runtime/event"
)

// readFrames reads the two streams of a container apart: each frame has a head of eight bytes, the
// stream's number first and the length last. What write is given is only lent.
func readFrames(r io.Reader, write func(event.Stream, []byte)) error {
	var head [8]byte
	buf := frameBuffers.Get().(*[64 << 10]byte)
	defer frameBuffers.Put(buf)
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		stream := event.Stdout
		switch head[0] {
		case 1:
		case 2:
			stream = event.Stderr
		default:
			return fmt.Errorf("the engine sent a frame of stream %d", head[0])
		}
		for left := int(binary.BigEndian.Uint32(head[4:])); left > 0; {
			n, err := r.Read(buf[:min(left, len(buf))])
			write(stream, buf[:n])
			if left -= n; err != nil && left > 0 {
				return err
			}
		}
	}
}

// frames takes in what the container writes.
func (a *attempt) frames(r io.Reader) error {
	defer a.flush()
	return readFrames(r, func(stream event.Stream, p []byte) {
		if stream == event.Stdout {
			a.stdout.write(p)
		} else {
			a.stderr.write(p)
		}
	})
}

var frameBuffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

func (a *attempt) flush() {
	a.stdout.flush()
	a.stderr.flush()
}

// initSays is how the engine's init begins when it cannot start a program.
const initSays = "[FATAL tini ("

// deliver hands output on, but for what the engine's init says of a program that it could not start.
func (a *attempt) deliver(stream event.Stream, section string, p []byte) {
	if stream == event.Stderr && !a.wrote && (a.initSaid != "" || strings.HasPrefix(string(p), initSays)) {
		a.initSaid += string(p)
		return
	}
	a.wrote = true
	a.Deliver(stream, section, p)
}
