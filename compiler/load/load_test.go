package load_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

var std = fstest.MapFS{
	"image/image.pipe":   {Data: []byte("native op build(context: string) -> { ref: string }\n")},
	"notify/notify.pipe": {Data: []byte("use \"./x.pipe\" as x\n")},
}

// repository writes files into a folder that is a root of its own.
func repository(t *testing.T, files string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".git"), "")
	for _, f := range txtar.Parse([]byte(files)).Files {
		write(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func findings(list []diag.Diagnostic) []string {
	var out []string
	for _, d := range list {
		at := ""
		if d.File != nil {
			p := d.File.Position(d.Span.Start)
			at = fmt.Sprintf("%s:%d:%d ", d.File.Name, p.Line, p.Column)
		}
		line := at + d.Rule + ": " + d.Message
		if d.Help != "" {
			line += " | " + d.Help
		}
		out = append(out, line)
	}
	return out
}

func ids(p *load.Program) []string {
	var out []string
	for _, m := range p.Modules {
		out = append(out, m.ID)
	}
	return out
}

func TestModules(t *testing.T) {
	tests := []struct {
		name, files, entry string
		modules            []string
		findings           []string
	}{
		{
			name:    "a file alone",
			files:   "-- ci.pipe --\nlet a = 1\n",
			entry:   "ci.pipe",
			modules: []string{"ci.pipe"},
		},
		{
			name:    "imports come before importers",
			files:   "-- ci.pipe --\nuse \"./lib/a.pipe\"\nuse \"std/image\"\n-- lib/a.pipe --\nuse \"../b.pipe\"\n-- b.pipe --\n",
			entry:   "ci.pipe",
			modules: []string{"b.pipe", "lib/a.pipe", "std/image", "ci.pipe"},
		},
		{
			name:    "a folder is the union of its files",
			files:   "-- ci.pipe --\nuse \"./ops\"\n-- ops/a.pipe --\n-- ops/b.pipe --\n-- ops/c.txt --\n-- ops/d.pipe/e.pipe --\n",
			entry:   "ci.pipe",
			modules: []string{"ops", "ci.pipe"},
		},
		{
			name:    "a path from the root",
			files:   "-- a/ci.pipe --\nuse \"/lib/x.pipe\"\n-- lib/x.pipe --\n",
			entry:   "a/ci.pipe",
			modules: []string{"lib/x.pipe", "a/ci.pipe"},
		},
		{
			name:    "a diamond is loaded once",
			files:   "-- ci.pipe --\nuse \"./a.pipe\"\nuse \"./b.pipe\"\n-- a.pipe --\nuse \"./c.pipe\"\n-- b.pipe --\nuse \"./c.pipe\"\n-- c.pipe --\n",
			entry:   "ci.pipe",
			modules: []string{"c.pipe", "a.pipe", "b.pipe", "ci.pipe"},
		},
		{
			name:     "a missing file",
			files:    "-- ci.pipe --\nuse \"./comon.pipe\"\n-- common.pipe --\n",
			entry:    "ci.pipe",
			modules:  []string{"ci.pipe"},
			findings: []string{`ci.pipe:1:5 unknown-module: module "./comon.pipe" does not exist | did you mean "./common.pipe"?`},
		},
		{
			name:     "a missing file that only this one is like",
			files:    "-- ci.pipe --\nuse \"./lib.pipe\"\n",
			entry:    "ci.pipe",
			modules:  []string{"ci.pipe"},
			findings: []string{`ci.pipe:1:5 unknown-module: module "./lib.pipe" does not exist | the path starts from the folder of this file`},
		},
		{
			name:     "a missing folder",
			files:    "-- ci.pipe --\nuse \"./commn/\"\n-- common/a.pipe --\n",
			entry:    "ci.pipe",
			modules:  []string{"ci.pipe"},
			findings: []string{`ci.pipe:1:5 unknown-module: module "./commn/" does not exist | did you mean "./common"?`},
		},
		{
			name:     "a forgotten ending",
			files:    "-- ci.pipe --\nuse \"./common\"\n-- common.pipe --\n",
			entry:    "ci.pipe",
			modules:  []string{"ci.pipe"},
			findings: []string{`ci.pipe:1:5 unknown-module: module "./common" does not exist | did you mean "./common.pipe"?`},
		},
		{
			name:     "a folder without .pipe files",
			files:    "-- ci.pipe --\nuse \"./docs\"\n-- docs/a.md --\n",
			entry:    "ci.pipe",
			modules:  []string{"ci.pipe"},
			findings: []string{`ci.pipe:1:5 unknown-module: module "./docs" has no .pipe files | a folder is a module when .pipe files stand in it directly`},
		},
		{
			name:    "a cycle is told as a path",
			files:   "-- ci.pipe --\nuse \"./a.pipe\"\n-- a.pipe --\nuse \"./b.pipe\"\n-- b.pipe --\nuse \"./a.pipe\"\n",
			entry:   "ci.pipe",
			modules: []string{"b.pipe", "a.pipe", "ci.pipe"},
			findings: []string{
				`b.pipe:1:5 import-cycle: modules use each other: a.pipe → b.pipe → a.pipe | move what both need into a module that uses neither`,
			},
		},
		{
			name:    "a module that uses itself",
			files:   "-- ci.pipe --\nuse \"./ci.pipe\"\n",
			entry:   "ci.pipe",
			modules: []string{"ci.pipe"},
			findings: []string{
				`ci.pipe:1:5 import-cycle: modules use each other: ci.pipe → ci.pipe | move what both need into a module that uses neither`,
			},
		},
		{
			name:    "remote modules",
			files:   "-- ci.pipe --\nuse \"github.com/acme/ops@v1\"\nuse \"https://acme.dev/x\" as y\nuse \"lib@v2\"\n",
			entry:   "ci.pipe",
			modules: []string{"ci.pipe"},
			findings: []string{
				`ci.pipe:1:5 not-supported: module "github.com/acme/ops@v1" is remote, which this version does not support | copy it into the repository and use "./path"`,
				`ci.pipe:2:5 not-supported: module "https://acme.dev/x" is remote, which this version does not support | copy it into the repository and use "./path"`,
				`ci.pipe:3:5 not-supported: module "lib@v2" is remote, which this version does not support | copy it into the repository and use "./path"`,
			},
		},
		{
			name:     "outside the repository",
			files:    "-- ci.pipe --\nuse \"../other.pipe\"\n",
			entry:    "ci.pipe",
			modules:  []string{"ci.pipe"},
			findings: []string{`ci.pipe:1:5 unknown-module: module "../other.pipe" lies outside the repository | modules are files below the folder with pipe.toml or .git`},
		},
		{
			name:     "neither a path nor std",
			files:    "-- ci.pipe --\nuse \"ops\"\n",
			entry:    "ci.pipe",
			modules:  []string{"ci.pipe"},
			findings: []string{`ci.pipe:1:5 unknown-module: module "ops" is neither a path nor in the standard library | write "./ops" for a file or folder beside this one`},
		},
		{
			name:    "unknown standard modules",
			files:   "-- ci.pipe --\nuse \"std/imge\"\nuse \"std/zzzzzz\"\nuse \"std/../x\" as y\n",
			entry:   "ci.pipe",
			modules: []string{"ci.pipe"},
			findings: []string{
				`ci.pipe:1:5 unknown-module: module "std/imge" is not in the standard library | did you mean "std/image"?`,
				`ci.pipe:2:5 unknown-module: module "std/zzzzzz" is not in the standard library | there are std/image, std/notify`,
				`ci.pipe:3:5 unknown-module: module "std/../x" is not in the standard library | there are std/image, std/notify`,
			},
		},
		{
			name:    "the standard library uses no files",
			files:   "-- ci.pipe --\nuse \"std/notify\"\n",
			entry:   "ci.pipe",
			modules: []string{"std/notify", "ci.pipe"},
			findings: []string{
				`std/notify:1:5 unknown-module: module "./x.pipe" is no part of the standard library`,
			},
		},
		{
			name:    "a namespace twice",
			files:   "-- ci.pipe --\nuse \"./a/x.pipe\"\nuse \"./b/x.pipe\"\n-- a/x.pipe --\n-- b/x.pipe --\n",
			entry:   "ci.pipe",
			modules: []string{"a/x.pipe", "ci.pipe"},
			findings: []string{
				`ci.pipe:2:5 duplicate-name: namespace "x" is in use twice in this file | give one of them another name: use "./b/x.pipe" as other`,
			},
		},
		{
			name:     "a file name that is no name",
			files:    "-- ci.pipe --\nuse \"./my-ops.pipe\"\n-- my-ops.pipe --\n",
			entry:    "ci.pipe",
			modules:  []string{"my-ops.pipe", "ci.pipe"},
			findings: []string{`ci.pipe:1:5 reserved-name: "my-ops" cannot be a namespace: it is no name | name it: use "./my-ops.pipe" as my_ops`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var diags diag.List
			p, err := load.Load(filepath.Join(repository(t, tt.files), tt.entry), load.Options{Std: std}, &diags)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.modules, ids(p)); d != "" {
				t.Error("modules (-want +got):", d)
			}
			if d := cmp.Diff(tt.findings, findings(diags.Sorted())); d != "" {
				t.Error("findings (-want +got):", d)
			}
		})
	}
}

func TestEntryThatCannotBeUsed(t *testing.T) {
	dir := repository(t, "-- notes.txt --\n-- empty/x.md --\n-- ci.pipe --\n")
	if err := os.Symlink("loop.pipe", filepath.Join(dir, "loop.pipe")); err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string]string{
		"nothing.pipe": "does not exist",
		"notes.txt":    "is no .pipe file",
		"empty":        "has no .pipe files",
		"loop.pipe":    "is a loop of symbolic links",
		"cii.pipe":     "does not exist",
	} {
		var diags diag.List
		_, err := load.Load(filepath.Join(dir, name), load.Options{}, &diags)
		var pe *load.PathError
		if !errors.As(err, &pe) || pe.Message != message {
			t.Errorf("%s: got %v, want %q", name, err, message)
		}
		if diags.Len() > 0 {
			t.Errorf("%s: findings beside the error: %v", name, findings(diags.Sorted()))
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := repository(t, "-- ci.pipe --\nuse \"./big.pipe\"\nuse \"./bytes.pipe\"\nuse \"./loop.pipe\"\nuse \"./out.pipe\"\nuse \"./mixed\"\n-- mixed/a.pipe --\nlet a = 1\n")
	write(t, filepath.Join(dir, "big.pipe"), strings.Repeat("\n", load.MaxFile+1))
	write(t, filepath.Join(dir, "bytes.pipe"), "let a = \"\xff\"\n")
	write(t, filepath.Join(dir, "mixed/b.pipe"), "\x00\xfe")
	outside := filepath.Join(t.TempDir(), "out.pipe")
	write(t, outside, "")
	for link, to := range map[string]string{"loop.pipe": "loop.pipe", "out.pipe": outside} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	var diags diag.List
	p, err := load.Load(filepath.Join(dir, "ci.pipe"), load.Options{}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`bytes.pipe:1:10 unreadable-file: the file is not UTF-8 text: byte 9 starts no character | save it as UTF-8`,
		`ci.pipe:1:5 unreadable-file: module "./big.pipe" is larger than 16 MiB | split it: a folder of .pipe files is one module`,
		`ci.pipe:3:5 unreadable-file: module "./loop.pipe" is a loop of symbolic links | let the link point at a file or folder`,
		`ci.pipe:4:5 unknown-module: module "./out.pipe" lies outside the repository | modules are files below the folder with pipe.toml or .git`,
		`mixed/b.pipe:1:2 unreadable-file: the file is not UTF-8 text: byte 1 starts no character | save it as UTF-8`,
	}
	if d := cmp.Diff(want, findings(diags.Sorted())); d != "" {
		t.Error("findings (-want +got):", d)
	}
	for _, m := range p.Modules {
		if want := m.ID == "bytes.pipe" || m.ID == "mixed"; m.Broken != want {
			t.Errorf("%s: Broken is %v", m.ID, m.Broken)
		}
	}
}

func TestBOMAndCRLF(t *testing.T) {
	dir := repository(t, "-- x --\n")
	write(t, filepath.Join(dir, "ci.pipe"), "\ufeff/// Says hello.\r\n\r\nlet a = 1\r\nlet b = \"x\"\r\n")
	var diags diag.List
	p, err := load.Load(filepath.Join(dir, "ci.pipe"), load.Options{}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	if diags.Len() > 0 || len(p.Entry.Files[0].Decls) != 2 {
		t.Errorf("got %d declarations and %v", len(p.Entry.Files[0].Decls), findings(diags.Sorted()))
	}
}

func TestOverlay(t *testing.T) {
	dir := repository(t, "-- ci.pipe --\nuse \"./saved.pipe\"\n-- saved.pipe --\nlet a = 1\n")
	o := load.Options{Overlay: map[string]string{
		filepath.Join(dir, "ci.pipe"):      "use \"./saved.pipe\"\nuse \"./unsaved.pipe\"\n",
		filepath.Join(dir, "unsaved.pipe"): "let b = 2\n",
	}}
	var diags diag.List
	p, err := load.Load(filepath.Join(dir, "ci.pipe"), o, &diags)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"saved.pipe", "unsaved.pipe", "ci.pipe"}, ids(p)); d != "" || diags.Len() > 0 {
		t.Error(d, findings(diags.Sorted()))
	}
}

func TestRoot(t *testing.T) {
	dir := repository(t, "-- a/pipe.toml --\n-- a/b/c.pipe --\n-- d/e.pipe --\n")
	for path, want := range map[string]string{
		"a/b/c.pipe": "a", "a/b": "a", "d/e.pipe": ".", "d/none.pipe": ".", "a": "a",
	} {
		got, err := load.Root(filepath.Join(dir, path))
		if rel, _ := filepath.Rel(dir, got); err != nil || rel != want {
			t.Errorf("Root(%s) = %s, %v, want %s", path, rel, err, want)
		}
	}
}
