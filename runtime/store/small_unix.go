//go:build unix

package store

import (
	"os"
	"slices"
	"syscall"
)

// readSmall reads a regular file by as few calls of the system as can be: os.ReadFile also asks whether
// the file can be waited for, which takes longer than the reading. It reads into text where that has room.
func readSmall(path string, text []byte) ([]byte, error) {
	fd, err := again(func() (int, error) { return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	for text = text[:0]; ; {
		n, err := again(func() (int, error) { return syscall.Read(fd, text[len(text):cap(text)]) })
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		text = text[:len(text)+n]
		if len(text) < cap(text) {
			return text, nil // a regular file gives less than was asked for only at its end
		}
		text = slices.Grow(text, 3*cap(text))
	}
}

// again makes a call until no signal interrupts it.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != syscall.EINTR {
			return n, err
		}
	}
}
