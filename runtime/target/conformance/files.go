package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// put stores a tree and gives it as a value; a tree of one file named "file" gives a file.
func put(b *bench, name string, files tree) value.Value {
	b.Helper()
	dir := filepath.Join(b.TempDir(), name)
	in := intake(b)
	if content, ok := files["file"]; ok {
		write(b, filepath.Dir(dir), tree{name: content})
		f, err := in.PutFile(b.Context(), dir)
		must(b, errors.Join(err, in.Commit(f.Digest)))
		return f
	}
	write(b, dir, files)
	d, err := in.PutDir(b.Context(), dir)
	must(b, errors.Join(err, in.Commit(d.Digest)))
	return d
}

// intake takes in content until the test ends.
func intake(b *bench) target.Intake { return take(b, false) }

func take(b *bench, seal bool) target.Intake {
	in := b.Store.Take(seal)
	b.Cleanup(func() { must(b, in.Close()) })
	return in
}

func file(content string) tree { return tree{"file": content} }

func (p Place) mounts(t *testing.T) {
	secret := "s3cret"
	outside := t.TempDir()
	b := p.open(t, tree{"have/a": "1", "have/sub/b": "2", "escape": "-> " + outside})
	one, two := put(b, "one.txt", file("one")), put(b, "two.txt", file("two"))
	dir := put(b, "d", tree{"c": "3", "sub/d": "4", "l": "-> c"})
	for _, c := range []struct {
		name   string
		mount  target.Mount
		script string
		want   string // of stdout, or the error where it starts with "mount"
	}{
		{"a file", target.Mount{Path: "x/y", Files: []value.Value{one}}, "cat x/y", "one"},
		{"a folder", target.Mount{Path: "x/y", Files: []value.Value{dir}}, "cat x/y/c x/y/sub/d x/y/l", "343"},
		{"a folder over another", target.Mount{Path: "have", Files: []value.Value{dir}}, "cd have; cat a c sub/b sub/d; ls -A ..", "1324.git\nescape\nhave"},
		{"a folder over all", target.Mount{Path: ".", Files: []value.Value{dir}}, "cat c have/a", "31"},
		{"a list", target.Mount{Path: "x", List: true, Files: []value.Value{one, two, dir}}, "cd x; cat one.txt two.txt c", "onetwo3"},
		{"a list of one", target.Mount{Path: "x", List: true, Files: []value.Value{one}}, "cat x/one.txt", "one"},
		{"an empty list", target.Mount{Path: "x", List: true, Files: []value.Value{}}, "ls -d x; ls x", "x"},
		{"a secret", target.Mount{Path: "x/y", Text: &secret}, "cat x/y; stat -c %a x/y", "s3cret400"},
		{"a secret file", target.Mount{Path: "x", Files: []value.Value{one}, Secret: true}, "cat x; stat -c %a x", "one400"},
		{"a file over another", target.Mount{Path: "have/a", Files: []value.Value{one}}, "", `mount "have/a": "have/a" is there already`},
		{"two of one name", target.Mount{Path: "x", List: true, Files: []value.Value{one, one}}, "", `mount "x": "x/one.txt" is there already`},
		{"two folders with one file", target.Mount{Path: "x", List: true, Files: []value.Value{dir, dir}}, "", `mount "x": "x/`},
		{"a folder over a file", target.Mount{Path: "have/a", Files: []value.Value{dir}}, "", `mount "have/a": "have/a" is there already`},
		{"below a file", target.Mount{Path: "have/a/b", Files: []value.Value{one}}, "", `mount "have/a/b": `},
		{"a secret over a file", target.Mount{Path: "have/a", Text: &secret}, "", `mount "have/a": "have/a" is there already`},
		{"out of it", target.Mount{Path: "../x", Files: []value.Value{one}}, "", `mount "../x": path "../x" leaves the workspace`},
		{"absolute", target.Mount{Path: "/x", Files: []value.Value{one}}, "", `mount "/x": path "/x" is absolute`},
		{"NUL", target.Mount{Path: "a\x00b", Text: &secret}, "", `mount "a\x00b": path "a\x00b" holds a NUL byte`},
		{"through a link", target.Mount{Path: "escape/x", Files: []value.Value{one}}, "", `mount "escape/x": `},
		{"a cache through a link", target.Mount{Path: "escape/x", Cache: "c"}, "", `mount "escape/x": `},
		{"a cache out of it", target.Mount{Path: "c", Cache: "../c"}, "", `mount "c": path "../c" leaves the workspace`},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := whole()
			job.Mounts, job.Scripts = []target.Mount{c.mount}, script(c.script)
			a, err := b.Session.Start(t.Context(), job, nil)
			if err != nil {
				if !strings.HasPrefix(c.want, "mount") || !strings.HasPrefix(err.Error(), c.want) {
					t.Errorf("got error %v, want %s", err, c.want)
				}
				return
			}
			defer a.Close()
			if got := a.Stdout(); got != c.want {
				t.Errorf("got %q, want %q\n%s", got, c.want, a.Stderr())
			}
		})
	}
	if exists(filepath.Join(outside, "x")) {
		t.Error("something was written outside")
	}
}

