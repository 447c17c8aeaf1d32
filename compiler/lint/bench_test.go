package lint_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/stdlib"
)

// everyday is a file of n services of 25 lines each, as people write them: scripts of several
// lines, guards over settings and results, interpolation, inline ops, locks and approvals.
func everyday(n int) string {
	var b strings.Builder
	b.WriteString(`/// Generated.
use "std/test"

settings {
  environment: "development" | "staging" | "production" = "development"
  registry: string = "localhost:5000"
  port: int = 8000 where self >= 1 && self <= 65535 else "must be a TCP port"
}

let sources = ["src/**", "go.mod"]

type Built {
  ref: string
  size: int
}

op build(name: string, tag: string) -> Built {
  inputs sources
  timeout 10m
  env { REGISTRY = settings.registry }
  run ` + "```" + `sh
    ref="$REGISTRY/$name:$tag"
    for part in api web; do
      echo "building $part of $name"
      ./build.sh "$part" --output "out/$part" || exit 1
    done
    if [ -f out/size ]; then
      size=$(cat out/size)
    else
      size=0
    fi
    echo "ref=$ref" >> "$PIPE_OUTPUT"
    echo "size=$size" >> "$PIPE_OUTPUT"
  ` + "```" + `
  return { ref: outputs.ref, size: int(outputs.size) }
}

pipeline main(version: string) {
`)
	for i := range n {
		fmt.Fprintf(&b, `  test_%[1]d = test.go(packages: "./service%[1]d/...")

  build_%[1]d = build(name: "service-%[1]d", tag: "${version}-%[1]d") {
    require test_%[1]d.failed == 0 && test_%[1]d.passed > 0 else "tests of service %[1]d: ${test_%[1]d.failed} failed"
    retry 2 every 5s
    timeout 10m
  }

  scan_%[1]d = op {
    needs build_%[1]d
    inputs sources
    env { REF = build_%[1]d.ref; LIMIT = string(build_%[1]d.size + %[1]d) }
    when settings.environment != "development" || build_%[1]d.size > 100
    run `+"```"+`sh
      scan --image "$REF" > report.txt
      grep -c HIGH report.txt || echo "none above $LIMIT"
    `+"```"+`
    keep ["report.txt"]
  }

  deploy_%[1]d = op {
    needs scan_%[1]d
    inputs []
    when settings.environment == "production" && settings.port > 1024
    lock "deploy-%[1]d"
    env { REF = "${settings.registry}/service-%[1]d:${version}" }
    run `+"`kubectl set image deployment/service-%[1]d main=\"$REF\"`"+`
  }

`, i)
	}
	return b.String() + "}\n"
}

// repository writes a file of about 1,000 lines into a repository of its own.
func repository(b *testing.B) (entry, text string) {
	b.Helper()
	dir := b.TempDir()
	text = everyday(31)
	for name, content := range map[string]string{"pipe.toml": "pipe = \"0.1\"\n", "go.mod": "module x\n", "src/a.go": "package a\n", "ci.pipe": text} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return filepath.Join(dir, "ci.pipe"), text
}

// recheck is what an editor asks for after a change. It keeps what it has read of other files and of scripts.
func recheck(tb testing.TB, entry, text string, files *load.Cache, scripts *script.Cache) []diag.Diagnostic {
	var diags diag.List
	p, err := load.Load(entry, load.Options{Std: stdlib.FS, Overlay: map[string]string{entry: text}, Cache: files}, &diags)
	if err != nil {
		tb.Fatal(err)
	}
	lint.Lint(check.Check(p, &diags), lint.Options{Matches: matches(filepath.Dir(entry)), Scripts: scripts, Beside: true}, &diags)
	return p.Report(diags.Sorted())
}

// BenchmarkLint is the share of lints in what is done for a file of 1,000 lines.
func BenchmarkLint(b *testing.B) {
	entry, text := repository(b)
	for _, d := range recheck(b, entry, text, nil, nil) {
		at := d.File.Position(d.Span.Start)
		b.Fatalf("%d: %s: %s", at.Line, d.Rule, d.Message)
	}
	loaded := func() *load.Program {
		p, err := load.Load(entry, load.Options{Std: stdlib.FS}, new(diag.List))
		if err != nil {
			b.Fatal(err)
		}
		return p
	}
	b.Run("load", func(b *testing.B) {
		b.ReportMetric(float64(strings.Count(text, "\n")), "lines")
		for b.Loop() {
			loaded()
		}
	})
	b.Run("check", func(b *testing.B) {
		p := loaded()
		for b.Loop() {
			check.Check(p, new(diag.List))
		}
	})
	b.Run("lint", func(b *testing.B) {
		p := check.Check(loaded(), new(diag.List))
		o := lint.Options{Matches: matches(filepath.Dir(entry))}
		for b.Loop() {
			lint.Lint(p, o, new(diag.List))
		}
	})
}

// edits is how many random edits are checked again.
const edits = 500

// BenchmarkRecheck is the time from one edit in a file of 1,000 lines to all that is said about
// it: one token in turn is deleted, doubled, renamed or typed in part, and most of the texts are invalid for
// a while as they are under somebody's hands; every fourth one means the same as before. Memory is collected as in
// pipe's own process: whenever it is time, or, where a process has nothing to do between two keystrokes, then.
func BenchmarkRecheck(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	b.Run("without-pause", func(b *testing.B) { recheckAll(b, func() {}) })
	b.Run("with-pauses", func(b *testing.B) { recheckAll(b, runtime.GC) })
}

func recheckAll(b *testing.B, pause func()) {
	entry, text := repository(b)
	toks := token.Lex(text)
	var files load.Cache
	var scripts script.Cache
	for b.Loop() {
		random := rand.New(rand.NewPCG(1, 2))
		times, spent := make([]time.Duration, edits), make([]time.Duration, edits)
		broken := 0
		for i := range times {
			edited := edit(text, toks, random, i%4)
			pause()
			start, before := time.Now(), processors(b)
			found := recheck(b, entry, edited, &files, &scripts)
			times[i], spent[i] = time.Since(start), processors(b)-before
			if slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Severity == diag.Error }) {
				broken++
			}
		}
		slices.Sort(times)
		slices.Sort(spent)
		b.ReportMetric(float64(broken)/edits, "invalid")
		for _, q := range []int{50, 99} {
			b.ReportMetric(float64(times[edits*q/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", q))
			b.ReportMetric(float64(spent[edits*q/100].Microseconds())/1000, fmt.Sprintf("p%d-cpu-ms", q))
		}
		b.ReportMetric(float64(times[edits-1].Microseconds())/1000, "max-ms")
	}
}

// processors is what they have spent on this process so far: where others use them too, it tells more than a clock.
func processors(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// edit changes one token that is no white space.
func edit(text string, toks []token.Token, random *rand.Rand, how int) string {
	t := toks[random.IntN(len(toks))]
	for strings.TrimSpace(text[t.Start:t.End]) == "" {
		t = toks[random.IntN(len(toks))]
	}
	word := text[t.Start:t.End]
	switch how {
	case 0:
		word = "// a remark\n" + word
	case 1:
		word = ""
	case 2:
		word += " " + word
	default:
		word = word[:(len(word)+1)/2] + "x"
	}
	return text[:t.Start] + word + text[t.End:]
}
