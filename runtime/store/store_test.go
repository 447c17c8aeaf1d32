package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/target"
)

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"), sealerIn(t.TempDir()))
	must(t, err)
	return s
}

func sealerIn(dir string) *secret.Sealer {
	return secret.NewSealer(func(name string) string {
		if name == secret.IdentityVariable {
			return filepath.Join(dir, "identity")
		}
		return ""
	})
}

// putFile takes in one file and commits it.
func putFile(ctx context.Context, s *Store, path string) (value.File, error) {
	return put(s, false, func(in target.Intake) (value.File, string, error) {
		f, err := in.PutFile(ctx, path)
		return f, f.Digest, err
	})
}

// putDir takes in one folder and commits it.
func putDir(ctx context.Context, s *Store, path string) (value.Dir, error) {
	return put(s, false, func(in target.Intake) (value.Dir, string, error) {
		d, err := in.PutDir(ctx, path)
		return d, d.Digest, err
	})
}

func put[T any](s *Store, seal bool, take func(target.Intake) (T, string, error)) (T, error) {
	in := s.Take(seal)
	v, sum, err := take(in)
	if err == nil {
		err = in.Commit(sum)
	}
	return v, errors.Join(err, in.Close())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes a tree: content by path, "-> x" for links, a path that ends in "/" for folders.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "tree")
	must(t, os.MkdirAll(root, 0o755))
	for name, content := range files {
		p := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		switch link, isLink := strings.CutPrefix(content, "-> "); {
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(p, 0o755))
		case isLink:
			must(t, os.Symlink(link, p))
		default:
			must(t, os.WriteFile(p, []byte(content), 0o644))
		}
	}
	return root
}

// look describes a tree.
func look(t testing.TB, root string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		must(t, err)
		if p == root {
			return nil
		}
		info, err := d.Info()
		must(t, err)
		fmt.Fprintf(&b, "%s %s", info.Mode(), strings.TrimPrefix(p, root+"/"))
		switch {
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(p)
			must(t, err)
			b.WriteString(" -> " + target)
		case !d.IsDir():
			raw, err := os.ReadFile(p)
			must(t, err)
			fmt.Fprintf(&b, " %q", raw)
		}
		b.WriteByte('\n')
		return nil
	}))
	return b.String()
}

// objectsIn counts what the store holds.
func objectsIn(t testing.TB, s *Store) int {
	t.Helper()
	n := 0
	must(t, filepath.WalkDir(filepath.Join(s.dir, objects), func(p string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			n++
		}
		return err
	}))
	return n
}

func TestFileRoundTrip(t *testing.T) {
	s := open(t)
	p := filepath.Join(t.TempDir(), "run.sh")
	must(t, os.WriteFile(p, []byte("hello"), 0o600))
	must(t, os.Chmod(p, 0o750|fs.ModeSetuid))
	got, err := putFile(t.Context(), s, p)
	must(t, err)
	want := value.File{Name: "run.sh", Digest: "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", Size: 5, Mode: 0o750}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	to := filepath.Join(t.TempDir(), "copy")
	must(t, s.GetFile(t.Context(), got, to))
	raw, err := os.ReadFile(to)
	must(t, err)
	info, err := os.Stat(to)
	must(t, err)
	if string(raw) != "hello" || info.Mode() != 0o750 {
		t.Errorf("got %q with mode %v", raw, info.Mode())
	}
	// What a step does to its copy is no matter of the store.
	must(t, os.WriteFile(to, []byte("changed"), 0o644))
	must(t, s.GetFile(t.Context(), got, to+"2"))
	if raw, err := os.ReadFile(to + "2"); err != nil || string(raw) != "hello" {
		t.Errorf("got %q, %v", raw, err)
	}
	if err := s.GetFile(t.Context(), got, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an existing file was written: %v", err)
	}
}

