package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"filippo.io/age"
)

// IdentityVariable names the environment variable that says where the identity lies.
const IdentityVariable = "PIPE_IDENTITY"

// maxIdentity is more than a file with comments and one identity is long.
const maxIdentity = 64 << 10

const identityHeader = `# The identity of pipe: it opens what pipe seals. Whoever can read it can read that.
# public key: %s
%s
`

// IdentityPath is where the identity lies: $PIPE_IDENTITY, else pipe/identity below
// $XDG_CONFIG_HOME, else below ~/.config. Variables that are set to nothing count as unset.
func IdentityPath(getenv func(string) string) (string, error) {
	if path := getenv(IdentityVariable); path != "" {
		return filepath.Abs(path)
	}
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pipe", "identity"), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".config", "pipe", "identity"), nil
	}
	return "", fmt.Errorf("no place for the identity: set %s or HOME", IdentityVariable)
}

// identity reads the identity at path, and makes it where nothing is.
func identity(path string) (*age.X25519Identity, error) {
	id, err := readIdentity(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	if err := makeIdentity(path); err != nil {
		return nil, fmt.Errorf("make the identity %s: %w", path, err)
	}
	return readIdentity(path)
}

func readIdentity(path string) (*age.X25519Identity, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxIdentity))
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	return parseIdentity(path, text)
}

// private refuses a file that others can read or have written.
func private(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("the identity %s is no regular file: move it away, or set %s to another path", path, IdentityVariable)
	case !ours(info):
		return fmt.Errorf("the identity %s belongs to another user: copy it to a file of your own, or set %s to another path", path, IdentityVariable)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("the identity %s has mode %04o and can be read by others: run chmod 600 on it, and if others had access, remove it and what it sealed", path, info.Mode().Perm())
	}
	return nil
}

// parseIdentity reads what makeIdentity or age-keygen wrote. Errors quote nothing of it.
func parseIdentity(path string, text []byte) (*age.X25519Identity, error) {
	var found *age.X25519Identity
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := age.ParseX25519Identity(line)
		if err != nil || found != nil {
			return nil, fmt.Errorf("the identity %s is damaged: expected one AGE-SECRET-KEY-1… and comments; put a copy of it back, or remove it to have a new one made", path)
		}
		found = id
	}
	if found == nil {
		return nil, fmt.Errorf("the identity %s is empty: put a copy of it back, or remove it to have a new one made", path)
	}
	return found, nil
}

// makeIdentity writes a new identity beside path and links it there, which fails where
// another process was faster: then its identity is the one.
func makeIdentity(path string) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".identity-") // has mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	var text bytes.Buffer
	fmt.Fprintf(&text, identityHeader, id.Recipient(), id)
	_, err = temp.Write(text.Bytes())
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes a new name last. Not every file system can, and none must.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
