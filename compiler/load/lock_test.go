package load_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

var someDigest = "sha256:" + strings.Repeat("0f", 32)

// What is written is what is read, sorted, and the same bytes again.
func TestLockText(t *testing.T) {
	images := map[string]load.Pin{
		"python:3.11-slim":     {Digest: someDigest, Platforms: []string{"linux/amd64", "linux/arm64/v8"}, Created: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)},
		"localhost:5000/app:1": {Digest: someDigest},
	}
	want := "# Made by `pipe lock`: the image that each name in the pipelines stands for.\n" +
		"# Commit it; `pipe lock --update` moves the pins. After a merge, `pipe lock` puts it right.\n" +
		"version = 1\n\n[image.\"localhost:5000/app:1\"]\ndigest = \"" + someDigest + "\"\n\n" +
		"[image.\"python:3.11-slim\"]\ndigest = \"" + someDigest + "\"\nplatforms = [\"linux/amd64\", \"linux/arm64/v8\"]\ncreated = 2024-05-01T12:00:00Z\n"
	text := load.Lock{Images: images}.Text()
	if d := cmp.Diff(want, text); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
	dir := repository(t, "-- ci.pipe --\n-- pipe.lock --\n"+text)
	var diags diag.List
	p, err := load.Load(filepath.Join(dir, "ci.pipe"), load.Options{}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(load.Lock{Path: filepath.Join(dir, "pipe.lock"), Images: images}, p.Lock); d != "" || diags.Len() != 0 {
		t.Errorf("(-want +got):\n%s%v", d, findings(diags.Sorted()))
	}
}

func TestPinnedName(t *testing.T) {
	l := load.Lock{Images: map[string]load.Pin{"a:1": {Digest: someDigest}}}
	for name, want := range map[string]string{"a:1": "a:1@" + someDigest, "a:2": "a:2", "a:1@sha256:12": "a:1@sha256:12", "": ""} {
		if got := l.Pinned(name); got != want {
			t.Errorf("%q became %q, expected %q", name, got, want)
		}
	}
}

func TestBrokenLock(t *testing.T) {
	entry := "[image.\"a:1\"]\ndigest = \"" + someDigest + "\"\n"
	const anew = " | run pipe lock, which writes it anew"
	tests := []struct{ name, text, want string }{
		{"a merge that stopped", "version = 1\n\n<<<<<<< ours\n" + entry + "=======\n" + entry + ">>>>>>> theirs\n",
			"pipe.lock:3:1 syntax: pipe.lock holds the marks of a merge that is not finished | take either side, remove the marks, then run pipe lock"},
		{"the same twice", "version = 1\n" + entry + entry, "pipe.lock:4:2 syntax: pipe.lock is no TOML: Key 'image.\"a:1\"' has already been defined" + anew},
		{"no version", entry, "pipe.lock:1:1 invalid-value: pipe.lock: expected version = 1" + anew},
		{"a newer version", "version = 2\n" + entry, "pipe.lock:1:1 invalid-value: pipe.lock is of version 2, and this pipe reads 1 | install a newer pipe"},
		{"a cut digest", "version = 1\n\n[image.\"a:1\"]\ndigest = \"sha256:12\"\n", `pipe.lock:3:1 invalid-value: a:1: expected digest = "sha256:…" with 64 digits, found "sha256:12"` + anew},
		{"another key", "version = 1\n\n[image.\"a:1\"]\ndigest = \"" + someDigest + "\"\nsize = 3\n", "pipe.lock:3:1 unknown-keyword: a:1: expected digest, platforms and created, found size, which is a number" + anew},
		{"another table", "version = 1\nmodules = {}\n", `pipe.lock:2:1 unknown-keyword: pipe.lock has no key "modules"` + anew},
		{"no table", "version = 1\nimage.a = 3\n", "pipe.lock:1:1 type-mismatch: a: expected a table, found a number" + anew},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := repository(t, "-- ci.pipe --\n")
			var diags diag.List
			p, err := load.Load(filepath.Join(dir, "ci.pipe"), load.Options{Overlay: map[string]string{filepath.Join(dir, "pipe.lock"): tt.text}}, &diags)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{tt.want}, findings(diags.Sorted())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if len(p.Lock.Images) != 0 {
				t.Errorf("what is broken is believed: %v", p.Lock.Images)
			}
		})
	}
}
