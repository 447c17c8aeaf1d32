package session_test

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"weak"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/annotated"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/session"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/stdlib"
)

// Edits that a run of TestEdits makes, and the variable that has it make another number of them.
const (
	edits     = 900
	inARow    = 12 // of one file
	manyEdits = "PIPE_EDITS"
)

// TestEdits edits every example and every file that check and lint are tested with, again and again, and has each
// form checked by one session that has seen all forms before, and by a check that knows nothing. Both say the same,
// byte for byte: findings, places, help and fixes.
func TestEdits(t *testing.T) {
	n := edits
	if sampled {
		n /= 10
	}
	if given, err := strconv.Atoi(os.Getenv(manyEdits)); err == nil {
		n = given
	}
	var s session.Session
	files := originals(t)
	random := rand.New(rand.NewPCG(5, uint64(n)))
	made := map[string]int{}
	var o *original
	for i := range n {
		if i%inARow == 0 {
			o = files[random.IntN(len(files))]
		}
		name, text := o.next(random)
		made[name]++
		overlay := map[string]string{o.path: text}
		again, cold := sessionSays(t, &s, o.entry, overlay), coldSays(t, o.entry, overlay)
		if again != cold {
			t.Fatalf("%s, %s: the session said\n%s\ninstead of\n%s\nof\n%s\nwhich was\n%s", o.path, name, again, cold, text, o.text)
		}
		o.text = text
	}
	for _, k := range kinds {
		if made[k.name] == 0 && n >= edits {
			t.Errorf("no edit is of the kind %q", k.name)
		}
	}
}

// surroundings are those of a repository of git in which some paths are there and others are not.
var surroundings = lint.Options{
	Matches:     func(glob string) bool { return !strings.Contains(glob, "nowhere") },
	FoldersOnly: func(glob string) bool { return strings.HasPrefix(glob, "docs") },
	Named:       func(name string) bool { return name == "run.sh" },
	Beside:      true,
}

func sessionSays(t *testing.T, s *session.Session, entry string, overlay map[string]string) string {
	c, err := s.Check(entry, session.Options{Std: stdlib.FS, Overlay: overlay, Lint: surroundings})
	if err != nil {
		t.Fatal(err)
	}
	return written(t, c.Found)
}

func coldSays(t *testing.T, entry string, overlay map[string]string) string {
	var diags diag.List
	p, err := load.Load(entry, load.Options{Std: stdlib.FS, Overlay: overlay}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	lint.Lint(check.Check(p, &diags), lint.Options{Matches: surroundings.Matches, FoldersOnly: surroundings.FoldersOnly, Named: surroundings.Named}, &diags)
	return written(t, p.Report(diags.Sorted()))
}

func written(t *testing.T, found []diag.Diagnostic) string {
	var out bytes.Buffer
	if err := diag.Write(&out, "json", found, diag.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// original is a file that is edited, in a repository of its own.
type original struct {
	entry, path   string
	first, text   string // as it was, and as it is now
	since, damage int    // edits since it was as it was, and those of them that may have broken it
}

// originals are the examples and the files that check and lint are tested with.
func originals(t *testing.T) (out []*original) {
	t.Helper()
	for _, dir := range []string{"../../testdata/check", "../../testdata/check/whole", "../../testdata/lint"} {
		for _, path := range annotated.Files(t, dir) {
			out = append(out, filesOf(t, path)...)
		}
	}
	examples, err := filepath.Glob("../../examples/*.pipe")
	if err != nil || len(examples) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	for _, path := range examples {
		out = append(out, filesOf(t, path)...)
	}
	return out
}

// filesOf are the .pipe files of a test file, in one repository.
func filesOf(t *testing.T, path string) (out []*original) {
	p := annotated.Write(t, path)
	err := filepath.WalkDir(p.Dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".pipe") || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err == nil {
			out = append(out, &original{entry: p.Entry, path: file, first: string(text), text: string(text)})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A declaration that a change did not touch is the same tree afterwards, and a step, too.
func TestKeepsWhatStays(t *testing.T) {
	const text = "op a() {\n  run `a`\n}\n\npipeline main() {\n  one = a()\n  two = a() { timeout 1m }\n}\n"
	entry := filepath.Join(t.TempDir(), "a.pipe")
	var s session.Session
	checked := func(text string) []ast.Decl {
		c, err := s.Check(entry, session.Options{Std: stdlib.FS, Overlay: map[string]string{entry: text}})
		if err != nil {
			t.Fatal(err)
		}
		return c.Program.Load.Entry.Files[0].Decls
	}
	first, second := checked(text), checked(strings.Replace(text, "1m", "90m", 1))
	if first[0] != second[0] {
		t.Error("the op before the change was parsed again")
	}
	steps := func(d ast.Decl) []ast.Item { return d.(*ast.Pipeline).Items }
	if steps(first[1])[0] != steps(second[1])[0] {
		t.Error("the step before the change was parsed again")
	}
	if steps(first[1])[1] == steps(second[1])[1] {
		t.Error("the step that has changed is the one of before")
	}
}

// What none of the last checks used is let go of.
func TestForgets(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.pipe"), filepath.Join(dir, "b.pipe")
	texts := map[string]string{a: "op a() {\n  run `a`\n}\n", b: "op b() {\n  run `b`\n}\n"}
	var s session.Session
	tree := func(entry string) *ast.File {
		c, err := s.Check(entry, session.Options{Std: stdlib.FS, Overlay: texts})
		if err != nil {
			t.Fatal(err)
		}
		return c.Program.Load.Entry.Files[0]
	}
	first := tree(a)
	if tree(b); tree(a) != first {
		t.Fatal("a file is not kept over one check of another")
	}
	for range 20 {
		tree(b)
	}
	if tree(a) == first {
		t.Error("a file is kept over twenty checks of another")
	}
}

// What is remembered of a step does not hold the check that made it.
func TestLetsGoOfChecks(t *testing.T) {
	const text = "op show(v: string) {\n  run `echo \"$v\"`\n}\n\npipeline main(p: string) {\n  let k = p + \"x\"\n  one = show(k)\n  two = show(\"1\")\n}\n"
	entry := filepath.Join(t.TempDir(), "a.pipe")
	var s session.Session
	scope := func(text string) weak.Pointer[expr.Scope] {
		c, err := s.Check(entry, session.Options{Std: stdlib.FS, Overlay: map[string]string{entry: text}})
		if err != nil {
			t.Fatal(err)
		}
		let, _ := c.Program.Entry.Pipelines["main"].Steps[0].Scope.Lookup("k")
		return weak.Make(let.In)
	}
	first := scope(text)
	for _, v := range []string{`"2"`, `"3"`} {
		scope(strings.Replace(text, `"1"`, v, 1))
	}
	runtime.GC()
	if first.Value() != nil {
		t.Error("the first of three checks is held by what the last one knows of a step")
	}
	runtime.KeepAlive(&s)
}
