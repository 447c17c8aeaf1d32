package host

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

func lstat(t testing.TB, root, name string) entry {
	t.Helper()
	info, err := os.Lstat(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return entry{name, info}
}

func newMemory(path string) *memory {
	m := &memory{path: path}
	m.load.Do(m.recall)
	return m
}

// A file is known again in a later run, until anything about it has changed.
func TestMemory(t *testing.T) {
	sum, later := strings.Repeat("ab", 32), time.Now().Add(time.Minute)
	for name, tt := range map[string]struct {
		change func(path string) error
		known  bool
	}{
		"nothing": {func(string) error { return nil }, true},
		"size":    {func(p string) error { return os.WriteFile(p, []byte("longer"), 0o644) }, false},
		"content": {func(p string) error {
			// Of the same size and time of change: what cannot be set back tells.
			info, _ := os.Stat(p)
			if err := os.WriteFile(p, []byte("B\n"), 0o644); err != nil {
				return err
			}
			return os.Chtimes(p, info.ModTime(), info.ModTime())
		}, false},
		"another file": {func(p string) error {
			info, _ := os.Stat(p)
			if err := os.WriteFile(p+"2", []byte("B\n"), 0o644); err != nil {
				return err
			}
			if err := os.Chtimes(p+"2", info.ModTime(), info.ModTime()); err != nil {
				return err
			}
			return os.Rename(p+"2", p)
		}, false},
	} {
		root := t.TempDir()
		path, odd := filepath.Join(root, "a"), "odd \"name\"\n"
		for _, name := range []string{"a", odd} {
			if err := os.WriteFile(filepath.Join(root, name), []byte("A\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		m := newMemory(filepath.Join(t.TempDir(), "digests"))
		m.note(lstat(t, root, "a"), sum, later)
		m.note(lstat(t, root, odd), sum, later)
		if err := m.save(root); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // more than a tick of the file system's clock
		if err := tt.change(path); err != nil {
			t.Fatal(err)
		}
		again := newMemory(m.path)
		if got, ok := again.find(lstat(t, root, "a")); ok != tt.known || ok && got != sum {
			t.Errorf("%s: known %v, %s", name, ok, got)
		}
		if got, ok := again.find(lstat(t, root, odd)); !ok || got != sum {
			t.Errorf("%s: the other file is not known", name)
		}
	}
}

// What was written just before it was read may be written again without a trace.
func TestMemoryLeavesOutWhatIsFresh(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	m := newMemory(filepath.Join(root, "digests"))
	m.note(lstat(t, root, "a"), strings.Repeat("ab", 32), time.Now())
	if _, ok := m.find(lstat(t, root, "a")); ok {
		t.Error("a fresh file is remembered")
	}
	if err := m.save(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(m.path); err == nil {
		t.Error("nothing was written down")
	}
}

// A memory that cannot be written leaves nothing of the run behind, and is nothing to tell of.
func TestMemoryThatCannotBeWritten(t *testing.T) {
	run := target.Run{ID: "r", Root: t.TempDir(), State: t.TempDir(), Digests: filepath.Join(t.TempDir(), "digests")}
	if err := os.MkdirAll(filepath.Join(run.Digests, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(run.Root, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	opened, err := New().Open(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	m := opened.(*session).memory
	m.load.Do(m.recall)
	m.note(lstat(t, run.Root, "a"), strings.Repeat("ab", 32), time.Now().Add(time.Minute))
	if !m.fresh {
		t.Fatal("there is nothing to write")
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
}

// A damaged memory is none, line by line.
func TestDamagedMemory(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	e, sum := lstat(t, root, "a"), strings.Repeat("ab", 32)
	good := remembered{markOf(e.info), sum}.line("a")
	for text, known := range map[string]bool{
		memoryHeader + "\n" + good:                                  true,
		memoryHeader + "\nx\n" + good + "1 2 3":                     true,
		memoryHeader + "\n" + strings.Replace(good, sum, "ab", 1):   false,
		memoryHeader + "\n" + strings.Replace(good, `"a"`, `"a`, 1): false,
		"pipe.digests/v0\n" + good:                                  false,
		"":                                                          false,
	} {
		path := filepath.Join(t.TempDir(), "digests")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := newMemory(path).find(e); ok != known {
			t.Errorf("known %v from %q", ok, text)
		}
	}
}

// BenchmarkHash reads a file that is in the page cache, on one core.
func BenchmarkHash(b *testing.B) {
	const size = 64 << 20
	path := filepath.Join(b.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, size), 0o644); err != nil {
		b.Fatal(err)
	}
	began, n := cpu(b), 0
	for b.Loop() {
		n++
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := hashFile(b.Context(), f); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	b.ReportMetric(float64(n*size)/1e6/(cpu(b)-began).Seconds(), "MB/s-core")
}

// cpu is the time that this process has had of all cores: others do not count.
func cpu(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
