package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"
)

// shellImage is an image with a static shell and sleep, a line in /version, and its layer's digest.
func shellImage(version string) (img v1.Image, layer string, err error) {
	program, err := exec.LookPath("busybox")
	if err != nil {
		return nil, "", err
	}
	shell, err := os.ReadFile(program)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	link := tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/sleep", Linkname: "sh", Mode: 0o777}
	err = errors.Join(file(w, "bin/sh", shell), w.WriteHeader(&link), file(w, "version", []byte(version+"\n")), w.Close())
	if err != nil {
		return nil, "", err
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		return nil, "", err
	}
	digest, err := l.Digest()
	if err != nil {
		return nil, "", err
	}
	img, err = mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH, Config: v1.Config{Env: []string{"PATH=/bin"}}})
	if err != nil {
		return nil, "", err
	}
	img, err = mutate.AppendLayers(img, l)
	return img, digest.String(), err
}

func file(w *tar.Writer, name string, content []byte) error {
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(content))})
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// pushShell puts a shellImage into a registry and gives its layer's digest.
func pushShell(t *testing.T, ref, version string) (layer string) {
	t.Helper()
	img, layer, err := shellImage(version)
	if err != nil {
		t.Fatal(err)
	}
	to, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, img); err != nil {
		t.Fatal(err)
	}
	return layer
}

// pushShellImage is `pushshell REF VERSION`: a shellImage whose /version holds that line. What the
// engine has of it goes when the script has ended.
func pushShellImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pushshell REF VERSION")
	}
	img, _, err := shellImage(args[1])
	ts.Check(err)
	ref, err := name.ParseReference(args[0])
	ts.Check(err)
	ts.Check(remote.Write(ref, img))
	digest, err := img.Digest()
	ts.Check(err)
	ts.Setenv("DIGEST", digest.String())
	pinned := ref.Context().Name() + "@" + digest.String()
	ts.Defer(func() { _ = exec.Command("docker", "image", "rm", "--force", args[0], pinned).Run() })
}
