//go:build !linux

package host

import "errors"

// probeReflink fails: plain copies are what this system gets.
func (w *workshop) probeReflink() error { return errors.ErrUnsupported }
