package load

import (
	"fmt"

	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/stdlib"
)

// later is a clock by which all that a test has written is at rest.
func later() time.Time { return time.Now().Add(time.Hour) }

// grown is a repository that a test changes, beside a folder outside of it.
type grown struct {
	t       *testing.T
	dir     string
	overlay map[string]string
}

func (g *grown) path(name string) string { return filepath.Join(g.dir, filepath.FromSlash(name)) }

func (g *grown) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// put writes a file in place, again and again until its stamp is another: on a coarse clock the first time may be
// the instant of what was there.
func (g *grown) put(name, text string) {
	g.t.Helper()
	path := g.path(name)
	g.must(os.MkdirAll(filepath.Dir(path), 0o777))
	before, _ := os.Stat(path)
	for until := time.Now().Add(time.Minute); ; {
		g.must(os.WriteFile(path, []byte(text), 0o666))
		if after, err := os.Stat(path); before == nil || err == nil && !after.ModTime().Equal(before.ModTime()) {
			return
		}
		if time.Now().After(until) {
			g.t.Fatalf("%s has the same time for a minute", path)
		}
	}
}

func (g *grown) remove(name string)     { g.must(os.RemoveAll(g.path(name))) }
func (g *grown) rename(from, to string) { g.must(os.Rename(g.path(from), g.path(to))) }
func (g *grown) link(to, name string) {
	g.must(os.RemoveAll(g.path(name)))
	g.must(os.Symlink(filepath.FromSlash(to), g.path(name)))
}

// says is what a load finds, as far as files decide it.
func (g *grown) says(c *Cache) string {
	var said diag.List
	p, err := Load(g.path("in/ci/main.pipe"), Options{Std: stdlib.FS, Overlay: g.overlay, Cache: c}, &said)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintln(&b, p.Root, p.Config, p.Lock)
	for _, m := range p.Modules {
		fmt.Fprintln(&b, m.ID, m.Folder, m.Copy, m.Broken)
		for _, f := range m.Files {
			fmt.Fprintf(&b, "  %s %q\n", f.Source.Name, f.Source.Text)
		}
	}
	for _, d := range said.Sorted() {
		fmt.Fprintln(&b, d.File.Name, d.Span, d.Rule, d.Message, d.Help)
	}
	return b.String()
}

const grownFiles = `
-- in/pipe.toml --
pipe = "0.1"
[check]
unused-let = "off"
-- in/ci/main.pipe --
use "./lib"
use "../one.pipe"
use "../linked.pipe"
use "std/test"
-- in/ci/lib/a.pipe --
let a = 1
-- in/ci/lib/b.pipe --
let b = 2
-- in/one.pipe --
let one = 1
-- in/two.pipe --
let two = 2
-- out/lib/a.pipe --
let outside = 1
-- out/one.pipe --
let outside = 2
`

