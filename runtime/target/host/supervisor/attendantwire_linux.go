package supervisor

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// request is what the supervisor asks of a namespace about one attempt; one field is set. Start comes
// with three descriptors.
type request struct {
	Enter *View
	Start *command
	End   *finish
}

// finish is a structure because gob leaves out a pointer to zero.
type finish struct{ Patience time.Duration }

// answer comes with the workspace for Enter and with the process's end for Start.
type answer struct {
	Err     string
	Missing *notFoundError
	Pid     int
	Status  uint32
}

func (a answer) err() error {
	switch {
	case a.Missing != nil:
		return a.Missing
	case a.Err != "":
		return errors.New(a.Err)
	}
	return nil
}

// failed is the answer for an error; nil gives the empty answer.
func failed(err error) answer {
	if missing, ok := errors.AsType[*notFoundError](err); ok {
		return answer{Missing: missing}
	}
	if err != nil {
		return answer{Err: err.Error()}
	}
	return answer{}
}

// maxMessage is more than the kernel lets a command line and environment be.
const maxMessage = 16 << 20

// send writes one message to a stream socket: its length, with the descriptors, then itself.
func send(socket int, message any, fds ...int) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(message); err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(body.Len()))
	if err := retry(func() error { return unix.Sendmsg(socket, head, rights, nil, unix.MSG_NOSIGNAL) }); err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	_, err := body.WriteTo(stream(socket))
	return err
}

// receive reads one message and the descriptors that came with it, which the caller owns.
func receive(socket int, message any) ([]int, error) {
	head, rights := make([]byte, 4), make([]byte, unix.CmsgSpace(4*4))
	var n, oob int
	err := retry(func() (err error) {
		n, oob, _, _, err = unix.Recvmsg(socket, head, rights, unix.MSG_CMSG_CLOEXEC|unix.MSG_WAITALL)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("namespace: %w", err)
	}
	if n == 0 {
		return nil, io.EOF
	}
	fds := descriptors(rights[:oob])
	size := binary.BigEndian.Uint32(head)
	if n != len(head) || size > maxMessage {
		closeFds(fds...)
		return nil, errors.New("namespace: torn message")
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(stream(socket), body); err != nil {
		closeFds(fds...)
		return nil, fmt.Errorf("namespace: %w", err)
	}
	return fds, gob.NewDecoder(bytes.NewReader(body)).Decode(message)
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// stream is a blocking socket as a reader and writer.
type stream int

func (s stream) Read(p []byte) (n int, err error) {
	err = retry(func() (err error) { n, err = unix.Read(int(s), p); return err })
	if n == 0 && err == nil && len(p) > 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (s stream) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		var n int
		err := retry(func() (err error) {
			n, err = unix.SendmsgN(int(s), p[written:], nil, nil, unix.MSG_NOSIGNAL)
			return err
		})
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}
