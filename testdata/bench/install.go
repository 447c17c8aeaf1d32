package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The peers that are installed by their own package managers, once for all runs of the bench.
const (
	justVersion    = "1.59.0"
	dagsterVersion = "1.13.29"
)

// peerFolder is where installed peers stay.
func peerFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "pipe-bench")
	return dir, os.MkdirAll(dir, 0o755)
}

// just is the command runner from Rust's registry: the one in PATH, or one that is built here.
func just() (string, error) {
	if path, err := exec.LookPath("just"); err == nil {
		return path, nil
	}
	dir, err := peerFolder()
	if err != nil {
		return "", err
	}
	root := filepath.Join(dir, "just-"+justVersion)
	path := filepath.Join(root, "bin", "just")
	return path, install(path, "cargo", "install", "--quiet", "--root", root, "--locked", "just@"+justVersion)
}

// dagster is a Python that has Dagster, from Python's registry.
func dagster() (string, error) {
	dir, err := peerFolder()
	if err != nil {
		return "", err
	}
	env := filepath.Join(dir, "dagster-"+dagsterVersion)
	python := filepath.Join(env, "bin", "python")
	if err := install(python, "python3", "-m", "venv", env); err != nil {
		return "", err
	}
	return python, install(filepath.Join(env, "bin", "dagster"), python, "-m", "pip", "install", "--quiet", "dagster=="+dagsterVersion)
}

// install runs a command that makes a file, unless it is there.
func install(path, argv0 string, args ...string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	fmt.Printf("installing a peer, once: %s %s\n", argv0, strings.Join(args, " "))
	if out, err := exec.Command(argv0, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.500s", argv0, err, strings.TrimSpace(string(out)))
	}
	return nil
}
