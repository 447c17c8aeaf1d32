//go:build !linux

package supervisor

import (
	"context"
	"errors"
	"os/exec"

	"github.com/pipelang/pipe/runtime/target"
)

// start has no equal here: attempts end with pipe.
func start(string) (*exec.Cmd, int, error) { return nil, -1, errors.ErrUnsupported }

func find(string) (int, error) { return -1, nil }

func peer(int) int { return 0 }

func supervise() {}

func reapAtOnce() {}

// Sweep has nothing to do: what is left of attempts here is told by their traces alone.
func Sweep(string) bool { return false }

// Has gives none: attempts end with pipe.
func Has(string) ([]target.Trace, error) { return nil, nil }

// GiveUp has nothing to do.
func GiveUp(context.Context, string) error { return nil }
