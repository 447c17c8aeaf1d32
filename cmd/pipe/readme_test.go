package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	outputBlock = regexp.MustCompile("(?s)(<!-- output of: pipe ([^\n]*) -->\n```\n)(.*?)(```\n)")
	fileBlock   = regexp.MustCompile("(?s)(<!-- file: ([^\n]*) -->\n```pipe\n)(.*?)(```\n)")
	changing    = regexp.MustCompile(`\d{8}-\d{6}-[a-z0-9]{6}|(?m:^\d\d:\d\d:\d\d)|\d+(\.\d+)?(µs|ms|s)\b`)
	spaces      = regexp.MustCompile(` +`)
)

// TestReadme runs what the README shows and compares; UPDATE=1 writes it anew. Times, run
// IDs and the order of steps that run side by side differ from run to run and do not count.
func TestReadme(t *testing.T) {
	const path = "../../README.md"
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	text := outputBlock.ReplaceAllFunc(old, func(block []byte) []byte {
		m := outputBlock.FindSubmatch(block)
		shown++
		out := runPipe(t, strings.Fields(string(m[2])))
		if same(string(m[3]), out) {
			return block
		}
		return slices.Concat(m[1], []byte(out), m[4])
	})
	text = fileBlock.ReplaceAllFunc(text, func(block []byte) []byte {
		m := fileBlock.FindSubmatch(block)
		shown++
		file, err := os.ReadFile("../../" + string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		return slices.Concat(m[1], file, m[4])
	})
	if shown < 3 {
		t.Fatalf("the README shows %d outputs and files, want 3 or more", shown)
	}
	if bytes.Equal(old, text) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("README.md does not show what pipe prints; UPDATE=1 go test ./cmd/pipe -run TestReadme rewrites it. It would be:\n%s", text)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// same compares outputs whatever the times, the run's ID and the order of lines.
func same(a, b string) bool { return canonical(a) == canonical(b) }

func canonical(s string) string {
	lines := strings.Split(changing.ReplaceAllString(s, "N"), "\n")
	for i, l := range lines {
		lines[i] = spaces.ReplaceAllString(l, " ")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// runPipe runs this test binary as pipe, at the repository's root.
func runPipe(t *testing.T, args []string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, args...)
	c.Dir = "../.."
	c.Env = append(os.Environ(), "PIPE_TEST_MAIN=1", "PIPE_STORE="+t.TempDir(), "NO_COLOR=1")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	_ = c.Run() // a failing run is part of what the README shows
	return out.String()
}
