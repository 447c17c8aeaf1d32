package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultDir is where the store lies: $PIPE_STORE, else $XDG_STATE_HOME/pipe, else
// ~/.local/state/pipe. Variables that are set to nothing count as unset.
func DefaultDir(getenv func(string) string) (string, error) {
	if dir := getenv("PIPE_STORE"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pipe"), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "pipe"), nil
	}
	return "", errors.New("no place for the store: set PIPE_STORE or HOME")
}

// Cache is the folder for the named cache folders of the repository at root, made where it
// is missing. It lasts until someone deletes it.
func (s *Store) Cache(root string) (string, error) {
	name, err := nameOf(root)
	if err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	dir := filepath.Join(s.dir, "cache", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	return dir, nil
}

const digests = "digests"

// Digests is the file for the digests of the repository at root, which need not exist; its
// folder does.
func (s *Store) Digests(root string) (string, error) {
	name, err := nameOf(root)
	if err != nil {
		return "", fmt.Errorf("digests: %w", err)
	}
	dir := filepath.Join(s.dir, digests)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("digests: %w", err)
	}
	return filepath.Join(dir, name), nil
}

// nameOf tells repositories apart, and says to people which one it is.
func nameOf(root string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(root))
	return filepath.Base(root) + "-" + hex.EncodeToString(sum[:6]), nil
}

// State makes the folder for the state of a run that starts; the caller removes it when the run
// is over. What a killed run left there is for the process that goes on with it, see StateAgain.
func (s *Store) State(run string) (string, error) {
	if !filepath.IsLocal(run) || filepath.Base(run) != run {
		return "", fmt.Errorf("state folder: %q is no run's name", run)
	}
	dir := filepath.Join(s.dir, "state", run)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("state folder: %w", err)
	}
	return dir, nil
}

// StateAgain is the folder of a run that goes on, made where it is missing.
func (s *Store) StateAgain(run string) (string, error) {
	dir, err := s.State(run)
	if errors.Is(err, fs.ErrExist) {
		return filepath.Join(s.dir, "state", run), nil
	}
	return dir, err
}
