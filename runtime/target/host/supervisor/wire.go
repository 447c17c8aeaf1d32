package supervisor

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// conn carries messages and descriptors both ways between pipe and a supervisor.
type conn struct {
	socket *net.UnixConn

	mu  sync.Mutex // of sending
	out bytes.Buffer
	enc *gob.Encoder

	in    *bufio.Reader
	dec   *gob.Decoder
	data  []byte     // of the last message
	files []*os.File // that came, and that no message has been given yet
}

func newConn(socket *net.UnixConn) *conn {
	c := &conn{socket: socket}
	c.enc = gob.NewEncoder(&c.out)
	c.in = bufio.NewReaderSize(received{c}, readSize)
	c.dec = gob.NewDecoder(c.in)
	return c
}

// connOf makes a connection of a descriptor of a socket, which it takes.
func connOf(fd int) (*conn, error) {
	f := os.NewFile(uintptr(fd), "supervisor")
	defer f.Close()
	socket, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return newConn(socket.(*net.UnixConn)), nil
}

// send sends a message, data behind it, and files beside it, which stay the caller's.
func (c *conn) send(m *message, files ...*os.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Files, m.Size = len(files), len(m.data)
	c.out.Reset()
	if err := c.enc.Encode(m); err != nil {
		return err
	}
	c.out.Write(m.data)
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		n, _, err := c.socket.WriteMsgUnix(c.out.Bytes(), unix.UnixRights(fds...), nil)
		if err != nil {
			return err
		}
		c.out.Next(n)
	}
	_, err := c.out.WriteTo(c.socket)
	return err
}

// receive waits for the next message, into an empty one. Its data is overwritten by the next one's.
// The files are the caller's.
func (c *conn) receive(m *message) ([]*os.File, error) {
	if err := c.dec.Decode(m); err != nil {
		return nil, err
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

// close ends the connection; who waits for a message gets an error.
func (c *conn) close() error { return c.socket.Close() }

// received reads the connection's bytes, and puts the descriptors that come with them aside.
type received struct{ *conn }

func (r received) Read(p []byte) (int, error) {
	rights := make([]byte, unix.CmsgSpace(4*4))
	n, oob, _, _, err := r.socket.ReadMsgUnix(p, rights)
	if oob > 0 {
		for _, fd := range descriptors(rights[:oob]) {
			unix.CloseOnExec(fd)
			r.files = append(r.files, os.NewFile(uintptr(fd), "received"))
		}
	}
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return max(n, 0), err
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