// What is kept of files and folders, for an entry that is edited or for many, never says anything else than they do:
// each change is seen by the next load, also when all was at rest for long.
func TestKeptSeesChanges(t *testing.T) {
	pin := "version = 1\n\n[image.\"a\"]\ndigest = \"sha256:" + strings.Repeat("0", 64) + "\"\n"
	changes := []struct {
		name string
		make func(*grown)
	}{
		{"pipe.toml is edited", func(g *grown) { g.put("in/pipe.toml", "pipe = \"0.1\"\n[check]\nunused-let = \"error\"\n") }},
		{"pipe.toml is edited to as many bytes", func(g *grown) { g.put("in/pipe.toml", "pipe = \"0.1\"\n[check]\nunused-foo = \"off\"\n") }},
		{"pipe.toml is replaced", func(g *grown) {
			g.put("in/new", "pipe = \"0.1\"\n[check]\nunused-foo = \"off\"\n")
			g.rename("in/new", "in/pipe.toml")
		}},
		{"pipe.toml goes", func(g *grown) { g.put("in/.git", ""); g.remove("in/pipe.toml") }},
		{"pipe.toml becomes a folder", func(g *grown) { g.remove("in/pipe.toml"); g.put("in/pipe.toml/x", "") }},
		{"pipe.toml becomes a link", func(g *grown) {
			g.put("out/pipe.toml", "pipe = \"0.1\"\n[check]\nunused-foo = \"off\"\n")
			g.link("../out/pipe.toml", "in/pipe.toml")
		}},
		{"pipe.toml is in an editor", func(g *grown) { g.overlay[g.path("in/pipe.toml")] = "pipe = \"9.1\"\n" }},
		{"a nearer pipe.toml comes", func(g *grown) { g.put("in/ci/pipe.toml", "") }},
		{"a nearer .git comes", func(g *grown) { g.put("in/ci/.git", "") }},
		{"pipe.lock comes", func(g *grown) { g.put("in/pipe.lock", pin) }},
		{"pipe.lock is in an editor", func(g *grown) { g.overlay[g.path("in/pipe.lock")] = pin }},
		{"a file comes into a module", func(g *grown) { g.put("in/ci/lib/c.pipe", "let c = 3\n") }},
		{"a file of a module goes", func(g *grown) { g.remove("in/ci/lib/a.pipe") }},
		{"a file of a module is renamed", func(g *grown) { g.rename("in/ci/lib/a.pipe", "in/ci/lib/z.pipe") }},
		{"a file of a module becomes a folder", func(g *grown) { g.remove("in/ci/lib/a.pipe"); g.put("in/ci/lib/a.pipe/x", "") }},
		{"a file of a module is edited", func(g *grown) { g.put("in/ci/lib/a.pipe", "let a = 7\n") }},
		{"a file of a module is in an editor", func(g *grown) { g.overlay[g.path("in/ci/lib/a.pipe")] = "let a = 7\n" }},
		{"a module's folder is exchanged", func(g *grown) { g.rename("in/ci/lib", "in/ci/old"); g.rename("out/lib", "in/ci/lib") }},
		{"a module's folder becomes a link that leads out", func(g *grown) { g.remove("in/ci/lib"); g.link("../../out/lib", "in/ci/lib") }},
		{"a module's folder goes", func(g *grown) { g.remove("in/ci/lib") }},
		{"a module is edited to as many bytes", func(g *grown) { g.put("in/one.pipe", "let one = 7\n") }},
		{"a module goes", func(g *grown) { g.remove("in/one.pipe") }},
		{"a module becomes a folder", func(g *grown) { g.remove("in/one.pipe"); g.put("in/one.pipe/x.pipe", "let x = 1\n") }},
		{"a link is moved", func(g *grown) { g.link("two.pipe", "in/linked.pipe") }},
		{"a link is moved out", func(g *grown) { g.link("../out/one.pipe", "in/linked.pipe") }},
		{"a link's end is edited", func(g *grown) { g.put("in/one.pipe", "let one = 7\n") }},
		{"a link becomes a file", func(g *grown) { g.remove("in/linked.pipe"); g.put("in/linked.pipe", "let l = 1\n") }},
		{"the entry is edited", func(g *grown) { g.put("in/ci/main.pipe", "use \"./lib\"\n") }},
		{"the entry is in an editor", func(g *grown) { g.overlay[g.path("in/ci/main.pipe")] = "use \"../two.pipe\"\n" }},
		{"the entry becomes a link", func(g *grown) { g.link("../two.pipe", "in/ci/main.pipe") }},
		{"the entry becomes a link that leads out", func(g *grown) { g.link("../../out/one.pipe", "in/ci/main.pipe") }},
		{"the repository is moved behind a link", func(g *grown) { g.rename("in", "far"); g.link("far", "in") }},
	}
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			g := &grown{t: t, dir: t.TempDir(), overlay: map[string]string{}}
			for _, f := range txtar.Parse([]byte(grownFiles)).Files {
				g.put(f.Name, string(f.Data))
			}
			g.link("one.pipe", "in/linked.pipe")
			caches := map[string]*Cache{"one that is edited": {Edited: true, clock: later}, "many": {clock: later}}
			before := g.says(nil)
			for of, cache := range caches {
				if once, again := g.says(cache), g.says(cache); once != before || again != before {
					t.Fatalf("without a change the cache of %s says\n%s\nafter\n%s\ninstead of\n%s", of, again, once, before)
				}
			}
			c.make(g)
			after := g.says(nil)
			if strings.HasPrefix(c.name, "the repository") == (after != before) {
				t.Fatalf("the change changes nothing, or what it may not:\n%s", after)
			}
			for of, cache := range caches {
				if diff := cmp.Diff(after, g.says(cache)); diff != "" {
					t.Errorf("the cache of %s does not see the change (-it is +what is said):\n%s", of, diff)
				}
			}
			clear(g.overlay)
			for of, cache := range caches {
				if diff := cmp.Diff(g.says(nil), g.says(cache)); diff != "" {
					t.Errorf("the cache of %s, without an editor (-it is +what is said):\n%s", of, diff)
				}
			}
		})
	}
}

// What is at rest is read once, and what is not, is read again, since it may change and keep its stamp.
func TestKeptReadsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("text"), 0o666); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil {
		t.Fatal(err)
	} else if _, told := stampOf(info); !told {
		t.Skip("this system gives files no stamps, so that they are always read")
	}
	read := func(c *Cache) *byte {
		text, err := newDisk(c).text(path, false, "")
		if err != nil || text != "text" {
			t.Fatalf("got %q, %v", text, err)
		}
		return unsafe.StringData(text)
	}
	now := time.Now()
	atRest, whole := &Cache{Edited: true, clock: later}, &Cache{clock: later}
	touched := &Cache{Edited: true, clock: func() time.Time { return now }}
	if read(atRest) != read(atRest) {
		t.Error("a file at rest was read twice")
	}
	if read(touched) == read(touched) {
		t.Error("a file that was just written was read once")
	}
	if read(whole) == read(whole) {
		t.Error("a file was read once for entries that are not edited")
	}
}

// What no load of the last few used is let go of.
func TestKeptForgets(t *testing.T) {
	g := &grown{t: t, dir: t.TempDir()}
	for _, f := range txtar.Parse([]byte(grownFiles)).Files {
		g.put(f.Name, string(f.Data))
	}
	cache := &Cache{Edited: true, clock: later}
	g.says(cache)
	if len(cache.kept) == 0 {
		t.Skip("this system gives files no stamps")
	}
	g.put("in/ci/main.pipe", "let nothing = 1\n")
	for range 2 * remembered {
		g.says(cache)
	}
	for path := range cache.kept {
		if filepath.Base(path) == "a.pipe" {
			t.Errorf("%s is kept", path)
		}
	}
}

// A named pipe in a module's folder is told, and not waited for.
func TestNamedPipe(t *testing.T) {
	g := &grown{t: t, dir: t.TempDir()}
	g.put("in/ci/main.pipe", "use \"./lib\"\n")
	g.put("in/ci/lib/a.pipe", "let a = 1\n")
	if err := namedPipe(g.path("in/ci/lib/b.pipe")); err != nil {
		t.Skipf("no named pipe can be made here: %v", err)
	}
	if got := g.says(nil); !strings.Contains(got, "unreadable-file the file is no regular file") {
		t.Errorf("got %s", got)
	}
}
