//go:build !linux

package doctor

import "errors"

// adoptsOrphans is never nil: only Linux has subreapers.
func adoptsOrphans() error { return errors.New("this system has no subreapers") }
