package supervisor

import (
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// ledger is a file that one process adds to through its memory: what was added is in the file, whatever
// becomes of the process, and each time costs no call, which takes a file system as long as a third of
// starting a program. Beyond its end the file holds zeros, until it is closed.
type ledger struct {
	file *os.File
	end  int64 // of what was added
	from int64 // where in the file the room begins
	room []byte
	flat bool // the file system maps no files
}

// ledgerRoom is how much room is made at once, in bytes.
const ledgerRoom = 64 << 10

// add adds a text whose last byte says that it is whole: that one is written last.
func (l *ledger) add(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if !l.flat && int(l.end-l.from)+len(p) > len(l.room) {
		if err := l.grow(len(p)); err != nil {
			return err
		}
	}
	var err error
	if l.flat {
		_, err = l.file.WriteAt(p, l.end)
	} else {
		err = put(l.room[l.end-l.from:], p)
	}
	if err == nil {
		l.end += int64(len(p))
	}
	return err
}

// put copies into a mapped file, which the system may refuse when it has no room left after all.
func put(to, p []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("write through memory: %v", fault)
		}
	}()
	last := len(p) - 1
	copy(to, p[:last])
	to[last] = p[last]
	return nil
}

// grow makes room for so many bytes and more. It writes zeros there, so that it is known to be had.
func (l *ledger) grow(n int) error {
	l.unmap()
	page := int64(os.Getpagesize())
	from := l.end / page * page
	size := (l.end - from + int64(n) + ledgerRoom) / page * page
	if _, err := l.file.WriteAt(make([]byte, from+size-l.end), l.end); err != nil {
		return err
	}
	room, err := unix.Mmap(int(l.file.Fd()), from, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		l.flat = true
		return l.file.Truncate(l.end)
	}
	l.from, l.room = from, room
	return nil
}

func (l *ledger) unmap() {
	if l.room != nil {
		_ = unix.Munmap(l.room) // it is mapped
		l.room = nil
	}
}

// clear begins anew.
func (l *ledger) clear() error {
	l.unmap()
	l.end, l.from = 0, 0
	return l.file.Truncate(0)
}

// close leaves a file that ends where it says.
func (l *ledger) close() {
	l.unmap()
	_ = l.file.Truncate(l.end) // readers stop at zeros, too
	l.file.Close()
}
