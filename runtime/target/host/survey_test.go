package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target"
)

func inputs(globs ...string) target.Job { return target.Job{Step: "step", Inputs: globs} }

func survey(b *bench, job target.Job) target.Survey {
	b.Helper()
	s, err := b.Session.(target.Surveyor).Survey(b.Context(), job)
	must(b, err)
	return s
}

// A survey changes with a path, a mode, a content or a link of what the globs select, and with
// nothing else.
func TestSurvey(t *testing.T) {
	files := tree{".gitignore": "*.log\n", "src/a": "1", "src/b": "2", "src/l": "-> a", "doc/c": "3"}
	look := func(t *testing.T, change func(root string) error, globs ...string) target.Survey {
		b := newBench(t, files)
		must(t, change(b.Root))
		return survey(b.Open(), inputs(globs...))
	}
	nothing := func(string) error { return nil }
	write := func(name, content string) func(string) error {
		return func(root string) error { return os.WriteFile(filepath.Join(root, name), []byte(content), 0o644) }
	}
	base := look(t, nothing, "src/**")
	if base.Files != 3 {
		t.Errorf("%d files", base.Files)
	}
	for name, tt := range map[string]struct {
		change func(root string) error
		globs  []string
		same   bool
	}{
		"nothing":         {nothing, []string{"src/**"}, true},
		"other globs":     {nothing, []string{"src/*", "doc/*", "!doc/c"}, true},
		"a file beside":   {write("doc/c", "9"), []string{"src/**"}, true},
		"an ignored file": {write("src/x.log", "9"), []string{"src/**"}, true},
		"an empty folder": {func(root string) error { return os.Mkdir(filepath.Join(root, "src/e"), 0o755) }, []string{"src/**"}, true},
		"content":         {write("src/a", "9"), []string{"src/**"}, false},
		"a new file":      {write("src/n", ""), []string{"src/**"}, false},
		"mode":            {func(root string) error { return os.Chmod(filepath.Join(root, "src/a"), 0o755) }, []string{"src/**"}, false},
		"name":            {func(root string) error { return os.Rename(filepath.Join(root, "src/a"), filepath.Join(root, "src/a2")) }, []string{"src/**"}, false},
		"link": {func(root string) error {
			l := filepath.Join(root, "src/l")
			return errors.Join(os.Remove(l), os.Symlink("b", l))
		}, []string{"src/**"}, false},
		"a file for a link": {func(root string) error {
			l := filepath.Join(root, "src/l")
			return errors.Join(os.Remove(l), os.WriteFile(l, []byte("a"), 0o777))
		}, []string{"src/**"}, false},
		"fewer": {nothing, []string{"src/a"}, false},
		"none":  {nothing, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := look(t, tt.change, tt.globs...); (got.Digest == base.Digest) != tt.same {
				t.Errorf("%+v, and %+v before", got, base)
			}
		})
	}
}

// A run sees its inputs as they were when it first looked, until a step in place changes them.
func TestSurveyLooksOnce(t *testing.T) {
	b := open(t, tree{"src/a": "1", "src/b": "2"})
	one := survey(b, inputs("src/*"))
	write(t, b.Root, tree{"src/a": "9"})
	if two := survey(b, inputs("src/a", "src/b")); two != one {
		t.Errorf("a file that was read is read again: %+v and %+v", one, two)
	}
	job := whole()
	job.AllTree, job.InPlace = false, true
	a, err := b.Session.Start(t.Context(), job, nil)
	must(t, errors.Join(err, a.Close()))
	if three := survey(b, inputs("src/*")); three.Digest == one.Digest {
		t.Error("a step in place makes no new look")
	}
}

func TestSurveyOfManyAtOnce(t *testing.T) {
	files := tree{}
	for _, c := range "abcdefghijklmnop" {
		files["src/"+string(c)] = string(c)
	}
	b := open(t, files)
	got := make([]target.Survey, 50)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() {
			glob := []string{"src/*", "src/**"}[i%2]
			got[i], _ = b.Session.(target.Surveyor).Survey(t.Context(), inputs(glob))
		})
	}
	wait.Wait()
	for i := range got {
		if got[i] != got[0] || got[i].Files != len(files) {
			t.Fatalf("%+v and %+v", got[i], got[0])
		}
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	fresh := open(t, tree{"src/a": "1"})
	if _, err := fresh.Session.(target.Surveyor).Survey(gone, inputs("src/*")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if s := survey(fresh, inputs("src/*")); s.Files != 1 {
		t.Error("one who is cancelled spoils it for others")
	}
}

// An attempt that began with other files than were surveyed says so.
func TestUnsteadyAttempt(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		b := open(t, tree{"src/a": "1", "src/b": "2", "doc/c": "3"}, kind)
		survey(b, inputs("src/*"))
		write(t, b.Root, tree{"src/b": "22"})
		var got []bool
		for _, glob := range []string{"src/a", "doc/*", "src/*"} {
			a, err := b.Session.Start(t.Context(), target.Job{Step: glob, Inputs: []string{glob}, Exec: []string{"true"}}, nil)
			must(t, err)
			got = append(got, a.(target.Steady).Steady())
			must(t, a.Close())
		}
		if diff := cmp.Diff([]bool{true, true, false}, got); diff != "" {
			t.Error(diff)
		}
	})
}
