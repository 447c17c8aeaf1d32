package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A field's default is known to whoever reads a value of its type, and not one that only a run can know.
func TestFieldDefaults(t *testing.T) {
	const text = `
type Inner { a: int = 1 + 2 }
type Outer {
  plain: string
  port: int = 5432
  tags: [string] = ["a", "b"]
  inner: Inner = Inner{a: 4}
  wait: duration = 1m
  late: string = text("VERSION")
}
pipeline main(x: Outer) -> string { return x.plain }
`
	entry := filepath.Join(t.TempDir(), "main.pipe")
	if err := os.WriteFile(entry, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, diags := run(t, entry)
	for _, d := range diags {
		t.Errorf("%s: %s", d.Rule, d.Message)
	}
	got := map[string]string{}
	for _, name := range []string{"Inner", "Outer"} {
		for _, f := range p.Entry.Types[name].Record.Fields {
			got[name+"."+f.Name] = f.Default
		}
	}
	want := map[string]string{
		"Inner.a": "3", "Outer.plain": "", "Outer.port": "5432", "Outer.tags": `["a","b"]`,
		"Outer.inner": `{"a":4}`, "Outer.wait": `"1m"`, "Outer.late": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
