package lower_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
)

// large is a pipeline of n steps with about four expressions each, in the mix of a real one:
// constants, settings, and what other steps give.
func large(n int) source {
	var b strings.Builder
	b.WriteString(`settings {
  env: "dev" | "prod" = "dev"
  level: int = 3
}

let files = ["a/**", "b/**"]

op work(name: string, level: int = 1, label: string = "x") -> { out: string, n: int } {
  inputs files
  timeout 10m
  run ` + "`work \"$name\"`" + `
  return { out: stdout, n: exit_code }
}

pipeline main(version: string = "1") {
  s0 = work(name: "first")
`)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  s%d = work(name: \"step ${version} %d\", level: settings.level + %d, label: s%d.out) {\n", i, i, i, i-1)
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "    require s%d.n == 0 else \"%d failed\"\n", i-1, i-1)
		case 1:
			b.WriteString("    retry 2 every 5s\n")
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return one(b.String())
}

func BenchmarkBind1000Steps(b *testing.B) {
	s := large(1000)
	d := s.draft(b)
	v := s.values(b, d)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.Bind(v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode1000Steps(b *testing.B) {
	s := large(1000)
	p, _ := s.bind(b)
	b.ReportAllocs()
	for b.Loop() {
		text, err := plan.Encode(p)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := plan.Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}
