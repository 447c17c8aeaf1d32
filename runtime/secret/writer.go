package secret

import (
	"io"
	"slices"
)

// pieceSize bounds what is copied at once, whatever the size of a write.
const pieceSize = 64 << 10

// Writer masks a stream. It is for one goroutine at a time.
type Writer struct {
	masker *Masker
	to     io.Writer
	buf    []byte // what is held back and what has just come
	// covered is how much of buf belongs to a secret whose Mask has been written.
	covered int
	out     []byte
	err     error
}

// Writer is a Writer to w that holds back only what may be the beginning of a secret.
// Close writes what is held back; it does not close w.
func (m *Masker) Writer(w io.Writer) *Writer { return &Writer{masker: m, to: w} }

// Write masks p. What it holds back follows with later writes, or with Close. The error is
// the underlying writer's, and stays.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	for piece := range slices.Chunk(p, pieceSize) {
		w.buf = append(w.buf, piece...)
		if err := w.flush(false); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Close writes what is held back.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	return w.flush(true)
}

func (w *Writer) flush(last bool) error {
	w.mask(last)
	if len(w.out) == 0 {
		return nil
	}
	_, w.err = w.to.Write(w.out)
	w.out = w.out[:0]
	return w.err
}

// mask moves what is settled from buf to out.
func (w *Writer) mask(last bool) {
	x := &w.masker.index
	w.masker.mu.RLock()
	defer w.masker.mu.RUnlock()
	settled := len(w.buf)
	if !last {
		settled = x.open(w.buf)
	}
	done := w.covered // before it, everything is written or covered
	for at, size := range x.matches(w.buf, 0) {
		if at >= settled {
			break
		}
		if at+size <= done {
			continue
		}
		if at >= done {
			w.out = append(w.out, w.buf[done:at]...)
			w.out = append(w.out, Mask...)
		}
		done = at + size
	}
	if done < settled {
		w.out = append(w.out, w.buf[done:settled]...)
		done = settled
	}
	w.covered = done - settled
	w.buf = append(w.buf[:0], w.buf[settled:]...)
}
