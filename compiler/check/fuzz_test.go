package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/annotated"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

// checkText checks an unsaved text; whatever it is, there is no panic, and what is found lies within it.
func checkText(t *testing.T, dir, text string) {
	entry := filepath.Join(dir, "ci.pipe")
	var diags diag.List
	p, err := load.Load(entry, load.Options{Std: std, Overlay: map[string]string{entry: text}}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	check.Check(p, &diags)
	for _, d := range p.Report(diags.Sorted()) {
		if d.Message == "" || d.File == nil {
			t.Fatalf("a finding without a message or a file: %+v", d)
		}
		if n := int32(len(d.File.Text)); d.Span.Start < 0 || d.Span.Start > d.Span.End || d.Span.End > n {
			t.Fatalf("%s: the span %v is outside the file of %d bytes\n%s", d.Message, d.Span, n, text)
		}
		for _, r := range d.Related {
			if r.File == nil || r.Span.Start < 0 || r.Span.Start > r.Span.End || int(r.Span.End) > len(r.File.Text) {
				t.Fatalf("%s: the related place %v is outside its file", d.Message, r)
			}
		}
		for _, fix := range d.Fixes {
			for _, e := range fix.Edits {
				if e.Span.Start > e.Span.End || int(e.Span.End) > len(e.File.Text) {
					t.Fatalf("%s: the edit %v is outside the file", d.Message, e.Span)
				}
			}
		}
	}
}

// A file that is cut anywhere is still checked as far as it goes.
func TestCutFiles(t *testing.T) {
	dir := t.TempDir()
	for _, path := range annotated.Files(t, testdata) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for cut := 0; cut < len(text); cut += max(17, len(text)/80) {
			checkText(t, dir, string(text[:cut]))
			checkText(t, dir, string(text[cut:]))
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, path := range []string{"hello.pipe", "names.pipe", "skips.pipe", "cycles.pipe", "ops.pipe", "secret_sinks.pipe", "untrusted_sinks.pipe", "whole/ship.pipe"} {
		text, err := os.ReadFile(filepath.Join(testdata, path))
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\n\n") {
			f.Add(part)
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) { checkText(t, dir, text) })
}
