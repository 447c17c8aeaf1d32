package session_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/session"
)

// TestLetsOfSteps changes the type of a step's result, and of the let that guards ask for not: what the let says
// of the step is another thing all the same.
func TestLetsOfSteps(t *testing.T) {
	const text = `op any() -> { kind: string } {
  run "true"
  return { kind: "x" }
}
op few() -> { kind: "x" | "y" } {
  run "true"
  return { kind: "x" }
}
op act() { run "true" }
pipeline main() {
  let other = a.kind != "x"
  let rest = a.kind != "y"
  a = any()
  b = act() { when other }
  c = act() {
    needs b
    when rest
  }
  d = act() { when other && rest }
}
`
	wide := strings.ReplaceAll(text, `run "true"`, "run `true`")
	few := strings.Replace(wide, "= any()", "= few()", 1)
	dir := t.TempDir()
	path := filepath.Join(dir, "main.pipe")
	if err := os.WriteFile(path, []byte(wide), 0o666); err != nil {
		t.Fatal(err)
	}
	var s session.Session
	said := map[string]bool{}
	for i, form := range []string{wide, wide, few, few, wide} {
		overlay := map[string]string{path: form}
		again, cold := sessionSays(t, &s, path, overlay), coldSays(t, path, overlay)
		if again != cold {
			t.Errorf("form %d: the session said\n%s\ninstead of\n%s", i, again, cold)
		}
		said[cold] = true
	}
	if len(said) != 2 {
		t.Errorf("%d answers to the two forms", len(said))
	}
}
