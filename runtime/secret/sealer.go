package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	gohash "hash"
	"io"
	"sync"

	"filippo.io/age"
)

// Sealer encrypts what must rest on disk and makes fingerprints of what must not, both with
// one identity: a file that only its user can read. The file is read, or made, when it is
// first needed. A Sealer is safe for concurrent use.
//
// Sealed content is in the format of age, so that the identity and any tool for it open it
// without pipe. It is as secret as the identity; how long it is can be seen.
type Sealer struct{ keys func() (*keys, error) }

// keys are what an identity is used for; no two uses share one.
type keys struct {
	path        string
	identity    *age.X25519Identity
	fingerprint []byte
	digest      []byte
}

// NewSealer is a Sealer with the identity that an environment names, see IdentityPath.
func NewSealer(getenv func(string) string) *Sealer {
	return &Sealer{keys: sync.OnceValues(func() (*keys, error) {
		path, err := IdentityPath(getenv)
		if err != nil {
			return nil, err
		}
		return load(path)
	})}
}

func load(path string) (*keys, error) {
	id, err := identity(path)
	if err != nil {
		return nil, err
	}
	k := &keys{path: path, identity: id}
	for _, use := range []struct {
		key  *[]byte
		name string
	}{{&k.fingerprint, "pipe/v1 fingerprint"}, {&k.digest, "pipe/v1 content"}} {
		if *use.key, err = hkdf.Key(sha256.New, []byte(id.String()), nil, use.name, sha256.Size); err != nil {
			return nil, fmt.Errorf("identity %s: %w", path, err)
		}
	}
	return k, nil
}

// Writer seals what is written to it, into w. Nothing is complete before Close, which does
// not close w.
func (s *Sealer) Writer(w io.Writer) (io.WriteCloser, error) {
	k, err := s.keys()
	if err != nil {
		return nil, err
	}
	return age.Encrypt(w, k.identity.Recipient())
}

// Reader opens what Writer sealed. Damage and a cut are errors of Read.
func (s *Sealer) Reader(sealed io.Reader) (io.Reader, error) {
	k, err := s.keys()
	if err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(sealed, k.identity)
	if wrong := (*age.NoIdentityMatchError)(nil); errors.As(err, &wrong) {
		return nil, fmt.Errorf("it was sealed with another identity than %s: put that one back, or make the content anew", k.path)
	}
	if err != nil {
		return nil, fmt.Errorf("open what was sealed: %w", err)
	}
	return plain, nil
}

// Seal is Writer for a text.
func (s *Sealer) Seal(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := s.Writer(&out)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(plain)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Open is Reader for a text.
func (s *Sealer) Open(sealed []byte) ([]byte, error) {
	r, err := s.Reader(bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("open what was sealed: %w", err)
	}
	return plain, nil
}

// Keyed is how a name begins that is made with the identity's key: fingerprints and digests.
const Keyed = "hmac-sha256:"

// Fingerprint is the same for the same value wherever the identity is the same, and tells
// nothing about the value to who has not the identity.
func (s *Sealer) Fingerprint(value []byte) (string, error) {
	k, err := s.keys()
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, k.fingerprint)
	h.Write(value)
	return Keyed + hex.EncodeToString(h.Sum(nil)), nil
}

// Digest gives digests of content: a keyed hash that is no Fingerprint of the same bytes.
func (s *Sealer) Digest() (gohash.Hash, error) {
	k, err := s.keys()
	if err != nil {
		return nil, err
	}
	return hmac.New(sha256.New, k.digest), nil
}
