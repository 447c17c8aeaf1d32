package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// standsIn lists the files of a store that hold a text in their content or name.
func standsIn(t testing.TB, s *Store, text string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(s.dir, func(p string, d fs.DirEntry, err error) error {
		must(t, err)
		raw := []byte(p)
		if d.Type().IsRegular() {
			content, err := os.ReadFile(p)
			must(t, err)
			raw = append(raw, content...)
		}
		if bytes.Contains(raw, []byte(text)) {
			out = append(out, p)
		}
		return nil
	}))
	return out
}

func TestSealed(t *testing.T) {
	s := open(t)
	const key = "hunter2-prod-key"
	root := write(t, map[string]string{"a": key, "sub/" + key: "1", "same": key, "l": "-> a", "big": strings.Repeat(key, 20_000)})
	in := s.Take(true)
	defer in.Close()
	f, err := in.PutFile(t.Context(), filepath.Join(root, "a"))
	must(t, err)
	d, err := in.PutDir(t.Context(), root)
	must(t, err)
	if got := standsIn(t, s, key); len(got) > 0 {
		t.Errorf("while it is taken in, %v holds the secret", got)
	}
	if n := objectsIn(t, s); n != 0 {
		t.Errorf("%d objects are there before the commit", n)
	}
	must(t, in.Commit(f.Digest, d.Digest))
	must(t, in.Close())

	sum := sha256.Sum256([]byte(key))
	for _, forbidden := range []string{key, hex.EncodeToString(sum[:])[2:]} {
		if got := standsIn(t, s, forbidden); len(got) > 0 {
			t.Errorf("%q stands in %v", forbidden, got)
		}
	}
	if !strings.HasPrefix(f.Digest, "hmac-sha256:") || !strings.HasPrefix(d.Digest, "hmac-sha256:") || f.Size != int64(len(key)) || d.Files != 4 {
		t.Errorf("got %+v, %+v", f, d)
	}
	to := filepath.Join(t.TempDir(), "to")
	must(t, s.GetDir(t.Context(), d, to))
	if diff := cmp.Diff(look(t, root), look(t, to)); diff != "" {
		t.Error(diff)
	}
	f.Mode = 0o400
	must(t, s.GetFile(t.Context(), f, to+"-file"))
	if got := look(t, filepath.Dir(to)); !strings.Contains(got, `-r-------- to-file "hunter2-prod-key"`) {
		t.Error(got)
	}
}

func TestTheSameIsSealedUnderOneName(t *testing.T) {
	s := open(t)
	root := write(t, map[string]string{"a": "hunter2", "b": "hunter2", "c": "other"})
	digests := map[string]bool{}
	for _, name := range []string{"a", "b", "a", "c"} {
		f, err := put(s, true, func(in target.Intake) (value.File, string, error) {
			f, err := in.PutFile(t.Context(), filepath.Join(root, name))
			return f, f.Digest, err
		})
		must(t, err)
		digests[f.Digest] = true
	}
	if n := objectsIn(t, s); n != 2 || len(digests) != 2 {
		t.Errorf("%d objects, digests %v", n, digests)
	}
	other := open(t) // has another identity
	f, err := put(other, true, func(in target.Intake) (value.File, string, error) {
		f, err := in.PutFile(t.Context(), filepath.Join(root, "a"))
		return f, f.Digest, err
	})
	must(t, err)
	if digests[f.Digest] {
		t.Error("two identities give one digest")
	}
}

