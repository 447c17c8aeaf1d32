package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/pipelang/pipe/runtime/secret"
)

const (
	objects = "objects"
	trees   = "trees"
	plain   = "sha256:"
	keyed   = secret.Keyed // of what is sealed
)

// digest reads r to its end.
func digest(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return plain + hex.EncodeToString(h.Sum(nil)), nil
}

func isSealed(digest string) bool { return strings.HasPrefix(digest, keyed) }

// place is where content of a digest lies below kind. A digest comes from plans and journals
// too, so its form is checked before it becomes a path.
func (s *Store) place(kind, digest string) (string, error) {
	prefix := plain
	if isSealed(digest) {
		prefix = keyed
	}
	sum, ok := strings.CutPrefix(digest, prefix)
	if !ok || len(sum) != 2*sha256.Size || strings.Trim(sum, "0123456789abcdef") != "" {
		return "", fmt.Errorf("malformed digest %q", digest)
	}
	return filepath.Join(s.dir, kind, strings.TrimSuffix(prefix, ":"), sum[:2], sum[2:]), nil
}