func TestEqualContentIsStoredOnce(t *testing.T) {
	s := open(t)
	root := write(t, map[string]string{"a": "same", "b": "same", "d/c": "same", "d/e": "other"})
	d, err := putDir(t.Context(), s, root)
	must(t, err)
	f, err := putFile(t.Context(), s, filepath.Join(root, "a"))
	must(t, err)
	if n := objectsIn(t, s); n != 2 {
		t.Errorf("holds %d objects, want 2", n)
	}
	if d.Files != 4 || d.Size != 17 || f.Size != 4 {
		t.Errorf("got %+v and %+v", d, f)
	}
	if left, _ := os.ReadDir(filepath.Join(s.dir, "tmp")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestDirRoundTrip(t *testing.T) {
	s := open(t)
	root := write(t, map[string]string{
		"a": "1", "a-b": "2", "a.d/x": "3", "bin/run": "#!", "bin/latest": "-> run", "up/here/l": "-> ../../a", "empty/": "",
		"odd \n\"name\"": "4", "raw\xff": "5", "dangling": "-> bin/none", "dot": "-> ./a", "self": "-> .", "read-only/f": "6",
	})
	must(t, os.Chmod(filepath.Join(root, "bin/run"), 0o755))
	must(t, os.Chmod(filepath.Join(root, "read-only"), 0o555))
	t.Cleanup(func() { os.Chmod(filepath.Join(root, "read-only"), 0o755) })
	d, err := putDir(t.Context(), s, root)
	must(t, err)
	if d.Name != "tree" || d.Files != 7 {
		t.Errorf("got %+v", d)
	}
	to := filepath.Join(t.TempDir(), "copy")
	must(t, s.GetDir(t.Context(), d, to))
	t.Cleanup(func() { os.Chmod(filepath.Join(to, "read-only"), 0o755) })
	if diff := cmp.Diff(look(t, root), look(t, to)); diff != "" {
		t.Error(diff)
	}
	again, err := putDir(t.Context(), s, to)
	must(t, err)
	if again.Digest != d.Digest {
		t.Errorf("digest %s became %s", d.Digest, again.Digest)
	}
	if err := s.GetDir(t.Context(), d, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an existing folder was written: %v", err)
	}
}

// TestManifestIsCanonical holds the form: digests are in journals and plans for good.
func TestManifestIsCanonical(t *testing.T) {
	s := open(t)
	root := write(t, map[string]string{"b/x": "hello", "a": "-> b/x", "b/\"q\"": ""})
	d, err := putDir(t.Context(), s, root)
	must(t, err)
	place, err := s.place(trees, d.Digest)
	must(t, err)
	raw, err := os.ReadFile(place)
	must(t, err)
	want := `pipe.tree/v1
link "a" "b/x"
dir 0755 "b"
file 0644 sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 "b/\"q\""
file 0644 sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 5 "b/x"
`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Error(diff)
	}
}

func TestDigestSaysWhatChanged(t *testing.T) {
	s := open(t)
	seen := map[string]string{}
	for name, files := range map[string]map[string]string{
		"plain": {"a": "1"}, "content": {"a": "2"}, "name": {"b": "1"}, "deeper": {"d/a": "1"}, "link": {"a": "-> b"},
		"link elsewhere": {"a": "-> c"}, "nothing": {}, "an empty folder": {"a/": ""},
	} {
		d, err := putDir(t.Context(), s, write(t, files))
		must(t, err)
		if other, ok := seen[d.Digest]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[d.Digest] = name
	}
}

func TestLinksThatLeaveTheTree(t *testing.T) {
	s := open(t)
	for _, target := range []string{"/etc/passwd", "..", "../x", "d/../../x", "d/..", "./../x", ".//../x"} {
		_, err := putDir(t.Context(), s, write(t, map[string]string{"l": "-> " + target}))
		if err == nil || !strings.Contains(err.Error(), "l: link to ") {
			t.Errorf("%s: got %v", target, err)
		}
	}
	// The text of the second stays in the tree, and the first takes it out.
	_, err := putDir(t.Context(), s, write(t, map[string]string{"a/b/c": "-> ../..", "l": "-> a/b/c/../x"}))
	if err == nil {
		t.Error("a link by way of a link left the tree")
	}
}

func TestWhatIsNoFile(t *testing.T) {
	s := open(t)
	root := write(t, map[string]string{"a": "1"})
	l, err := net.Listen("unix", filepath.Join(root, "s"))
	must(t, err)
	defer l.Close()
	if _, err := putDir(t.Context(), s, root); err == nil || !strings.HasSuffix(err.Error(), "s: is a socket, expected a file, a folder or a link") {
		t.Errorf("got %v", err)
	}
	for path, want := range map[string]string{
		os.DevNull: "is a device, expected a regular file",
		root:       "is a folder, expected a regular file",
	} {
		if _, err := putFile(t.Context(), s, path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	must(t, exec.Command("mkfifo", fifo).Run())
	if _, err := putFile(t.Context(), s, fifo); err == nil || !strings.HasSuffix(err.Error(), "is a named pipe, expected a regular file") {
		t.Errorf("got %v", err)
	}
	if _, err := putFile(t.Context(), s, root+"/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestMissingAndDamagedContent(t *testing.T) {
	s := open(t)
	f, err := putFile(t.Context(), s, filepath.Join(write(t, map[string]string{"a": "hello"}), "a"))
	must(t, err)
	d, err := putDir(t.Context(), s, write(t, map[string]string{"a": "hello"}))
	must(t, err)
	to := filepath.Join(t.TempDir(), "to")
	none := "sha256:" + strings.Repeat("0", 64)
	if err := s.GetFile(t.Context(), value.File{Digest: none}, to); !errors.Is(err, ErrMissing) || exists(to) {
		t.Errorf("got %v", err)
	}
	if err := s.GetDir(t.Context(), value.Dir{Digest: none}, to); !errors.Is(err, ErrMissing) || exists(to) {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "sha256:", "md5:00", "sha256:../../../../etc/passwd", "sha256:" + strings.Repeat("A", 64), none + "0"} {
		if err := s.GetFile(t.Context(), value.File{Digest: bad}, to); err == nil || !strings.Contains(err.Error(), "malformed digest") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	damage(t, s, objects, f.Digest)
	if err := s.GetFile(t.Context(), f, to); err == nil || !strings.Contains(err.Error(), "damaged") || exists(to) {
		t.Errorf("got %v", err)
	}
	if err := s.GetDir(t.Context(), d, to); err == nil || !strings.Contains(err.Error(), "damaged") || exists(to) {
		t.Errorf("got %v", err)
	}
	damage(t, s, trees, d.Digest)
	if err := s.GetDir(t.Context(), d, to); err == nil || !strings.Contains(err.Error(), "damaged") || exists(to) {
		t.Errorf("got %v", err)
	}
	// Storing the content again heals it.
	_, err = putFile(t.Context(), s, filepath.Join(write(t, map[string]string{"a": "hello"}), "a"))
	must(t, err)
	must(t, s.GetFile(t.Context(), f, to))
}

func damage(t *testing.T, s *Store, kind, digest string) {
	t.Helper()
	p, err := s.place(kind, digest)
	must(t, err)
	must(t, os.Chmod(p, 0o600))
	must(t, os.Truncate(p, 2))
}

func exists(p string) bool {
	_, err := os.Lstat(p)
	return err == nil
}

func TestCancelled(t *testing.T) {
	s := open(t)
	root := write(t, map[string]string{"a": "hello"})
	d, err := putDir(t.Context(), s, root)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	to := filepath.Join(t.TempDir(), "to")
	_, fileErr := putFile(ctx, s, filepath.Join(root, "a"))
	_, dirErr := putDir(ctx, s, root)
	for _, err := range []error{fileErr, dirErr, s.GetDir(ctx, d, to)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if exists(to) {
		t.Error("half a tree is left")
	}
}

// TestManyAtOnce has stores that share a folder, as processes do, write the same content.
func TestManyAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	root := write(t, map[string]string{"a": "1", "b": strings.Repeat("2", 100_000), "c/d": "3"})
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			s, err := Open(dir, sealerIn(dir))
			if err != nil {
				t.Error(err)
				return
			}
			for i := range 10 {
				d, err := putDir(t.Context(), s, root)
				if err == nil {
					err = s.GetDir(t.Context(), d, filepath.Join(t.TempDir(), fmt.Sprint(i)))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	s, err := Open(dir, sealerIn(dir))
	must(t, err)
	if n := objectsIn(t, s); n != 3 {
		t.Errorf("holds %d objects, want 3", n)
	}
}

func TestStaleTemporaryFilesGo(t *testing.T) {
	s := open(t)
	old, young := filepath.Join(s.dir, "tmp/put-old"), filepath.Join(s.dir, "tmp/put-young")
	must(t, os.WriteFile(old, nil, 0o600))
	must(t, os.WriteFile(young, nil, 0o600))
	day := time.Now().Add(-25 * time.Hour)
	must(t, os.Chtimes(old, day, day))
	_, err := Open(s.dir, s.sealer)
	must(t, err)
	if exists(old) || !exists(young) {
		t.Errorf("old is there: %v, young is there: %v", exists(old), exists(young))
	}
}

func TestDefaultDir(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"PIPE_STORE": "/s", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "/s"},
		{map[string]string{"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/pipe"},
		{map[string]string{"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/pipe"},
		{map[string]string{"PIPE_STORE": "", "HOME": "/h"}, "/h/.local/state/pipe"},
		{nil, ""},
	} {
		got, err := DefaultDir(func(name string) string { return c.env[name] })
		if got != c.want || (err == nil) == (c.want == "") {
			t.Errorf("%v: got %q, %v", c.env, got, err)
		}
	}
}

func TestFolders(t *testing.T) {
	s := open(t)
	one, err := s.Cache("/srv/demo")
	must(t, err)
	other, err := s.Cache("/elsewhere/demo")
	must(t, err)
	again, err := s.Cache("/srv/demo/")
	must(t, err)
	if one == other || one != again || !exists(one) || !strings.HasPrefix(filepath.Base(one), "demo-") {
		t.Errorf("got %s, %s and %s", one, other, again)
	}
	state, err := s.State("run1")
	must(t, err)
	if _, err := s.State("run1"); !errors.Is(err, fs.ErrExist) || !exists(state) {
		t.Errorf("a run's folder was given twice: %v", err)
	}
	for _, bad := range []string{"", ".", "..", "a/b", "/a"} {
		if _, err := s.State(bad); err == nil {
			t.Errorf("run %q was taken", bad)
		}
	}
}

// FuzzManifest: what is decoded stays inside and is encoded as it was, up to the order.
func FuzzManifest(f *testing.F) {
	f.Add("pipe.tree/v1\ndir 0755 \"b\"\nfile 0644 sha256:00 5 \"b/x\"\nlink \"l\" \"b/x\"\n")
	f.Add("pipe.tree/v1\n")
	f.Add("pipe.tree/v1\nlink \"l\" \"../x\"\n")
	f.Add("pipe.tree/v1\ndir 99999 \"..\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decode(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, e := range m {
			if !filepath.IsLocal(e.path) {
				t.Fatalf("path %q leaves the tree", e.path)
			}
			if e.kind == "link" && !staysInside(e.path, e.target) {
				t.Fatalf("link %q leaves the tree", e.path)
			}
		}
		once := m.encode()
		twice, err := decode(strings.NewReader(once))
		if err != nil {
			t.Fatalf("%v\n%s", err, once)
		}
		if !bytes.Equal([]byte(once), []byte(twice.encode())) {
			t.Fatalf("encoded differently:\n%s\n%s", once, twice.encode())
		}
	})
}
