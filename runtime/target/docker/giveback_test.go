package docker_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// A device is nobody's result, by whatever name a step gave it.
func TestDevicesAreNotGivenBack(t *testing.T) {
	var from bytes.Buffer
	w := tar.NewWriter(&from)
	for _, h := range []tar.Header{
		{Name: "w/", Typeflag: tar.TypeDir},
		{Name: "w/device", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1},
		{Name: "w/file", Typeflag: tar.TypeReg},
		{Name: "w/link", Typeflag: tar.TypeLink, Linkname: "w/file"},
		{Name: "w/same", Typeflag: tar.TypeLink, Linkname: "w/device"},
		{Name: "w/soft", Typeflag: tar.TypeSymlink, Linkname: "device"},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := docker.Unpack(bytes.NewReader(from.Bytes()), root); err != nil {
		t.Fatal(err)
	}
	received, err := fs.Glob(root.FS(), "*")
	if d := cmp.Diff([]string{"file", "link", "soft"}, received); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	var to bytes.Buffer
	if err := docker.CopyArchive(&to, &from); err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(&to); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, h.Name)
	}
	if d := cmp.Diff([]string{"w/", "w/file", "w/link", "w/soft"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
