package parser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// TestGolden reads the input of each archive and compares its tree and diagnostics with
// those that stand beside it. UPDATE=1 rewrites them.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../../testdata/parse/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { golden(t, name) })
	}
}

func golden(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	input := section(archive, "input.pipe")
	f := source.NewFile("input.pipe", input)
	var diags diag.List
	tree := dump(parser.Parse(f, &diags))
	said := messages(f, &diags)
	checkSpans(t, input)
	if os.Getenv("UPDATE") != "" {
		archive.Files = []txtar.File{{Name: "input.pipe", Data: []byte(input)}, {Name: "tree", Data: []byte(tree)}, {Name: "diagnostics", Data: []byte(said)}}
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(section(archive, "tree"), tree); d != "" {
		t.Errorf("tree (-want +got):\n%s", d)
	}
	if d := cmp.Diff(section(archive, "diagnostics"), said); d != "" {
		t.Errorf("diagnostics (-want +got):\n%s", d)
	}
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// messages prints diagnostics as line:column-line:column rule: message.
func messages(f *source.File, diags *diag.List) string {
	var out strings.Builder
	for _, d := range diags.Sorted() {
		a, b := f.Position(d.Span.Start), f.Position(d.Span.End)
		fmt.Fprintf(&out, "%d:%d-%d:%d %s: %s", a.Line, a.Column, b.Line, b.Column, d.Rule, d.Message)
		if d.Help != "" {
			fmt.Fprintf(&out, " (%s)", d.Help)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
