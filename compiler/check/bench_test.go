package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/annotated"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

// large is a file of n steps: chains with arguments, guards, loops and inline ops, about five
// lines and three and a half expressions each.
func large(n int) string {
	var b strings.Builder
	b.WriteString(`settings { environment: "development" | "production" = "development"; registry: string = "r" }
type Report { passed: int; failed: int; ref: string }
let globs = ["src/**", "go.mod"]
op work(name: string, n: int = 0, ok: bool = true) -> Report {
  inputs globs
  timeout 10m
  run ` + "`echo $name $n $ok`" + `
  return { passed: n + 1, failed: exit_code, ref: stdout.trim() }
}

pipeline main(version: string) {
`)
	for i := range n {
		from := max(i-1-i%7, 0)
		switch {
		case i == 0:
			b.WriteString("  s0 = work(name: version)\n")
		case i%10 == 3:
			fmt.Fprintf(&b, "  s%d = work(name: \"${x}-%d\", n: s%d.passed) {\n    for x in [\"a\", \"b\"] where x != version\n    needs s%d\n    require s%d.failed == 0 else \"${s%d.ref} failed\"\n  }\n", i, i, i/10*10, i/10*10, i/10*10, i/10*10)
		case i%10 == 7:
			fmt.Fprintf(&b, "  s%d = op {\n    needs s%d\n    env { V = version; R = \"${settings.registry}/x:${version}\" }\n    run `echo $V`\n    return { passed: exit_code, failed: 0, ref: stdout }\n  }\n", i, i/10*10)
		default:
			if from%10 == 3 {
				from-- // a list, whose elements have the fields
			}
			fmt.Fprintf(&b, "  s%d = work(name: \"${settings.registry}/${version}:%d\", n: s%d.passed + s0.failed * 2, ok: s%d.failed == 0) {\n    when settings.environment != \"production\" || s%d.passed > 0\n    needs s%d\n    timeout 5m\n  }\n", i, i, from, from, from, from)
		}
	}
	return b.String() + "}\n"
}

func BenchmarkThousandSteps(b *testing.B) {
	entry := filepath.Join(b.TempDir(), "ci.pipe")
	text := large(1000)
	if err := os.WriteFile(entry, []byte(text), 0o666); err != nil {
		b.Fatal(err)
	}
	_, found := run(b, entry)
	for _, d := range found {
		b.Fatal(annotated.Describe(d))
	}
	b.ReportMetric(float64(strings.Count(text, "\n")), "lines")
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := load.Load(entry, load.Options{}, new(diag.List)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check", func(b *testing.B) {
		p, err := load.Load(entry, load.Options{}, new(diag.List))
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			check.Check(p, new(diag.List))
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			run(b, entry)
		}
	})
}
