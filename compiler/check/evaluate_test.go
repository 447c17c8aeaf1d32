package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
)

// What takes too long to evaluate hides nothing of what does not, however much there is of it and wherever it stands.
func TestLongEvaluations(t *testing.T) {
	const long, short = "  slow%d = op {\n    run `true`\n    env { A = string(l.filter(a, l.exists(b, a + b < 0)).size() / 2) }\n  }\n", "  %s = op {\n    run `true`\n    env { A = string([1, 2][5]) }\n  }\n"
	var b strings.Builder
	b.WriteString("let l = [" + strings.Repeat("1, ", 200) + "1]\n\npipeline main() {\n")
	fmt.Fprintf(&b, short, "first")
	for i := range 40 {
		fmt.Fprintf(&b, long, i)
	}
	fmt.Fprintf(&b, short, "last")
	b.WriteString("}\n")
	if n := count(t, b.String(), "index 5 is out of range"); n != 2 {
		t.Errorf("%d of 2 are told", n)
	}
}

// Loops are looked at one by one: what is said of one does not depend on how many there are.
func TestManyLoops(t *testing.T) {
	const loops = 100
	var b strings.Builder
	b.WriteString("pipeline main() {\n")
	for i := range loops {
		fmt.Fprintf(&b, "  s%d = op {\n    for q in [%s2]\n    run `echo \"$q\"`\n    env { A = string([1, 2][q]) }\n  }\n", i, strings.Repeat("0, 1, ", 30))
	}
	b.WriteString("}\n")
	if n := count(t, b.String(), "where q is 2"); n != loops {
		t.Errorf("%d of %d are told", n, loops)
	}
}

// count is how many findings of a file have a text.
func count(t *testing.T, text, said string) (n int) {
	t.Helper()
	entry := filepath.Join(t.TempDir(), "main.pipe")
	if err := os.WriteFile(entry, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	_, found := run(t, entry)
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return !strings.Contains(d.Message, said) })
	return len(found)
}
