package secret

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestIdentityPath(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"variable":        {map[string]string{"PIPE_IDENTITY": "/a/id", "XDG_CONFIG_HOME": "/c", "HOME": "/h"}, "/a/id"},
		"configuration":   {map[string]string{"XDG_CONFIG_HOME": "/c", "HOME": "/h"}, "/c/pipe/identity"},
		"relative is not": {map[string]string{"XDG_CONFIG_HOME": "c", "HOME": "/h"}, "/h/.config/pipe/identity"},
		"home":            {map[string]string{"HOME": "/h"}, "/h/.config/pipe/identity"},
		"none":            {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := IdentityPath(func(n string) string { return tt.env[n] })
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func newSealer(t testing.TB) (*Sealer, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config", "pipe", "identity")
	return sealerAt(path), path
}

func sealerAt(path string) *Sealer {
	return NewSealer(func(name string) string {
		if name == IdentityVariable {
			return path
		}
		return ""
	})
}

func TestSeal(t *testing.T) {
	s, path := newSealer(t)
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Fatal("the identity was made before it was needed")
	}
	for _, plain := range []string{"", "hunter2-prod-key", strings.Repeat("x", 200_000)} {
		sealed, err := s.Seal([]byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain[:min(len(plain), 16)])) {
			t.Error("the sealed text holds the plain one")
		}
		again, err := sealerAt(path).Open(sealed)
		if err != nil || string(again) != plain {
			t.Errorf("opened %d bytes, %v, want %d", len(again), err, len(plain))
		}
		for _, at := range []int{len(sealed) / 3, len(sealed) - 1} {
			broken := bytes.Clone(sealed)
			broken[at] ^= 1
			if _, err := s.Open(broken); err == nil {
				t.Errorf("damage at byte %d of %d is not seen", at, len(sealed))
			}
		}
		if _, err := s.Open(sealed[:len(sealed)-1]); err == nil {
			t.Error("a cut is not seen")
		}
	}
	for at, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700 | fs.ModeDir} {
		if info, err := os.Stat(at); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", at, info.Mode(), err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".identity-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOtherIdentity(t *testing.T) {
	s, _ := newSealer(t)
	sealed, err := s.Seal([]byte("hunter2-prod-key"))
	if err != nil {
		t.Fatal(err)
	}
	other, path := newSealer(t)
	if _, err := other.Open(sealed); err == nil || !strings.Contains(err.Error(), "sealed with another identity than "+path) {
		t.Errorf("got %v", err)
	}
}

func TestIdentityThatIsRefused(t *testing.T) {
	good := func(t *testing.T) string {
		s, path := newSealer(t)
		if _, err := s.Seal(nil); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tt := range map[string]struct {
		spoil func(path string) error
		want  string
	}{
		"group can read":  {func(p string) error { return os.Chmod(p, 0o640) }, "mode 0640 and can be read by others: run chmod 600"},
		"others can read": {func(p string) error { return os.Chmod(p, 0o604) }, "mode 0604"},
		"a folder":        {func(p string) error { os.Remove(p); return os.Mkdir(p, 0o700) }, "no regular file"},
		"a pipe":          {func(p string) error { os.Remove(p); return syscall.Mkfifo(p, 0o600) }, "no regular file"},
		"empty":           {func(p string) error { return os.Truncate(p, 0) }, "is empty"},
		"no identity":     {func(p string) error { return os.WriteFile(p, []byte("hunter2-prod-key\n"), 0o600) }, "is damaged"},
		"two": {func(p string) error {
			raw, _ := os.ReadFile(p)
			return os.WriteFile(p, append(raw, raw...), 0o600)
		}, "is damaged"},
		"another's": {func(p string) error {
			if os.Geteuid() != 0 {
				return fs.ErrPermission
			}
			return os.Chown(p, 12345, -1)
		}, "belongs to another user"},
	} {
		t.Run(name, func(t *testing.T) {
			path := good(t)
			if err := tt.spoil(path); err != nil {
				t.Skip(err)
			}
			_, err := sealerAt(path).Seal(nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "AGE-SECRET-KEY-1Q")) {
				t.Errorf("the error quotes the file: %v", err)
			}
		})
	}
}

func TestIdentityThroughALink(t *testing.T) {
	s, path := newSealer(t)
	sealed, err := s.Seal([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "id")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if plain, err := sealerAt(link).Open(sealed); err != nil || string(plain) != "x" {
		t.Errorf("got %q, %v", plain, err)
	}
}

func TestManyMakeOneIdentity(t *testing.T) {
	_, path := newSealer(t)
	const n = 32
	prints := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if prints[i], err = sealerAt(path).Fingerprint([]byte("v")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, p := range prints[1:] {
		if p != prints[0] {
			t.Fatalf("%s and %s are of different identities", p, prints[0])
		}
	}
}

// TestMain lets this program be another process that prints a fingerprint.
func TestMain(m *testing.M) {
	if path := os.Getenv("SEALER_TEST_IDENTITY"); path != "" {
		text, err := sealerAt(path).Fingerprint([]byte(os.Getenv("SEALER_TEST_VALUE")))
		fmt.Print(text)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestProcessesAgree(t *testing.T) {
	s, path := newSealer(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const n = 8
	var out [n]bytes.Buffer
	var all [n]*exec.Cmd
	for i := range all {
		all[i] = exec.Command(self)
		all[i].Env = append(os.Environ(), "SEALER_TEST_IDENTITY="+path, "SEALER_TEST_VALUE=hunter2-prod-key")
		all[i].Stdout, all[i].Stderr = &out[i], &out[i]
		if err := all[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range all {
		if err := all[i].Wait(); err != nil {
			t.Fatalf("%v: %s", err, out[i].String())
		}
	}
	want, err := s.Fingerprint([]byte("hunter2-prod-key"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		if out[i].String() != want {
			t.Errorf("process %d printed %s, want %s", i, out[i].String(), want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	s, _ := newSealer(t)
	other, _ := newSealer(t)
	one := must(s.Fingerprint([]byte("hunter2")))
	if again := must(s.Fingerprint([]byte("hunter2"))); again != one {
		t.Errorf("%s is not %s", again, one)
	}
	if two := must(s.Fingerprint([]byte("hunter3"))); two == one {
		t.Error("two values have one fingerprint")
	}
	if theirs := must(other.Fingerprint([]byte("hunter2"))); theirs == one {
		t.Error("two identities give one fingerprint")
	}
	h := must(s.Digest())
	io.WriteString(h, "hunter2")
	if Keyed+fmt.Sprintf("%x", h.Sum(nil)) == one {
		t.Error("a digest is a fingerprint")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
