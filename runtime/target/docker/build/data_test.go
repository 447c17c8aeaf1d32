package build_test

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"encoding/pem"

	"golang.org/x/crypto/ssh"
)

// archive is a tar file that holds one file.
func archive() string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: "in", Mode: 0o644, Size: 4})
	_, _ = w.Write([]byte("deep"))
	_ = w.Close()
	return b.String()
}

// sshKey is a private key that opens nothing.
var sshKey = func() string {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(block))
}()
