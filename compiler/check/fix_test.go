package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pipelang/pipe/compiler/internal/annotated"

	"github.com/pipelang/pipe/lang/diag"
)

// Applying the fixes of reserved names leaves a file without any finding.
func TestReservedNamesAreMended(t *testing.T) {
	text := `settings { user: string }
op take(x: string = "", camelCase: string = "") -> { x: string } {
  run ` + "`echo $x $camelCase $camel_case`" + `
  return { x: x }
}
op import() { run ` + "`echo ${settings.user}`" + ` }
pipeline main() {
  package = take(x: settings.user)
  next = take(x: "${package.x}") { when package.x != "" }
  import()
}
`
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	write := func(text string) {
		if err := os.WriteFile(entry, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	_, found := run(t, entry)
	var edits []diag.Edit
	for _, d := range found {
		if d.Rule != diag.ReservedName || len(d.Fixes) == 0 {
			t.Errorf("unexpected %s", annotated.Describe(d))
			continue
		}
		edits = append(edits, d.Fixes[0].Edits...)
	}
	if len(edits) == 0 {
		t.Fatal("nothing to mend")
	}
	slices.SortFunc(edits, func(a, b diag.Edit) int { return int(b.Span.Start - a.Span.Start) })
	for _, e := range edits {
		text = text[:e.Span.Start] + e.Text + text[e.Span.End:]
	}
	write(text)
	_, found = run(t, entry)
	for _, d := range found {
		t.Errorf("after mending: %s\n%s", annotated.Describe(d), text)
	}
}
