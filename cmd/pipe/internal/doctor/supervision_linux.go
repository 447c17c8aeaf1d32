package doctor

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// adoptsOrphans says why a process of this system cannot become the parent of orphans; nil where it can.
func adoptsOrphans() error {
	var is int32
	if err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&is)), 0, 0, 0); err != nil {
		return fmt.Errorf("the kernel has no subreapers: %w", err)
	}
	return nil
}
