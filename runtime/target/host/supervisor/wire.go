package supervisor

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// conn carries messages and descriptors both ways between pipe and a supervisor. It reads and
// writes by calls that block: for a short attempt, to be woken by way of a poller costs more.
type conn struct {
	fd     int
	closed bool
	turn   turn // of who serves or follows one attempt after the other

	mu   sync.Mutex // of sending
	out  bytes.Buffer
	room []byte // for the message to be sent

	in    *bufio.Reader
	meets bool       // the next message that comes is a greeting
	data  []byte     // of the last message
	files []*os.File // that came, and that no message has been given yet
}

// newConn makes a connection of a socket, which it takes. The first message of each side is a greeting.
func newConn(fd int) *conn {
	c := newLane(fd)
	c.meets = true
	return c
}

// newLane makes a connection without greetings.
func newLane(fd int) *conn {
	c := &conn{fd: fd}
	c.in = bufio.NewReaderSize(received{c}, 16<<10)
	return c
}

// send sends a message, data behind it, and files beside it, which stay the caller's.
func (c *conn) send(m *message, files ...*os.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.encode(m, len(files)); err != nil {
		return err
	}
	return c.flush(files)
}

func (c *conn) encode(m *message, files int) error {
	if c.closed {
		return ErrGone
	}
	if m.Hello != nil {
		return c.encodeGreeting(m)
	}
	m.Files, m.Size = files, len(m.data)
	c.room = m.encode(c.room[:0])
	var size [binary.MaxVarintLen64]byte
	c.out.Write(binary.AppendUvarint(size[:0], uint64(len(c.room))))
	c.out.Write(c.room)
	c.out.Write(m.data)
	return nil
}

// flush sends what is encoded. Files belong to the last message of it, and come with its start.
func (c *conn) flush(files []*os.File) error {
	defer c.out.Reset()
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	for p := c.out.Bytes(); len(p) > 0; rights = nil {
		n, err := unix.SendmsgN(c.fd, p, rights, nil, noSignal)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("supervisor: %w", err)
		}
		if err == nil {
			p = p[n:]
		}
	}
	return nil
}

// receive waits for the next message, into an empty one. Its data is overwritten by the next one's.
// The files are the caller's.
func (c *conn) receive(m *message) ([]*os.File, error) {
	if c.meets {
		c.meets = false
		return nil, c.receiveGreeting(m)
	}
	if err := c.receiveMessage(m); err != nil {
		return nil, err
	}
	if m.Size < 0 || m.Size > maxSize || m.Files < 0 {
		return nil, errMessage
	}
	c.data = slices.Grow(c.data[:0], m.Size)[:m.Size]
	if _, err := io.ReadFull(c.in, c.data); err != nil {
		return nil, err
	}
	m.data = c.data
	if m.Files > len(c.files) {
		return nil, errors.New("supervisor: a message lacks its descriptors")
	}
	files := c.files[:m.Files:m.Files]
	c.files = c.files[m.Files:]
	return files, nil
}

// maxSize is more than the kernel lets a command line and environment be, and what is kept of output
// in memory.
const maxSize = 256 << 20

func (c *conn) receiveMessage(m *message) error {
	size, err := binary.ReadUvarint(c.in)
	if err != nil {
		return err
	}
	if size > maxSize {
		return errMessage
	}
	c.data = slices.Grow(c.data[:0], int(size))[:size]
	if _, err := io.ReadFull(c.in, c.data); err != nil {
		return err
	}
	return m.decode(string(c.data))
}

// hangUp ends the connection; who waits for a message, on either side, gets an error.
func (c *conn) hangUp() { _ = unix.Shutdown(c.fd, unix.SHUT_RDWR) }

// close frees it. Nobody may be waiting for a message.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.out.Reset()
	closeFds(c.fd)
}

// received reads the connection's bytes, and puts the descriptors that come with them aside.
type received struct{ *conn }

func (r received) Read(p []byte) (int, error) {
	var rights [1024]byte // for as many descriptors as the kernel lets come at once
	for {
		n, oob, _, _, err := unix.Recvmsg(r.fd, p, rights[:], closeOnExec)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if oob > 0 {
			r.put(rights[:oob])
		}
		if n == 0 && err == nil {
			return 0, io.EOF
		}
		return max(n, 0), err
	}
}

func (c *conn) put(rights []byte) {
	for _, fd := range descriptors(rights) {
		unix.CloseOnExec(fd)
		c.files = append(c.files, os.NewFile(uintptr(fd), "received"))
	}
}

func descriptors(rights []byte) []int {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil
	}
	var all []int
	for _, m := range messages {
		if fds, err := unix.ParseUnixRights(&m); err == nil {
			all = append(all, fds...)
		}
	}
	return all
}

// socketPair gives two ends of one connection.
func socketPair() (ours, theirs int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("supervisor: %w", err)
	}
	unix.CloseOnExec(pair[0])
	unix.CloseOnExec(pair[1])
	return pair[0], pair[1], nil
}