func (p Place) cacheFoldersAreKept(t *testing.T) {
	b := p.open(t, tree{"src": "x"})
	for name, job := range map[string]target.Job{"whole": whole(), "inputs": {Inputs: []string{"src"}}, "empty": empty()} {
		job.Mounts = []target.Mount{{Path: "deep/node_modules", Cache: "npm/" + name}}
		if got := b.Sh(job, "cd deep/node_modules; ls; echo 1 > kept"); got != "" {
			t.Errorf("%s: the cache holds %q", name, got)
		}
		if got := b.Sh(job, "cat deep/node_modules/kept"); got != "1" {
			t.Errorf("%s: the cache gave %q", name, got)
		}
		if p.Apart {
			continue // the folder is the place's own
		}
		if got := read(t, filepath.Join(b.Run.Cache, "npm", name, "kept")); got != "1\n" {
			t.Errorf("%s: the cache holds %q", name, got)
		}
	}
}

// What a cache folder holds can be read like the rest of the workspace, mounted or linked.
func (p Place) cacheFoldersAreRead(t *testing.T) {
	b := p.open(t, tree{"src": "x"})
	for name, job := range map[string]target.Job{"whole": whole(), "inputs": {Inputs: []string{"src"}}, "empty": empty()} {
		job.Workdir = "deep"
		job.Mounts = []target.Mount{{Path: "deep/c", Cache: name}}
		a := b.Shell(job, "mkdir -p c/sub; printf 1 > c/n; printf 2 > c/sub/m; ln -s /etc/hostname c/out")
		got, err := a.Text("c/n")
		if rooted, again := a.Text("/deep/c/sub/m"); err != nil || again != nil || got+rooted != "12" {
			t.Errorf("%s: got %q and %q, %v, %v", name, got, rooted, err, again)
		}
		d, err := a.Dir(t.Context(), "c/sub", intake(b))
		if err != nil || d.Files != 1 || d.Name != "sub" {
			t.Errorf("%s: the folder is %+v, %v", name, d, err)
		}
		for _, glob := range []string{"c/**", "c/n", "/deep/c/sub/*"} {
			list, err := a.Files(t.Context(), glob, intake(b))
			if want := map[string]int{"c/**": 2}[glob]; err != nil || len(list) != max(want, 1) {
				t.Errorf("%s: %s gives %v, %v", name, glob, list, err)
			}
		}
		if _, err := a.Text("c/out"); err == nil || !strings.Contains(err.Error(), "a link leads out of the workspace") {
			t.Errorf("%s: a link out of a cache gives %v", name, err)
		}
		must(t, a.Close())
	}
}

func (p Place) mountsInPlaceAreTakenOut(t *testing.T) {
	if p.Apart {
		return // refusesInPlace
	}
	b := p.open(t, tree{"have/a": "1"})
	text := "secret"
	job := whole()
	job.InPlace = true
	job.Mounts = []target.Mount{
		{Path: "new/dir/f", Files: []value.Value{put(b, "f", file("1"))}},
		{Path: "have", Files: []value.Value{put(b, "d", tree{"b": "2", "sub/c": "3"})}},
		{Path: "have/token", Text: &text},
		{Path: "cached", Cache: "c"},
	}
	a := b.Shell(job, "cat new/dir/f have/b have/sub/c have/token; touch cached/x")
	if got := a.Stdout(); got != "123secret" {
		t.Errorf("got %q\n%s", got, a.Stderr())
	}
	must(t, a.Close())
	entries, err := os.ReadDir(b.Root)
	must(t, err)
	below, err := os.ReadDir(filepath.Join(b.Root, "have"))
	must(t, err)
	if got := fmt.Sprint(entries, below); got != "[d .git/ d have/] [- a]" {
		t.Errorf("the real tree holds %s", got)
	}
	if !exists(filepath.Join(b.Run.Cache, "c/x")) {
		t.Error("the cache folder was taken out with its content")
	}
}

