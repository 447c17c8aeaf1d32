package registry

import (
	"context"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Proof is what a registry gave back.
type Proof struct {
	Digest string // of the manifest's bytes, as they came
	Config string // digest of the configuration that the manifest names; "" for an index
}

// Prove reads a reference back, under its tag and under its digest, and fails unless both give
// the manifest whose digest is wanted. Digests are computed from the bytes that come; what the
// registry says of them is not believed. The error is an *Error.
func Prove(ctx context.Context, ref, want string, o Options) (Proof, error) {
	parsed, err := o.parse(ref)
	if err != nil {
		return Proof{}, err
	}
	got, err := remote.Get(parsed, o.Remote(ctx)...)
	if err != nil {
		return Proof{}, Failure(ref, err)
	}
	sum, _, err := v1.SHA256(bytesOf(got.Manifest))
	if err != nil {
		return Proof{}, Failure(ref, err)
	}
	if sum.String() != want {
		return Proof{}, unproven(ref, Host(parsed), "the registry gives %s, and %s was pushed", sum, want)
	}
	byDigest := parsed.Context().Digest(want)
	again, err := remote.Get(byDigest, o.Remote(ctx)...)
	if err != nil {
		return Proof{}, unproven(ref, Host(parsed), "the registry gives it by its tag, and not by its digest %s: %w", want, err)
	}
	if second, _, err := v1.SHA256(bytesOf(again.Manifest)); err != nil || second != sum {
		return Proof{}, unproven(ref, Host(parsed), "the registry gives %s for the digest %s", second, want)
	}
	var manifest struct {
		Config struct {
			Digest string `json:"digest"`
		} `json:"config"`
	}
	if err := json.Unmarshal(got.Manifest, &manifest); err != nil {
		return Proof{}, unproven(ref, Host(parsed), "the registry gives a manifest that cannot be read: %w", err)
	}
	return Proof{Digest: sum.String(), Config: manifest.Config.Digest}, nil
}

func unproven(ref, host, format string, args ...any) error {
	return &Error{Ref: ref, Host: host, Kind: Unproven, Err: fmt.Errorf(format, args...)}
}
