package cli

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// leastShared is how many modules of the repositories are shared at least, so that the test shows something.
const leastShared = 100

// Files that are checked together say what each says alone: the modules that they use are looked at once.
func TestCheckTogether(t *testing.T) {
	shared := 0
	for name, text := range repositories(t) {
		t.Run(name, func(t *testing.T) {
			a := appIn(example(t, text))
			files, _, err := a.pipeFilesOf(nil)
			if err != nil {
				t.Fatal(err)
			}
			s := &session{cache: &load.Cache{}, roots: map[string]lint.Options{}}
			got := make([]string, 2*len(files)) // each twice
			var all sync.WaitGroup
			for i := range got {
				all.Go(func() { got[i] = a.said(t, files[i%len(files)], s) })
			}
			all.Wait()
			for i, said := range got {
				f := files[i%len(files)]
				if d := cmp.Diff(a.said(t, f, newSession()), said); d != "" {
					t.Errorf("%s alone, and with others:\n%s", a.display(f), d)
				}
				if c, err := a.checkIn(f, nil, s); err == nil {
					shared += len(c.program.Shared)
				}
			}
		})
	}
	if shared < leastShared {
		t.Errorf("%d modules were shared", shared)
	}
}

// said is what a check of an entry finds, or how it fails.
func (a *app) said(t *testing.T, file string, s *session) string {
	o := a.checkOne(file, s)
	var out bytes.Buffer
	if err := diag.Write(&out, "json", o.found, diag.Options{}); err != nil {
		t.Error(err)
	}
	return fmt.Sprintln(out.String(), o.err, o.fault)
}

func appIn(dir string) *app {
	return &app{Environment: Environment{Out: new(bytes.Buffer), Err: new(bytes.Buffer), Dir: dir, Environ: os.Environ()}}
}

// repositories are some whose files use each other in the ways there are, and the wrong example of each rule with
// some that use it.
func repositories(t *testing.T) map[string]string {
	out := maps.Clone(entangled)
	for _, name := range diag.Rules() {
		if r, _ := diag.Lookup(name); r.Wrong != "" {
			out[name] = withUsers(r.Wrong)
		}
	}
	return out
}

// withUsers adds files to a repository that use each of its files.
func withUsers(text string) string {
	r := txtar.Parse([]byte(text))
	if len(r.Files) == 0 {
		r.Files = []txtar.File{{Name: "ci.pipe", Data: []byte(text)}}
	}
	for i, f := range slices.Clone(r.Files) {
		if !strings.HasSuffix(f.Name, ".pipe") {
			continue
		}
		calls, tested := "", "  unit = op { run `go test ./...` }\n"
		for n, d := range parser.Parse(source.NewFile(f.Name, string(f.Data)), new(diag.List)).Decls {
			name := ""
			switch d := d.(type) {
			case *ast.Op:
				name = d.Name.Text
			case *ast.Pipeline:
				name = d.Name.Text
			}
			if name != "" {
				calls += fmt.Sprintf("  s%d = used.%s()\n", n, name)
				tested += fmt.Sprintf("  s%d = used.%s() { after unit }\n", n, name)
			}
		}
		for kind, main := range map[string]string{
			"plain": "pipeline main() {\n" + calls + "}\n", "tested": "pipeline main() {\n" + tested + "}\n",
			"damaged": "op {\n\npipeline main() {\n" + calls + "}\n", "lost": "use \"./nowhere.pipe\"\n",
		} {
			user := fmt.Sprintf("use \"./%s\" as used\n%s", filepath.Base(f.Name), main)
			r.Files = append(r.Files, txtar.File{Name: filepath.Join(filepath.Dir(f.Name), fmt.Sprintf("user%d_%s.pipe", i, kind)), Data: []byte(user)})
		}
	}
	return string(txtar.Format(r))
}

