package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// cached runs 1,000 cached steps of the same inputs when nothing has changed, beside ninja's
// build of as many files when all are there, each in a folder with the same inputs and nothing of the other's.
func cached(pipe, dir string) {
	const n, files = 1000, 100
	beside := filepath.Join(dir, "cached-ninja")
	dir = filepath.Join(dir, "cached")
	must(os.MkdirAll(filepath.Join(dir, "src"), 0o755))
	must(os.MkdirAll(filepath.Join(beside, "src"), 0o755))
	write(dir, "pipe.toml", "pipe = \"0.1\"\n")
	var p, ninja, inputs strings.Builder
	for i := range files {
		name := fmt.Sprintf("src/f%d", i)
		write(dir, name, strings.Repeat(name+"\n", 1000))
		write(beside, name, strings.Repeat(name+"\n", 1000))
		inputs.WriteString(" " + name)
	}
	p.WriteString("pipeline main() {\n")
	ninja.WriteString("rule r\n  command = touch $out\n")
	for i := range n {
		fmt.Fprintf(&p, "  s%d = op { inputs [\"src/**\"]; cached; run `: %d` }\n", i, i)
		fmt.Fprintf(&ninja, "build s%d: r%s\n", i, inputs.String())
	}
	p.WriteString("}\n")
	file := write(dir, "steps.pipe", p.String())
	write(beside, "build.ninja", ninja.String())
	time.Sleep(3 * time.Second) // files at rest are not read again
	rows := []timed{
		command("pipe run", dir, nil, pipe, "run", file, "--jobs", "2"),
		command("pipe plan (compilation)", dir, nil, pipe, "plan", file, "--format", "json"),
	}
	if _, err := exec.LookPath("ninja"); err == nil {
		rows = append(rows, command("ninja, nothing to do", beside, nil, "ninja", "-j2"))
	} else {
		fmt.Println("ninja is not here and was left out")
	}
	rows = inTurn(rounds, rows...)
	fmt.Printf("\n== 1,000 cached steps of %d files, all hits\n", files)
	for _, r := range rows {
		fmt.Printf("%-42s %8.1f ms  %8.1f ms of processors' time\n", r.name, ms(r.median()), ms(r.medianCPU()))
	}
	for _, r := range rows[2:] {
		times := func(what string, wall, cpu time.Duration) {
			fmt.Printf("%-42s %8.2f ×   %8.2f ×\n", what, float64(wall)/float64(r.median()), float64(cpu)/float64(r.medianCPU()))
		}
		times("  pipe run against "+r.name, rows[0].median(), rows[0].medianCPU())
		times("  after compilation", rows[0].median()-rows[1].median(), rows[0].medianCPU()-rows[1].medianCPU())
	}
}
