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
	"github.com/pipelang/pipe/compiler/session"
	"github.com/pipelang/pipe/lang/diag"
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

// services are those of a file of about 1,000 lines.
const services = 31

// repository writes a file of about 1,000 lines into a repository of its own.
func repository(b *testing.B) (entry, text string) {
	b.Helper()
	dir := b.TempDir()
	text = everyday(services)
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

// BenchmarkLint is the share of lints in what is done for a file of 1,000 lines.
func BenchmarkLint(b *testing.B) {
	entry, text := repository(b)
	var s session.Session
	first, err := s.Check(entry, session.Options{Std: stdlib.FS, Lint: lint.Options{Matches: matches(filepath.Dir(entry))}})
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range first.Found {
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

// edits is how many edits are checked again.
const edits = 500

// BenchmarkRecheck is the time from one edit in a file of 1,000 lines to all that a session says about it. The first
// half of the runs edit as people do who know what they want: scripts, expressions, types in signatures, defaults of settings, all over
// the file, one upon the other. The other half damages one token of the same text each time, and most of the texts are invalid
// as they are under somebody's hands. Memory is collected as in pipe's own process: whenever it is time, or, where a process has
// nothing to do between two keystrokes, then.
func BenchmarkRecheck(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for _, r := range []struct {
		name  string
		edits func(text string) func(i int) string
	}{{"edited", meant}, {"damaged", damaging}} {
		b.Run(r.name+"/without-pause", func(b *testing.B) { recheckAll(b, r.edits, func() {}) })
		b.Run(r.name+"/with-pauses", func(b *testing.B) { recheckAll(b, r.edits, runtime.GC) })
	}
}

func recheckAll(b *testing.B, edited func(text string) func(i int) string, pause func()) {
	entry, text := repository(b)
	o := session.Options{Std: stdlib.FS, Lint: lint.Options{Matches: matches(filepath.Dir(entry)), Beside: true}}
	for b.Loop() {
		var s session.Session
		next := edited(text)
		times, spent := make([]time.Duration, edits), make([]time.Duration, edits)
		broken := 0
		for i := range times {
			o.Overlay = map[string]string{entry: next(i)}
			pause()
			start, before := time.Now(), processors(b)
			checked, err := s.Check(entry, o)
			times[i], spent[i] = time.Since(start), processors(b)-before
			if err != nil {
				b.Fatal(err)
			}
			if slices.ContainsFunc(checked.Found, func(d diag.Diagnostic) bool { return d.Severity == diag.Error }) {
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

// meant are edits that leave a pipeline, each of the text that the last one left.
func meant(text string) func(i int) string {
	changes := []struct{ from, to string }{
		{"scan --image", "scan --quiet --image"}, {`grep -c HIGH`, `grep -i -c HIGH`}, // scripts
		{"build_%d.size > 100", "build_%d.size > 1000"}, {"tests of service %d:", "the tests of service %d:"}, // expressions
		{"name: string", "name: string?"}, {"size: int", "size: int?"}, // types
		{"= 8000", "= 8001"}, {`"localhost:5000"`, `"localhost:5001"`}, // settings
	}
	return func(i int) string {
		c := changes[i/2%len(changes)]
		if strings.Contains(c.from, "%d") {
			service := i * 7 % services
			c.from, c.to = fmt.Sprintf(c.from, service), fmt.Sprintf(c.to, service)
		}
		if i%2 > 0 { // and back
			c.from, c.to = c.to, c.from
		}
		places := strings.Count(text, c.from)
		if places == 0 {
			return text + "\n"
		}
		at := 0
		for range i * 5 % places {
			at += strings.Index(text[at:], c.from) + len(c.from)
		}
		text = text[:at] + strings.Replace(text[at:], c.from, c.to, 1)
		return text
	}
}

// damaging are edits of one token in turn, which is deleted, doubled, renamed or typed in part; every fourth text means
// the same as before.
func damaging(text string) func(i int) string {
	toks, random := token.Lex(text), rand.New(rand.NewPCG(1, 2))
	return func(i int) string { return edit(text, toks, random, i%4) }
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
