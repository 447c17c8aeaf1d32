package lint_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
)

// Chains of thousands of steps, each of which asks the rules for all before or behind it, take no time by the square.
func TestLongChains(t *testing.T) {
	for _, c := range []struct {
		name, head, step string // a step after the first, of its number and that of the one before
		findings         int
	}{
		{"effects", "s0 = push()", "s%[1]d = push() { needs s%[2]d }", 12_000},
		{"effects beside a test", "t = tests()\ns0 = push()", "s%[1]d = push() { needs s%[2]d }", 12_000},
		{"effects after a test", "t = tests()\ns0 = push() { after t }", "s%[1]d = push() { after s%[2]d }", 12_000},
		{"effects behind a chain that is after a test", "t = tests()\ns0 = look() { after t }", "s%[1]d = look() { needs s%[2]d }\np%[1]d = push() { needs s%[1]d }", 11_999},
		{"approvals behind an effect", "s0 = push()", `s%[1]d = look() { needs s%[2]d; approve "go on?" }`, 12_000},
		{"guards of their own", "s0 = look()", `s%[1]d = look() { needs s%[2]d; when x != "v%[1]d" }`, 0},
		{"guards on a step", "s0 = look()", "s%[1]d = look() { needs s%[2]d; when succeeded(s0) }", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString("op push() { run `docker push x` }\n\nop look() { run `git log` }\n\nop tests() { run `go test ./...` }\n\npipeline main(x: string) {\n" + c.head + "\n")
			for i := 1; i < 12_000; i++ {
				fmt.Fprintf(&b, c.step+"\n", i, i-1)
			}
			b.WriteString("}\n")
			found, took := checkText(t, b.String())
			if took > patience {
				t.Errorf("took %v", took)
			}
			n := 0
			for _, d := range found {
				if d.Rule == "early-effect" || d.Rule == "late-approval" {
					n++
				}
			}
			if n != c.findings {
				t.Errorf("%d findings, want %d", n, c.findings)
			}
		})
	}
}

// Thousands of misspelt names among thousands, each of which is told with the one that is meant.
func TestManyMisspelt(t *testing.T) {
	const names = 3_000
	lines := func(format string) string {
		var b strings.Builder
		for i := range names {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, text, help string }{
		{"steps", "op look() { run `make` }\n\npipeline main() {\n" + lines("step_%[1]d = look() { needs stpe_%[1]d }\n") + "}\n", `"step_%d"`},
		{"lets", lines("let name_%[1]d = git.commit\nlet other_%[1]d = nmae_%[1]d\n"), `"name_%d"`},
		{"variables", "op look(" + lines("param_%d: string, ") + ") {\nrun ```\n" + lines("echo \"$parma_%d\"\n") + "```\n}\n", "$param_%d"},
		{"arguments", "op look(" + lines("param_%d: string = \"\", ") + ") { run `make` }\n\npipeline main() {\nlook(" + lines("parma_%d: \"\", ") + ")\n}\n", `"param_%d"`},
		{"ops", lines("op look_%d() { run `make` }\n") + "pipeline main() {\n" + lines("s%[1]d = loko_%[1]d()\n") + "}\n", `"look_%d"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, took := checkText(t, c.text)
			if took > patience {
				t.Errorf("took %v", took)
			}
			n := 0
			for _, d := range found {
				if d.Severity != diag.Error {
					continue
				}
				if want := "did you mean " + fmt.Sprintf(c.help, n) + "?"; d.Help != want {
					t.Fatalf("%s: %q, not %q", d.Message, d.Help, want)
				}
				n++
			}
			if n != names {
				t.Errorf("%d are misspelt, not %d", n, names)
			}
		})
	}
}

// The slowest way through a long chain of steps takes no memory by the square: four times the steps take about four
// times as much.
func TestLongWay(t *testing.T) {
	takes := func(steps int) uint64 {
		var b strings.Builder
		b.WriteString("op look() { run `make` }\n\npipeline main() {\n  timeout 1h\n  s0 = look() { timeout 1m }\n")
		for i := 1; i < steps; i++ {
			fmt.Fprintf(&b, "  s%d = look() { needs s%d; timeout 1m }\n", i, i-1)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		found, _ := checkText(t, b.String()+"}\n")
		runtime.ReadMemStats(&after)
		want := fmt.Sprintf("the steps s0 → s1 → s2 → … → s%d may take", steps-1)
		if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return strings.HasPrefix(d.Message, want) }) {
			t.Errorf("nothing is found of %d steps", steps)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	few, many := takes(3_000), takes(12_000)
	if many > 6*few {
		t.Errorf("3,000 steps take %d MiB, and 12,000 %d MiB", few>>20, many>>20)
	}
}
