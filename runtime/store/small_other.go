//go:build !unix

package store

import "os"

func readSmall(path string) ([]byte, error) { return os.ReadFile(path) }
