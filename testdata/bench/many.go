package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

const manyFiles = 300

// many checks a repository of many pipelines that share one module, on one processor and on two.
func many(pipe, dir string) {
	fmt.Printf("\n== %d files that use one module\n", manyFiles)
	if runtime.NumCPU() < 2 {
		fmt.Println("LEFT OUT: there is one processor, and nothing can be done at the same time")
		return
	}
	root := filepath.Join(dir, "many")
	must(os.MkdirAll(filepath.Join(root, "services"), 0o755))
	write(root, "pipe.toml", "pipe = \"0.1\"\n")
	write(root, "go.mod", "module x\n")
	common := write(root, "common.pipe", commonModule(40))
	var one string
	for i := range manyFiles {
		one = write(root, fmt.Sprintf("services/s%d.pipe", i), service(10))
	}
	on := func(n string) timed {
		return command("pipe check, GOMAXPROCS="+n, root, []string{"GOMAXPROCS=" + n}, pipe, "check", "--strict")
	}
	rows := inTurn(rounds, on("1"), on("2"), atOnce(on("1"), on("1")))
	fmt.Printf("%d lines each, %d in the module\n", lines(one), lines(common))
	for _, r := range rows[:2] {
		fmt.Printf("%-42s %8.1f ms  peak %6.1f MB\n", r.name, ms(r.median()), r.rss())
	}
	alone, shared := rows[0].medianCPU(), rows[1].medianCPU()
	fmt.Printf("%-42s %8.2f ×  (%.0f and %.0f ms of processors' time)\n", "two against one, were both wholly free", 2*float64(alone)/float64(shared), ms(alone), ms(shared))
	apart := pairs(rows[0], rows[2])
	fmt.Printf("%-42s %8.2f ×  (%.2f to %.2f)\n", "two processes that share nothing against one", 2*apart[len(apart)/2], 2*apart[0], 2*apart[len(apart)-1])
	ratios := pairs(rows[0], rows[1])
	fmt.Printf("%-42s %8.2f ×  (%.2f to %.2f, target at least 1.70)\n", "two processors against one, median of pairs", ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
}

// pairs are the ratios of walls that were measured one after the other, sorted.
func pairs(a, b timed) []float64 {
	var out []float64
	for i := range a.walls {
		out = append(out, float64(a.walls[i])/float64(b.walls[i]))
	}
	slices.Sort(out)
	return out
}

// atOnce runs two at the same time, which says what the machine gives at best.
func atOnce(a, b timed) timed {
	return timed{name: "two at once", run: func() (time.Duration, float64) {
		start := time.Now()
		var both sync.WaitGroup
		for _, t := range []timed{a, b} {
			both.Go(func() { t.run() })
		}
		both.Wait()
		return time.Since(start), 0
	}}
}

func commonModule(ops int) string {
	var b strings.Builder
	b.WriteString("type Built {\n  ref: string\n}\n")
	for i := range ops {
		fmt.Fprintf(&b, `
/// Builds %[1]d.
op build_%[1]d(name: string, tag: string) -> Built {
  inputs ["/go.mod"]
  timeout 10m
  run `+"```"+`sh
    ref="$name:$tag"
    ./build.sh "$ref" || exit 1
    echo "ref=$ref" >> "$PIPE_OUTPUT"
  `+"```"+`
  return { ref: outputs.ref }
}
`, i)
	}
	return b.String()
}

func service(n int) string {
	var b strings.Builder
	b.WriteString(`use "std/test"
use "/common.pipe"

settings {
  environment: "dev" | "prod" = "dev"
}

pipeline main(version: string) {
`)
	for i := range n {
		fmt.Fprintf(&b, `  test_%[1]d = test.go(packages: "./s%[1]d/...")

  built_%[1]d = common.build_%[1]d(name: "s%[1]d", tag: "${version}-%[1]d") {
    require test_%[1]d.failed == 0 else "tests failed: ${test_%[1]d.failed}"
    retry 2 every 5s
  }

  live_%[1]d = op {
    needs built_%[1]d
    inputs []
    when settings.environment == "prod"
    run `+"```"+`sh
      echo "deploying"
      kubectl apply -f d.yaml
    `+"```"+`
  }

`, i)
	}
	return b.String() + "}\n"
}