func (p Place) fileParameters(t *testing.T) {
	b := p.open(t, tree{"x": "1"})
	f, d := put(b, "report.txt", file("hello")), put(b, "site", tree{"index.html": "<html>"})
	evil := f.(value.File)
	evil.Name = "../../evil"
	job := whole()
	job.Params = []target.Param{
		{Name: "f", Value: f},
		{Name: "s", Value: f, Secret: true},
		{Name: "d", Value: d},
		{Name: "e", Value: evil},
		{Name: "all", Value: value.List{f, value.String("text")}},
		{Name: "n", Value: value.Int(3)},
		{Name: "none", Value: value.None{}},
	}
	got := b.Sh(job, `
		cat "$f" "$d/index.html" "$e"; echo
		for p in "$f" "$d"; do basename "$p"; case $p in /*) ;; *) exit 1;; esac; case $p in "$PWD"/*) exit 1;; esac; done
		stat -c %a "$s"
		echo "$n ${none-unset}"
		ls -A
		echo "$all" | sed 's|"/[^"]*/|"|'
	`)
	want := "hello<html>hello\nreport.txt\nsite\n400\n3 unset\n.git\nx\n[\"report.txt\",\"text\"]"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func (p Place) readers(t *testing.T) {
	b := p.open(t, tree{"app/base.txt": "from the repository", "top": "top", "out": "-> /etc/hostname"})
	job := whole()
	job.Workdir = "app"
	a := b.Shell(job, `
		echo made > made.txt
		rm -f gone; printf 'a\377' > binary; mkdir -p dist/sub; echo 1 > dist/a.js; echo 2 > dist/sub/b.js; ln -s a.js dist/l.js
		chmod 755 dist/a.js; chmod 777 dist/sub; mkdir dist/shut; echo 3 > dist/shut/c; chmod 555 dist/shut; ln -s / rootlink; mkfifo pipe; ln -s made.txt alias; exit 0
	`)
	text := func(p string) string {
		s, err := a.Text(p)
		if err != nil {
			return "error: " + err.Error()
		}
		return s
	}
	for p, want := range map[string]string{
		"base.txt":         "from the repository",
		"made.txt":         "made\n",
		"alias":            "made\n",
		"../top":           "top",
		"gone":             `error: "gone": the workspace has no such file`,
		"binary":           `error: "binary" is not UTF-8 text: pass it on as a file`,
		"dist":             `error: "dist" is a folder, expected a file`,
		"pipe":             `error: "pipe" is no regular file`,
		"../out":           `error: "../out": a link leads out of the workspace`,
		"rootlink/etc":     `error: "rootlink/etc": a link leads out of the workspace`,
		"../../x":          `error: path "../../x" leaves the workspace`,
		"/top":             "top",
		"//top":            "top",
		"/etc/hostname":    `error: "/etc/hostname": the workspace has no such file`,
		"/../x":            `error: path "../x" leaves the workspace`,
		"a\x00":            `error: path "a\x00" holds a NUL byte`,
		"made.txt/nothing": `error: "made.txt/nothing": not a directory`,
	} {
		if got := text(p); got != want {
			t.Errorf("text(%q) = %q, want %q", p, got, want)
		}
	}
	f, err := a.File(t.Context(), "dist/a.js", intake(b))
	if must(t, err); f.Name != "a.js" || f.Size != 2 || f.Mode != 0o755 {
		t.Errorf("file: %+v", f)
	}
	if f, err = a.File(t.Context(), "alias", intake(b)); err != nil || f.Name != "alias" || f.Size != 5 {
		t.Errorf("file by a link: %+v, %v", f, err)
	}
	in := intake(b)
	d, err := a.Dir(t.Context(), "dist", in)
	if must(t, err); d.Name != "dist" || d.Files != 3 || d.Size != 6 {
		t.Errorf("dir: %+v", d)
	}
	to := filepath.Join(t.TempDir(), "d")
	must(t, in.Commit(d.Digest))
	must(t, b.Store.GetDir(t.Context(), d, to))
	if got := read(t, filepath.Join(to, "l.js")); got != "1\n" {
		t.Errorf("dir gave %q", got)
	}
	for name, want := range map[string]fs.FileMode{"sub": 0o777, "shut": 0o555} {
		info, err := os.Lstat(filepath.Join(to, name))
		if must(t, err); info.Mode().Perm() != want {
			t.Errorf("folder %s of dir: mode %o, want %o", name, info.Mode().Perm(), want)
		}
		must(t, os.Chmod(filepath.Join(to, name), 0o700)) // so that it can be removed
	}
	if _, err := a.Dir(t.Context(), "made.txt", intake(b)); err == nil {
		t.Error("a file was taken as a folder")
	}
	all, err := a.Files(t.Context(), "dist/**/*.js", intake(b))
	must(t, err)
	var names []string
	for _, f := range all {
		names = append(names, f.Name)
	}
	if d := cmp.Diff([]string{"a.js", "l.js", "b.js"}, names); d != "" {
		t.Error(d)
	}
	if none, err := a.Files(t.Context(), "*.none", intake(b)); err != nil || len(none) != 0 {
		t.Errorf("got %v, %v", none, err)
	}
	if top, err := a.Files(t.Context(), "/to*", intake(b)); err != nil || len(top) != 1 || top[0].Name != "top" {
		t.Errorf("from the root: got %v, %v", top, err)
	}
	for _, bad := range []string{"[", "../../*", "/../*", "!x"} {
		if _, err := a.Files(t.Context(), bad, intake(b)); err == nil {
			t.Errorf("glob %q was taken", bad)
		}
	}
}

func (p Place) kept(t *testing.T) {
	b := p.open(t, nil)
	job := empty()
	job.Step, job.Keep = "ship/unit[0]", []string{"report.xml", "coverage", "logs/*.txt", "none", "away"}
	run := func(text string) []string {
		a := b.Shell(job, text)
		got, err := a.Kept(t.Context(), nil)
		must(t, err)
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], b.Run.Keep)
		}
		return got
	}
	run("touch report.xml; mkdir logs; touch logs/old.txt")
	got := run("echo 2 > report.xml; mkdir -p coverage/a logs; touch coverage/a/b logs/l.txt logs/l.bin; ln -s /etc/hostname away; ln -s /etc coverage/out")
	want := []string{"/ship.unit[0]/coverage/a/b", "/ship.unit[0]/logs/l.txt", "/ship.unit[0]/report.xml"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	folder := filepath.Join(b.Run.Keep, "ship.unit[0]")
	if got := read(t, filepath.Join(folder, "report.xml")); got != "2\n" {
		t.Errorf("kept %q", got)
	}
	var all []string
	must(t, filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			all = append(all, strings.TrimPrefix(p, b.Run.Keep))
		}
		return err
	}))
	if d := cmp.Diff(want, all); d != "" {
		t.Errorf("the folder holds something else: %s", d)
	}
}

func (p Place) outputsOfAStep(t *testing.T) {
	b := p.open(t, nil)
	a := b.Shell(empty(), `echo "url=http://x" >> "$PIPE_OUTPUT"; printf 'notes<<END\na\nb\nEND\n' >> "$PIPE_OUTPUT"`)
	got, err := a.Outputs()
	must(t, err)
	if d := cmp.Diff(map[string]string{"url": "http://x", "notes": "a\nb"}, got); d != "" {
		t.Error(d)
	}
	if got, err := b.Shell(empty(), "true").Outputs(); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	big := b.Shell(empty(), `head -c 2000000 /dev/zero > "$PIPE_OUTPUT"`)
	if _, err := big.Outputs(); err == nil || err.Error() != "$PIPE_OUTPUT is larger than 1048576 bytes" {
		t.Errorf("got %v", err)
	}
	link := b.Shell(empty(), `ln -s /etc/hostname "$PIPE_OUTPUT"`)
	if _, err := link.Outputs(); err == nil {
		t.Error("a link was followed")
	}
}
