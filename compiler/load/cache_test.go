package load_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// A module that several entries use is parsed once, also when they load it at the same time; what
// was said about it is said to each of them.
func TestCacheSharesModules(t *testing.T) {
	dir := repository(t, "-- a.pipe --\nuse \"./lib.pipe\"\nuse \"std/image\"\n-- b.pipe --\nuse \"./lib.pipe\"\nuse \"std/image\"\n-- lib.pipe --\nop x( {}\n")
	o := load.Options{Std: std, Cache: &load.Cache{}}
	const loads = 8
	var all sync.WaitGroup
	programs, said := make([]*load.Program, loads), make([]diag.List, loads)
	for i := range loads {
		all.Go(func() {
			programs[i], _ = load.Load(filepath.Join(dir, []string{"a.pipe", "b.pipe"}[i%2]), o, &said[i])
		})
	}
	all.Wait()
	first := findings(said[0].Sorted())
	if len(first) == 0 {
		t.Fatal("the broken module was not reported")
	}
	for i, p := range programs {
		if p == nil {
			t.Fatalf("load %d failed", i)
		}
		for _, id := range []string{"lib.pipe", "std/image"} {
			if tree(p, id) == nil || tree(p, id) != tree(programs[0], id) {
				t.Errorf("load %d has a tree of its own of %s", i, id)
			}
		}
		if diff := cmp.Diff(first, findings(said[i].Sorted())); diff != "" {
			t.Errorf("load %d is told something else (-first +this):\n%s", i, diff)
		}
	}
	if tree(programs[0], "a.pipe") == tree(programs[2], "a.pipe") {
		t.Error("the tree of an entry is kept")
	}
}

// A file that has changed, on disk or in an editor, is parsed again, and so is one of another repository.
func TestCacheSeesChanges(t *testing.T) {
	const files = "-- a.pipe --\nuse \"./lib.pipe\"\n-- lib.pipe --\nop x() {}\n"
	dir := repository(t, files)
	cache := &load.Cache{}
	text := func(dir string, overlay map[string]string) *ast.File {
		p, err := load.Load(filepath.Join(dir, "a.pipe"), load.Options{Overlay: overlay, Cache: cache}, &diag.List{})
		if err != nil {
			t.Fatal(err)
		}
		return tree(p, "lib.pipe")
	}
	lib := filepath.Join(dir, "lib.pipe")
	first := text(dir, nil)
	if again := text(dir, nil); again != first {
		t.Error("a file that is the same was parsed again")
	}
	if other := text(repository(t, files), nil); other == first {
		t.Error("a file of another repository is taken for this one")
	}
	if got := text(dir, map[string]string{lib: "op y() {}\n"}).Source.Text; got != "op y() {}\n" {
		t.Errorf("the editor's text is not seen: %q", got)
	}
	write(t, lib, "op z() {}\n")
	if got := text(dir, nil).Source.Text; got != "op z() {}\n" {
		t.Errorf("the file's new text is not seen: %q", got)
	}
}

func tree(p *load.Program, id string) *ast.File {
	for _, m := range p.Modules {
		if m.ID == id {
			return m.Files[0]
		}
	}
	return nil
}
