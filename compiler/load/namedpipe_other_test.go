//go:build !linux

package load

import "errors"

func namedPipe(string) error { return errors.ErrUnsupported }
