//go:build !unix

package store

import "os"

func leaseHeld(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
