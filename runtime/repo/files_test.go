package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostile are file names that shells, options and line readers trip over.
var hostile = []string{"-rf", "--help", "a b", "new\nline", "quo\"te", "$(id)", "`id`", ";id;#", "é", "\xff\xfe", ":(glob)x", "tab\t", "a*b"}

func hostileWork(t *testing.T) *work {
	t.Helper()
	w := gitWork(t)
	for _, name := range hostile {
		w.write(filepath.Join("h", name), "x")
	}
	return w
}

func TestFiles(t *testing.T) {
	ctx := context.Background()
	w := gitWork(t)
	w.write(".gitignore", "*.log\nbuild/\n!keep.log\n")
	w.write("src/a.go", "")
	w.write("gone", "")
	w.commit()
	w.write("debug.log", "")
	w.write("keep.log", "")
	w.write("build/out", "")
	w.write("src/new.go", "")
	if err := os.Remove(filepath.Join(w.dir, "gone")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.go", filepath.Join(w.dir, "src/link")); err != nil {
		t.Fatal(err)
	}
	got, err := w.open().Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{".gitignore", "README", "keep.log", "src/a.go", "src/link", "src/new.go"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHostileFileNames(t *testing.T) {
	ctx := context.Background()
	w := hostileWork(t)
	for _, state := range []string{"untracked", "tracked"} {
		r := w.open()
		files, err := r.Files(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) != len(hostile)+1 {
			t.Errorf("%s: %q", state, files)
		}
		changed, err := r.Changed(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if state == "untracked" && len(changed) != len(hostile) {
			t.Errorf("changed %q", changed)
		}
		if state == "untracked" {
			w.commit()
		}
	}
}

func TestFilesOfNestedRepositories(t *testing.T) {
	w := gitWork(t)
	w.write("vendor/lib/x.go", "")
	w.write("vendor/lib/skip.log", "")
	w.write("vendor/lib/.gitignore", "*.log\n")
	inner := filepath.Join(w.dir, "vendor/lib")
	w.gitIn(inner, "init", "-q")
	got, err := w.open().Files(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"README", "vendor/lib/.gitignore", "vendor/lib/x.go"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFilesBelowGitsRoot(t *testing.T) {
	w := gitWork(t)
	w.write("sub/pipe.toml", "")
	w.write("sub/a", "")
	w.dir = filepath.Join(w.dir, "sub")
	r := w.open()
	got, err := r.Files(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "pipe.toml"}, got); diff != "" {
		t.Error(diff)
	}
	changed, err := r.Changed(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "pipe.toml"}, changed); diff != "" {
		t.Error(diff)
	}
}

func TestFilesWithoutGit(t *testing.T) {
	w := newWork(t)
	w.write("a/b", "")
	w.write("c", "")
	r := w.open()
	got, err := r.Files(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/b", "c"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := r.Changed(context.Background()); err == nil || !strings.Contains(err.Error(), "needs a git repository") {
		t.Errorf("changed: %v", err)
	}
}

func TestChanged(t *testing.T) {
	ctx := context.Background()
	w := gitWork(t)
	w.write("old", "")
	w.write("both", "1")
	w.commit()
	w.git("checkout", "-q", "-b", "topic")
	w.write("committed.go", "")
	w.write("both", "2")
	w.git("rm", "-q", "old")
	w.commit()
	w.git("checkout", "-q", "main")
	w.write("on-main", "")
	w.commit()
	w.git("checkout", "-q", "topic")
	w.write("README", "uncommitted")
	w.write("untracked.go", "")
	r := w.open()
	got, err := r.Changed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"README", "both", "committed.go", "old", "untracked.go"}, got); diff != "" {
		t.Error(diff)
	}
	got, err = r.Changed(ctx, "**/*.go")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"committed.go", "untracked.go"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestChangedErrors(t *testing.T) {
	ctx := context.Background()
	tests := map[string]struct {
		make func(w *work)
		env  []string
		want string
	}{
		"unknown default":  {func(w *work) { w.git("branch", "-m", "odd") }, nil, "none is known"},
		"not fetched":      {func(w *work) {}, []string{"GITLAB_CI=true", "CI_DEFAULT_BRANCH=trunk"}, `default branch "trunk", which is not fetched`},
		"no common commit": {func(w *work) { w.git("checkout", "-q", "--orphan", "new"); w.git("commit", "-q", "-m", "another") }, nil, "fetch more of it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := gitWork(t)
			tt.make(w)
			env := append(tt.env, "")
			r := w.open(env...)
			if name == "not fetched" {
				r.facts.DefaultBranch = "trunk"
			}
			if _, err := r.Changed(ctx); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestChangedBeforeTheFirstCommit(t *testing.T) {
	w := newWork(t)
	w.git("init", "-q")
	w.write("a", "")
	got, err := w.open().Changed(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a"}, got); diff != "" {
		t.Error(diff)
	}
}

func digestOf(t *testing.T, w *work) string {
	t.Helper()
	d, err := w.open().TreeDigest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTreeDigest(t *testing.T) {
	w := hostileWork(t)
	w.write(".gitignore", "*.log\n")
	before := digestOf(t, w)
	same := map[string]func(){
		"commit":  w.commit,
		"ignored": func() { w.write("x.log", "noise") },
		"touched": func() { w.write("README", "hello\n") },
		"no git": func() {
			os.Rename(filepath.Join(w.dir, "x.log"), filepath.Join(t.TempDir(), "x"))
			os.RemoveAll(filepath.Join(w.dir, ".git"))
		},
	}
	for _, name := range []string{"commit", "ignored", "touched", "no git"} {
		same[name]()
		if got := digestOf(t, w); got != before {
			t.Errorf("%s: the digest changes", name)
		}
	}
	seen := map[string]string{before: "before"}
	changes := map[string]func(){
		"content":    func() { w.write("README", "hello") },
		"new file":   func() { w.write("new", "") },
		"executable": func() { os.Chmod(filepath.Join(w.dir, "new"), 0o755) },
		"link":       func() { os.Symlink("README", filepath.Join(w.dir, "link")) },
		"link's end": func() { os.Remove(filepath.Join(w.dir, "link")); os.Symlink("new", filepath.Join(w.dir, "link")) },
		"rename":     func() { os.Rename(filepath.Join(w.dir, "new"), filepath.Join(w.dir, "newer")) },
	}
	for _, name := range []string{"content", "new file", "executable", "link", "link's end", "rename"} {
		changes[name]()
		d := digestOf(t, w)
		if other, ok := seen[d]; ok {
			t.Errorf("%s: the digest is that of %s", name, other)
		}
		seen[d] = name
	}
}

func TestReadText(t *testing.T) {
	ctx := context.Background()
	w := gitWork(t)
	w.write(".gitignore", ".env\n")
	w.write(".env", "TOKEN=x")
	w.write("VERSION", "1.2.3\n")
	w.write("bin", "\xff")
	w.write("dir/x", "")
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("out"), 0o644); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"inside": "VERSION", "absolute": outside, "upward": "../../outside"} {
		if err := os.Symlink(to, filepath.Join(w.dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	r := w.open()
	for _, name := range []string{"VERSION", "/VERSION", "./dir/../VERSION", "inside"} {
		if got, err := r.ReadText(ctx, name); err != nil || got != "1.2.3\n" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"":             "no file in the repository",
		"..":           "no file in the repository",
		"../x":         "no file in the repository",
		"a\x00b":       "zero byte",
		"none":         "does not exist",
		"dir":          "is a folder",
		".env":         "ignored by git",
		".git/config":  "ignored by git",
		"bin":          "not UTF-8",
		"absolute":     "escapes",
		"upward":       "escapes",
		"VERSION/x":    "does not exist",
		"/etc/passwd":  "does not exist",
		"-rf":          "does not exist",
		"dir/../../..": "no file in the repository",
	} {
		if _, err := r.ReadText(ctx, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", name, err, want)
		}
	}
}

// A run reads the repository as it was at its start, or says that it cannot.
func TestReadTextStays(t *testing.T) {
	ctx := context.Background()
	w := gitWork(t)
	w.write("a", "1")
	w.write("b", "1")
	r := w.open()
	if _, err := r.TreeDigest(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadText(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	w.write("a", "2")
	w.write("b", "2")
	if got, err := r.ReadText(ctx, "a"); err != nil || got != "1" {
		t.Errorf("a: %q, %v", got, err)
	}
	if _, err := r.ReadText(ctx, "b"); err == nil || !strings.Contains(err.Error(), "has changed since") {
		t.Errorf("b: %v", err)
	}
}

func TestGlob(t *testing.T) {
	w := newWork(t)
	for _, name := range []string{"a.go", "b/c.go", "b/d/e.go", "b/.hidden.go", "x.py", "we[i]rd/f.go"} {
		w.write(name, "")
	}
	r := w.open()
	for _, tt := range []struct {
		globs []string
		want  []string
	}{
		{[]string{"*.go"}, []string{"a.go"}},
		{[]string{"**/*.go"}, []string{"a.go", "b/.hidden.go", "b/c.go", "b/d/e.go", "we[i]rd/f.go"}},
		{[]string{"b/**"}, []string{"b/.hidden.go", "b/c.go", "b/d/e.go"}},
		{[]string{"./b/*/e.go", "/a.go"}, []string{"a.go", "b/d/e.go"}},
		{[]string{"{a,x}.*"}, []string{"a.go", "x.py"}},
		{[]string{"none*"}, []string{}},
		{nil, []string{}},
	} {
		got, err := r.Glob(context.Background(), tt.globs...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q: %s", tt.globs, diff)
		}
	}
	for _, bad := range []string{"[", "a{b", ""} {
		if _, err := r.Glob(context.Background(), bad); err == nil || !strings.Contains(err.Error(), "is no glob") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func BenchmarkTreeDigest(b *testing.B) {
	dir := b.TempDir()
	for i := range 10_000 {
		path := filepath.Join(dir, fmt.Sprintf("d%d/f%d", i/100, i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat("x", 4096)), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		r, err := Capture(context.Background(), dir, Options{Environ: os.Environ()})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.TreeDigest(context.Background()); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
