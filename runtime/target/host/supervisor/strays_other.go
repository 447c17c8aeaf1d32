//go:build !linux

package supervisor

import "syscall"

// leading starts a child that somebody waits for.
func leading(start func() (int, error)) error { _, err := start(); return err }

func led(int) {}

func (*job) tell(syscall.Signal) {}

// endStrays knows no way to find what left its group here.
func (*job) endStrays() (left, stuck string) { return "", "" }

func (*server) endAll() {}

// EndLost knows no way to find such processes here.
func EndLost(string) error { return nil }