// entangled are repositories by what is odd about them.
var entangled = map[string]string{
	"a diamond, with warnings at its end": `
-- a.pipe --
use "./left.pipe"
use "./right.pipe"

pipeline main() {
  l = left.go()
  r = right.go() { after l }
}
-- b.pipe --
use "./right.pipe"
use "./left.pipe" as l

pipeline main() {
  unit = op { run ` + "`go test ./...`" + ` }
  r = right.go() { after unit }
  x = l.go()
}
-- left.pipe --
use "./low.pipe"
pipeline go() { s = low.ship(tag: "a") }
-- right.pipe --
use "./low.pipe" as base
pipeline go() { s = base.ship(tag: 1) }
-- low.pipe --
let nobody = 1

op push(tag: string) { run ` + "`docker push $tag`" + ` }

pipeline ship(tag: string) {
  s = push(tag: tag)
  t = push(tag: tag) { when ci.event == "pul_request" }
}
`,
	"a file by itself and in its folder, under two names": `
-- a.pipe --
use "./lib"
use "./lib/one.pipe"
use "./lib/one.pipe" as again

pipeline main() {
  a = lib.one()
  b = one.one()
  c = again.one() { when b.x }
}
-- b.pipe --
use "./lib/one.pipe"
pipeline main() { a = one.one() }
-- lib/one.pipe --
defaults {
  inputs ["none/*.x"]
  env { TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a" }
}

op one() { run ` + "`echo $nobody $TOKEN`" + ` }
-- lib/two.pipe --
// pipe:ignore unquoted it is one word
op two(x: string) { run ` + "`echo $x`" + ` }

op waits() { run ` + "`while ! nc -z db 1; do sleep 1; done`" + ` }

pipeline all() {
  a = one()
  b = two("x")
  c = waits() { pool "gpu" }
}
-- pipe.toml --
[check]
unquoted = "error"
unused-let = "off"

[pools]
cpu = 1
`,
	"a push, with a test before and without": `
-- a.pipe --
use "./lib.pipe"
pipeline main() { a = lib.ship() }
-- b.pipe --
use "./lib.pipe"
pipeline main() {
  unit = op { run ` + "`go test ./...`" + ` }
  a = lib.ship() { after unit }
}
-- lib.pipe --
pipeline ship() {
  push = op { run ` + "`docker push app`" + ` }
}
`,
	"circles, what is not there, and settings in a module": `
-- a.pipe --
use "./b.pipe"
pipeline main() { a = b.main() }
-- b.pipe --
use "./a.pipe"
use "./c.pipe"
use "./nowhere.pipe"
pipeline main() { a = c.main() }
-- c.pipe --
use "std/test"
settings { n: int = 3 where self > 4, token: secret string }
profile p { n = 5 }

pipeline main() {
  a = op { run ` + "`echo $n`" + `; when settings.n > 3 }
  b = op { run ` + "`echo $token`" + `; when settings.token == 1 }
}
-- d.pipe --
use "./c.pipe"
pipeline main() { a = c.main() }
-- e.pipe --
use "./d.pipe"
use "./b.pipe"
pipeline main() { a = d.main() }
`,
	"scripts in other languages, types, services and targets": `
-- a.pipe --
use "./lib.pipe"
pipeline main(p: lib.Pair) {
  a = lib.py()
  b = lib.sh(p: p)
  c = lib.sh(p: lib.Pair { x: 1 })
  d = lib.sh(p: "x") { target lib.there }
}
-- b.pipe --
use "./lib.pipe" as l
type Both { a: l.Pair, b: l.Pears }
pipeline main() { target l.there; a = l.py(); b = l.in_place() }
-- lib.pipe --
type Pair { x: int, y: string = "a" }
target there = docker { host "tcp://engine:1" }

op py() { run ` + "```python\n  def f(:\n    pass\n  ```" + ` }

op sh(p: Pair) {
  image "alpine:3"
  service db { image "postgres"; env { POSTGRES_PASSWORD = "x" } }
  run ` + "`if true; then`" + `
}

op in_place() { in place; run ` + "`echo > out.txt`" + ` }

pipeline race() { a = in_place(); b = in_place(); c = in_place() { after b } }
`,
}

// What is said of a file of one root is not what is said of one by the same name in another; a link leads to the same one.
func TestTwoRoots(t *testing.T) {
	text := "-- ci.pipe --\nlet nobody = 1\n-- pipe.toml --\nunknown = 1\n"
	one, two := example(t, text), example(t, text)
	a := appIn(one)
	each, _, err := a.checkAll([]string{one})
	if err != nil || len(each) == 0 {
		t.Fatal(each, err)
	}
	both, paths, err := a.checkAll([]string{one, two})
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]int{}
	for _, d := range both {
		in[filepath.Dir(paths[d.File])]++
	}
	if in[one] != len(each) || in[two] != len(each) {
		t.Errorf("%d findings in one root, and in both %v", len(each), in)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(one, link); err != nil {
		t.Fatal(err)
	}
	if linked, _, err := a.checkAll([]string{one, link}); err != nil || len(linked) != len(each) {
		t.Errorf("%d findings in one root, and %d with a link to it, %v", len(each), len(linked), err)
	}
}
