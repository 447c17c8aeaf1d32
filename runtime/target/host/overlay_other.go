//go:build !linux

package host

import "errors"

// canOverlay says that this system may have overlays.
const canOverlay = false

func whiteout(string) error { return errors.ErrUnsupported }

func (*isolation) shows(string) error { return nil }
