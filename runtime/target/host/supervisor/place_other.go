//go:build !linux

package supervisor

import "errors"

// ownPlace has no equal here: threads share what they see.
func ownPlace() (place, error) { return nil, errors.ErrUnsupported }

// namespace does not exist here.
type namespace struct{}

func startNamespace() (*namespace, error) { return nil, errors.ErrUnsupported }

func (*namespace) place() (place, error) { return nil, errors.ErrUnsupported }

func (*namespace) close() error { return nil }

func serveControl(int) {}
