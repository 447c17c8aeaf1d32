package lint_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// TestShared checks every example as a module that several others use at the same time, once with what is known of
// it kept between them, and once without: both say the same of each of them.
func TestShared(t *testing.T) {
	var shared atomic.Int64
	for _, o := range originals(t) {
		users := usersOf(o)
		for _, errorsOnly := range []bool{false, true} {
			var files load.Cache
			var checked check.Shared
			var linted lint.Shared
			var scripts script.Cache
			told := func(name string, together bool) string {
				var diags diag.List
				options := load.Options{Std: library, Overlay: users}
				look := lint.Options{Matches: func(glob string) bool { return glob == ".git/index" }, Errors: errorsOnly}
				if together {
					options.Cache, look.Shared, look.Scripts = &files, &linted, &scripts
				}
				p, err := load.Load(name, options, &diags)
				if err != nil {
					return err.Error()
				}
				var program *check.Program
				if together {
					program = check.Alone(p, &checked, &diags)
					shared.Add(int64(len(program.Shared)))
				} else {
					program = check.Check(p, &diags)
				}
				lint.Lint(program, look, &diags)
				var out bytes.Buffer
				if err := diag.Write(&out, "json", p.Report(diags.Sorted()), diag.Options{}); err != nil {
					return err.Error()
				}
				return out.String()
			}
			const again = 2
			var all sync.WaitGroup
			var mu sync.Mutex
			got := map[string][]string{}
			for name := range users {
				for range again {
					all.Go(func() {
						said := told(name, true)
						mu.Lock()
						defer mu.Unlock()
						got[name] = append(got[name], said)
					})
				}
			}
			all.Wait()
			if n, of := linted.Mentions(); n != of {
				t.Fatalf("%s: mentions are kept %d times of %d modules", o.name, n, of)
			}
			for name := range users {
				want := told(name, false)
				for _, said := range got[name] {
					if d := cmp.Diff(want, said); d != "" {
						t.Fatalf("%s, used by\n%s\nsays something else where others use it, too:\n%s", o.name, users[name], d)
					}
				}
			}
		}
	}
	if shared.Load() < 100 {
		t.Errorf("%d modules were shared", shared.Load())
	}
}

// usersOf are texts of modules that use one, by absolute path: they call what needs no argument, they do so behind a
// test, they cannot be read in part, where its names stand, and they use a module that is not there.
func usersOf(o *original) map[string]string {
	base := strings.TrimSuffix(filepath.Base(o.path), ".pipe")
	var plain, tested, lost strings.Builder
	for i, d := range parser.Parse(source.NewFile(o.path, o.text), new(diag.List)).Decls {
		var name string
		var params []*ast.Field
		switch d := d.(type) {
		case *ast.Op:
			name, params = d.Name.Text, d.Params
		case *ast.Pipeline:
			name, params = d.Name.Text, d.Params
		}
		if name == "" {
			continue
		}
		fmt.Fprintf(&lost, " %s", name)
		if len(params) == 0 {
			fmt.Fprintf(&plain, "  s%d = used.%s()\n", i, name)
			fmt.Fprintf(&tested, "  s%d = used.%s() { after unit }\n", i, name)
		}
	}
	head := fmt.Sprintf("use \"./%s.pipe\" as used\n\n", base)
	unit := "  unit = op {\n    inputs []\n    run `go test ./...`\n  }\n"
	placed := "  deploy = op {\n    in place\n    run `make generate`\n  }\n"
	users := map[string]string{}
	for kind, text := range map[string]string{
		"plain":  head + "pipeline main() {\n" + plain.String() + "}\n",
		"tested": head + "pipeline main() {\n" + unit + tested.String() + "}\n",
		"placed": head + "pipeline main() {\n" + placed + plain.String() + "}\n",
		"lost":   head + "op { " + lost.String() + "\n\npipeline main() {\n" + plain.String() + "}\n",
		"none":   head,
		"amiss":  "use \"./nowhere.pipe\"\n" + head + "pipeline main() {\n" + plain.String() + "}\n",
	} {
		users[filepath.Join(filepath.Dir(o.path), "user_of_"+base+"_"+kind+".pipe")] = text
	}
	return users
}
