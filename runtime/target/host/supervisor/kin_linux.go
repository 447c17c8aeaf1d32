package supervisor

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// kin is a process as the kernel lists it.
type kin struct {
	pid, parent, group int
	name               string
	dead               bool // and not collected yet
}

func (k kin) String() string { return fmt.Sprintf("%s (process %d)", k.name, k.pid) }

// table is every process of this machine at one moment, by its number.
func table() map[int]kin {
	out := map[int]kin{}
	for _, name := range listed("/proc") {
		if pid, err := strconv.Atoi(name); err == nil {
			if k, ok := readKin(pid); ok {
				out[pid] = k
			}
		}
	}
	return out
}

// listed gives the names in a folder; what cannot be read has none.
func listed(dir string) []string {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	return names
}

// readKin reads what the kernel says of a process; its name stands in brackets and may hold some.
func readKin(pid int) (kin, bool) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return kin{}, false
	}
	open, end := bytes.IndexByte(raw, '('), bytes.LastIndexByte(raw, ')')
	if open < 0 || end < open {
		return kin{}, false
	}
	f := strings.Fields(string(raw[end+1:]))
	if len(f) < 3 {
		return kin{}, false
	}
	k := kin{pid: pid, name: string(raw[open+1 : end]), dead: f[0] == "Z" || f[0] == "X"}
	k.parent, _ = strconv.Atoi(f[1])
	k.group, _ = strconv.Atoi(f[2])
	return k, true
}

// below gives the living among roots and all that descends from them.
func below(all map[int]kin, roots []int) []kin {
	children := map[int][]int{}
	for _, k := range all {
		children[k.parent] = append(children[k.parent], k.pid)
	}
	var out []kin
	seen := map[int]bool{}
	for due := slices.Clone(roots); len(due) > 0; {
		pid := due[len(due)-1]
		due = due[:len(due)-1]
		k, ok := all[pid]
		if !ok || seen[pid] {
			continue
		}
		seen[pid] = true
		if !k.dead {
			out = append(out, k)
		}
		due = append(due, children[pid]...)
	}
	slices.SortFunc(out, func(a, b kin) int { return a.pid - b.pid })
	return out
}

// hasMarker reports whether a process was started with a variable, NAME=value. Of another
// user's process that cannot be told.
func hasMarker(pid int, marker string) bool {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	return bytes.Contains(append([]byte{0}, raw...), []byte("\x00"+marker+"\x00"))
}

// leaders are the children of this process that somebody waits for. Whatever else becomes its
// child is an orphan of an attempt.
var leaders = struct {
	sync.RWMutex
	pids sync.Map
}{}

// leading starts a child that somebody waits for.
func leading(start func() (pid int, err error)) error {
	leaders.RLock()
	defer leaders.RUnlock()
	pid, err := start()
	if err == nil {
		leaders.pids.Store(pid, nil)
	}
	return err
}

// led says that nobody waits for a child any more.
func led(pid int) { leaders.pids.Delete(pid) }

// reap collects orphans that have died, and gives those that live.
func reap() []int {
	// A start under way holds the lock for as long as that takes, and most often there is no orphan.
	if !slices.ContainsFunc(ownChildren(), isOrphan) {
		return nil
	}
	leaders.Lock()
	defer leaders.Unlock()
	var alive []int
	for _, pid := range ownChildren() {
		if !isOrphan(pid) {
			continue
		}
		if got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); got == 0 && err == nil {
			alive = append(alive, pid)
		}
	}
	return alive
}

// isOrphan says of a child that nobody waits for it; while one is started, it may be that.
func isOrphan(pid int) bool {
	_, leads := leaders.pids.Load(pid)
	return !leads
}

// childrenList is the kernel's list of this process's children, open: to find it each time costs more
// than to read it.
var childrenList = sync.OnceValue(func() int {
	n := strconv.Itoa(os.Getpid())
	fd, err := unix.Open("/proc/"+n+"/task/"+n+"/children", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
})

// ownChildren is childrenOf this process.
func ownChildren() []int {
	fd := childrenList()
	if fd < 0 {
		return childrenOf(os.Getpid())
	}
	var room [1024]byte
	all := room[:0]
	for {
		n, err := unix.Pread(fd, all[len(all):cap(all)], int64(len(all)))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return childrenOf(os.Getpid())
		case n == 0:
			return numbers(all)
		default:
			all = slices.Grow(all[:len(all)+n], 512)
		}
	}
}

// childrenOf gives the children of a process's first thread: the kernel gives orphans to that.
func childrenOf(pid int) []int {
	n := strconv.Itoa(pid)
	raw, err := os.ReadFile("/proc/" + n + "/task/" + n + "/children")
	if errors.Is(err, fs.ErrNotExist) {
		return childrenIn(table(), pid) // a kernel that keeps no such list
	}
	return numbers(raw)
}

// numbers reads those that stand in a text, with space between them.
func numbers(text []byte) []int {
	var out []int
	for f := range bytes.FieldsSeq(text) {
		if n, err := strconv.Atoi(string(f)); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func childrenIn(all map[int]kin, parent int) []int {
	var out []int
	for pid, k := range all {
		if k.parent == parent {
			out = append(out, pid)
		}
	}
	return out
}
