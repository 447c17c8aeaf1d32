package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("AUDIT_TEST_DIR"); dir != "" {
		for i := range 10 {
			if err := Open(dir, file(dir)).Append(entry(i)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// file is an anchor in a file.
type file string

func (f file) path() string { return filepath.Join(string(f), "anchor") }

func (f file) Anchor(string) (lines int64, hash string, err error) {
	text, err := os.ReadFile(f.path())
	if errors.Is(err, os.ErrNotExist) {
		return 0, "", nil
	}
	_, _ = fmt.Sscan(string(text), &lines, &hash)
	return lines, hash, err
}

func (f file) SetAnchor(_ string, lines int64, hash string) error {
	return os.WriteFile(f.path(), fmt.Appendln(nil, lines, hash), 0o600)
}

func entry(i int) Entry {
	return Entry{Time: time.Unix(int64(i), 0).UTC(), Who: "ann@here", What: "approved", Run: "1", Step: fmt.Sprint("s", i), Comment: "a <b> & c\u2028",
		Bound: map[string]string{"plan": "sha256:1", "tree": "sha256:2"}}
}

func written(t *testing.T, n int) (*Log, []string) {
	t.Helper()
	dir := t.TempDir()
	l := Open(dir, file(dir))
	for i := range n {
		if err := l.Append(entry(i)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(l.path())
	if err != nil {
		t.Fatal(err)
	}
	return l, slices.Collect(strings.Lines(string(text)))
}

func TestVerifyNamesTheLine(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(lines []string) []string
		line   int64 // 0 where all is well
		says   string
	}{
		{"nothing", func(l []string) []string { return l }, 0, ""},
		{"a torn end", func(l []string) []string { return append(l, `{"line":6,"ti`) }, 0, ""},
		{"an edit", func(l []string) []string { l[2] = strings.Replace(l[2], "approved", "denied", 1); return l }, 3, "its hash is another"},
		{"another hash", func(l []string) []string { l[2] = rehashed(t, strings.Replace(l[2], "s2", "s9", 1)); return l }, 4, "does not hang"},
		{"white space", func(l []string) []string { l[2] = strings.Replace(l[2], `"who":`, `"who": `, 1); return l }, 3, "its hash is another"},
		{"a field twice", func(l []string) []string { l[2] = strings.Replace(l[2], `"who":`, `"who":"eve","who":`, 1); return l }, 3, "its hash is another"},
		{"a line that is none", func(l []string) []string { l[0] = "x\n"; return l }, 1, "cannot be read"},
		{"a dropped line", func(l []string) []string { return slices.Delete(l, 1, 2) }, 2, "line 3 stands here"},
		{"the first dropped", func(l []string) []string { return l[1:] }, 1, "line 2 stands here"},
		{"two moved", func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, 2, "line 3 stands here"},
		{"a line twice", func(l []string) []string { return slices.Insert(l, 2, l[1]) }, 3, "line 2 stands here"},
		{"the end cut", func(l []string) []string { return l[:3] }, 4, "had 5 lines"},
		{"the last line torn", func(l []string) []string { l[4] = l[4][:9]; return l }, 5, "had 5 lines"},
		{"everything gone", func([]string) []string { return nil }, 1, "had 5 lines"},
		{"the last replaced", func(l []string) []string { l[4] = rehashed(t, strings.Replace(l[4], "s4", "s9", 1)); return l }, 5, "was replaced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, lines := written(t, 5)
			if err := os.WriteFile(l.path(), []byte(strings.Join(tt.change(lines), "")), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := l.Verify()
			var fault *FaultError
			switch {
			case tt.line == 0 && err != nil:
				t.Error(err)
			case tt.line > 0 && (!errors.As(err, &fault) || fault.Line != tt.line || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%v, want line %d: … %s", err, tt.line, tt.says)
			}
		})
	}
}

// What is proven are the lines behind the last that is not as it was written, as long as the end is the one that is known.
func TestProven(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(lines []string) []string
		steps  string // of the lines that are proven
	}{
		{"nothing", func(l []string) []string { return l }, "s0 s1 s2 s3 s4"},
		{"a torn end", func(l []string) []string { return append(l, `{"line":6,"ti`) }, "s0 s1 s2 s3 s4"},
		{"an edit", func(l []string) []string { l[2] = strings.Replace(l[2], "approved", "denied", 1); return l }, "s3 s4"},
		{"another hash", func(l []string) []string { l[2] = rehashed(t, strings.Replace(l[2], "s2", "s9", 1)); return l }, "s3 s4"},
		{"a line that is none", func(l []string) []string { l[3] = "x\n"; return l }, "s4"},
		{"a dropped line", func(l []string) []string { return slices.Delete(l, 1, 2) }, "s2 s3 s4"},
		{"the end cut", func(l []string) []string { return l[:3] }, ""},
		{"the last edited", func(l []string) []string { l[4] = strings.Replace(l[4], "approved", "denied", 1); return l }, ""},
		{"the last replaced", func(l []string) []string { l[4] = rehashed(t, strings.Replace(l[4], "s4", "s9", 1)); return l }, ""},
		{"everything gone", func([]string) []string { return nil }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, lines := written(t, 5)
			if err := os.WriteFile(l.path(), []byte(strings.Join(tt.change(lines), "")), 0o600); err != nil {
				t.Fatal(err)
			}
			all, from, err := l.Proven()
			if err != nil {
				t.Fatal(err)
			}
			var steps []string
			for _, e := range all[from:] {
				steps = append(steps, e.Step)
			}
			if got := strings.Join(steps, " "); got != tt.steps {
				t.Errorf("%q, want %q", got, tt.steps)
			}
		})
	}
}

// rehashed gives a line a hash that fits what it says.
func rehashed(t *testing.T, line string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "audit.log"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := Open(dir, file(dir)).Entries()
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	sum, err := hash(list[0])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(line, list[0].Hash, sum, 1)
}

func TestCutEndIsNotWrittenOver(t *testing.T) {
	l, lines := written(t, 3)
	if err := os.WriteFile(l.path(), []byte(lines[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(entry(9)); err == nil || !strings.Contains(err.Error(), "ends at line 1 and had 3") {
		t.Errorf("error %v", err)
	}
}

func TestCrashBeforeTheAnchor(t *testing.T) {
	l, _ := written(t, 3)
	if err := l.anchor.SetAnchor("", 2, must(l.Entries())[1].Hash); err != nil {
		t.Fatal(err)
	}
	torn, err := os.OpenFile(l.path(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = torn.WriteString(`{"line":4,`)
	if err := errors.Join(err, torn.Close(), l.Append(entry(3))); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Verify(); n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func must(list []Entry, err error) []Entry {
	if err != nil {
		panic(err)
	}
	return list
}

func TestProcessesAppendAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all []*exec.Cmd
	for range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "AUDIT_TEST_DIR="+dir)
		cmd.Stderr = &bytes.Buffer{}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, cmd.Stderr)
		}
	}
	if n, err := Open(dir, file(dir)).Verify(); n != 50 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