func TestSealedAndDamaged(t *testing.T) {
	s := open(t)
	root := write(t, map[string]string{"a": strings.Repeat("hunter2", 30_000), "b": "other"})
	in := s.Take(true)
	f, err := in.PutFile(t.Context(), filepath.Join(root, "a"))
	must(t, err)
	g, err := in.PutFile(t.Context(), filepath.Join(root, "b"))
	must(t, err)
	must(t, errors.Join(in.Commit(f.Digest, g.Digest), in.Close()))
	place, err := s.place(objects, f.Digest)
	must(t, err)
	good, err := os.ReadFile(place)
	must(t, err)
	otherPlace, err := s.place(objects, g.Digest)
	must(t, err)
	other, err := os.ReadFile(otherPlace)
	must(t, err)
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"flipped": {flipped, "content " + f.Digest},
		"cut":     {good[:len(good)-100], "content " + f.Digest},
		"swapped": {other, "is not what its digest says: the store is damaged"},
		"no age":  {[]byte("hello"), "content " + f.Digest},
	} {
		must(t, os.Chmod(place, 0o600))
		must(t, os.WriteFile(place, c.content, 0o600))
		to := filepath.Join(t.TempDir(), "to")
		if err := s.GetFile(t.Context(), f, to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if exists(to) {
			t.Errorf("%s: left a file", name)
		}
	}
	must(t, os.WriteFile(place, good, 0o600))
	lost, err := Open(s.dir, sealerIn(t.TempDir()))
	must(t, err)
	if err := lost.GetFile(t.Context(), f, filepath.Join(t.TempDir(), "to")); err == nil || !strings.Contains(err.Error(), "was sealed with another identity than ") {
		t.Errorf("without its identity: %v", err)
	}
}

func TestIntakeThatIsNotCommitted(t *testing.T) {
	for _, seal := range []bool{false, true} {
		s := open(t)
		root := write(t, map[string]string{"a": "1", "d/b": "2", "d/c": "3"})
		in := s.Take(seal)
		f, err := in.PutFile(t.Context(), filepath.Join(root, "a"))
		must(t, err)
		d, err := in.PutDir(t.Context(), filepath.Join(root, "d"))
		must(t, err)
		must(t, in.Commit(f.Digest))
		if err := in.Commit("sha256:" + strings.Repeat("0", 64)); err == nil {
			t.Error("what was not taken in was committed")
		}
		must(t, in.Close())
		if n := objectsIn(t, s); n != 1 {
			t.Errorf("%d objects, want 1", n)
		}
		if err := s.GetDir(t.Context(), d, filepath.Join(t.TempDir(), "to")); !errors.Is(err, ErrMissing) {
			t.Errorf("got %v", err)
		}
		if left, _ := os.ReadDir(filepath.Join(s.dir, "tmp")); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	}
}

func TestWalk(t *testing.T) {
	for _, seal := range []bool{false, true} {
		s := open(t)
		root := write(t, map[string]string{"a": "1", "d/b": "2", "d/same": "1", "d/l": "-> b", "e/": ""})
		in := s.Take(seal)
		defer in.Close()
		f, err := in.PutFile(t.Context(), filepath.Join(root, "a"))
		must(t, err)
		d, err := in.PutDir(t.Context(), root)
		must(t, err)
		for digest, want := range map[string]string{f.Digest: "=1 ", d.Digest: "a=1 d= d/b=2 d/l=b d/same=1 e= "} {
			got := ""
			must(t, in.Walk(t.Context(), digest, func(name string, content io.Reader) error {
				raw, err := io.ReadAll(content)
				got += fmt.Sprintf("%s=%s ", name, raw)
				return err
			}))
			if got != want {
				t.Errorf("seal %v: got %q, want %q", seal, got, want)
			}
		}
		if err := in.Walk(t.Context(), "sha256:00", func(string, io.Reader) error { return nil }); err == nil {
			t.Error("walked what was not taken in")
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	s := open(b)
	path := filepath.Join(write(b, map[string]string{"a": strings.Repeat("0123456789abcdef", 4<<20)}), "a")
	b.SetBytes(64 << 20)
	for b.Loop() {
		in := s.Take(true)
		if _, err := in.PutFile(b.Context(), path); err != nil {
			b.Fatal(err)
		}
		must(b, in.Close())
	}
}
