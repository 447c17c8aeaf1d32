package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/lang/diag"
)

// leastFixes is how many rules carry a fix at least.
const leastFixes = 15

// The wrong example of every rule with a fix is mended by it, for good, and a fix that does not
// say that it changes something changes nothing of what is planned. A rule without one has none.
func TestFixesOfRules(t *testing.T) {
	fixes := 0
	for _, name := range diag.Rules() {
		r, _ := diag.Lookup(name)
		if r.Wrong == "" {
			continue
		}
		if r.Fix {
			fixes++
		}
		t.Run(name, func(t *testing.T) {
			dir := example(t, r.Wrong)
			before, _ := pipe(dir, "plan", "--format", "json")
			_, applied := pipe(dir, "check", "--fix")
			after, _ := pipe(dir, "plan", "--format", "json")
			if strings.HasPrefix(before, "{") {
				if diff := cmp.Diff(meaning(t, before), meaning(t, after)); diff != "" {
					t.Errorf("the plan has changed (-before +after):\n%s", diff)
				}
			}
			_, risky := pipe(dir, "check", "--fix", "--unsafe")
			if mended := strings.Contains(applied+risky, ": "+name+": "); mended != r.Fix {
				t.Errorf("fixed: %v, on its page: %v\n%s%s", mended, r.Fix, applied, risky)
			}
			if !r.Fix {
				return
			}
			left, _ := pipe(dir, "check", "--format", "json")
			if strings.Contains(left, `"rule": "`+name+`"`) || strings.Contains(left, `"rule": "syntax"`) {
				t.Errorf("it is still there, or cannot be read:\n%s%s", left, read(t, dir, "ci.pipe"))
			}
			text := read(t, dir, "ci.pipe")
			if _, again := pipe(dir, "check", "--fix", "--unsafe"); !strings.HasPrefix(again, "nothing to fix") || text != read(t, dir, "ci.pipe") {
				t.Errorf("there is more to fix: %s", again)
			}
		})
	}
	if fixes < leastFixes {
		t.Errorf("%d rules carry a fix, expected %d at least", fixes, leastFixes)
	}
}

// Whoever saves a file while it is mended keeps what was saved.
func TestRewriteOfChangedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ci.pipe")
	if err := os.WriteFile(path, []byte(byteOrderMark+"saved"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(path, "checked", "mended"); !errors.Is(err, errChanged) {
		t.Errorf("got %v", err)
	}
	if got := read(t, filepath.Dir(path), "ci.pipe"); got != byteOrderMark+"saved" {
		t.Errorf("the file is %q", got)
	}
	if err := rewrite(path, "saved", "mended"); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(path)
	if got := read(t, filepath.Dir(path), "ci.pipe"); got != byteOrderMark+"mended" || err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is %q, %v", got, info)
	}
	if err := rewrite(path+".gone", "saved", "mended"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// example writes a rule's example as a repository.
func example(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	files := txtar.Parse([]byte(text)).Files
	if len(files) == 0 {
		files = []txtar.File{{Name: "ci.pipe", Data: []byte(text)}}
	}
	for _, f := range append(files, txtar.File{Name: ".git/HEAD", Data: []byte("ref: refs/heads/main\n")}) {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func pipe(dir string, args ...string) (out, errs string) {
	var o, e bytes.Buffer
	Main(args, Environment{In: strings.NewReader(""), Out: &o, Err: &e, Dir: dir, Environ: os.Environ()})
	return o.String(), e.String()
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// meaning is a plan without the places of its parts, the digests of its sources and guards that
// hold, which a fix may remove, and with them the question mark of what they guard.
func meaning(t *testing.T, plan string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(plan), &v); err != nil {
		t.Fatalf("%v: %s", err, plan)
	}
	return placeless(v)
}

func placeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			switch key {
			case "at", "digest", "sources":
				delete(v, key)
			case "type":
				if text, ok := v[key].(string); ok {
					v[key] = strings.TrimSuffix(text, "?")
				}
			case "when":
				if list, ok := v[key].([]any); ok {
					list = slices.DeleteFunc(list, func(x any) bool { g, ok := x.(map[string]any); return ok && g["value"] == true })
					if v[key] = placeless(list); len(list) == 0 {
						delete(v, key)
					}
				}
			default:
				v[key] = placeless(v[key])
			}
		}
	case []any:
		for i := range v {
			v[i] = placeless(v[i])
		}
	}
	return v
}
