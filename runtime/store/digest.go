package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

const (
	objects = "objects/sha256"
	trees   = "trees/sha256"
	prefix  = "sha256:"
)

// digest reads r to its end.
func digest(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return prefix + hex.EncodeToString(h.Sum(nil)), nil
}

// place is where content of a digest lies below kind. A digest comes from plans and journals
// too, so its form is checked before it becomes a path.
func (s *Store) place(kind, digest string) (string, error) {
	sum, ok := strings.CutPrefix(digest, prefix)
	if _, err := hex.DecodeString(sum); !ok || err != nil || len(sum) != 2*sha256.Size || sum != strings.ToLower(sum) {
		return "", fmt.Errorf("malformed digest %q", digest)
	}
	return filepath.Join(s.dir, kind, sum[:2], sum[2:]), nil
}
