package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
)

// A secret that is written out and breaks its condition is shown neither by the message nor by the line under it.
func TestConditionOfSecret(t *testing.T) {
	const text = `
op publish(token: secret string where self.startsWith("npm_") else "a token of npm is needed") {
  env { TOKEN = token }
  exec ["./publish"]
}
pipeline main() {
  publish(token: "correct-horse")
}
`
	entry := filepath.Join(t.TempDir(), "main.pipe")
	if err := os.WriteFile(entry, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	_, found := run(t, entry)
	var b strings.Builder
	if err := diag.Write(&b, "text", found, diag.Options{ASCII: true}); err != nil {
		t.Fatal(err)
	}
	if said := b.String(); !strings.Contains(said, "argument token: a token of npm is needed") || strings.Contains(said, "horse") {
		t.Errorf("the secret is shown, or nothing is said:\n%s", said)
	}
}
