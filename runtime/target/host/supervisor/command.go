package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lookup is the value of a variable, "" when it is unset. The last one wins.
func lookup(env []string, name string) string {
	for _, kv := range slices.Backward(env) {
		if n, v, ok := strings.Cut(kv, "="); ok && n == name {
			return v
		}
	}
	return ""
}

// tooLarge is the error for a command line and environment that fit one by one and not
// together. It names the largest, without their values.
func tooLarge(c command) error {
	total := 0
	for _, s := range c.Argv {
		total += len(s) + 1
	}
	vars := slices.Clone(c.Env)
	for _, s := range vars {
		total += len(s) + 1
	}
	slices.SortStableFunc(vars, func(a, b string) int { return len(b) - len(a) })
	var largest []string
	for _, kv := range vars[:min(3, len(vars))] {
		name, v, _ := strings.Cut(kv, "=")
		largest = append(largest, fmt.Sprintf("%s (%d bytes)", name, len(v)))
	}
	return fmt.Errorf("start %s: the environment and arguments have %d bytes, more than this system gives a program; the largest are %s: hand them over as files",
		c.Argv[0], total, strings.Join(largest, ", "))
}

// RemoveTree removes a tree, read-only folders included.
func RemoveTree(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}
