package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hidden are secrets of every kind, by the name of their setting.
var hidden = map[string]string{
	"token":    "tok_live_51H8xQ2eZvKYlo2C",
	"short":    "hunter2",
	"overlap":  "hunter2-prod-key",
	"pem":      "-----BEGIN PRIVATE KEY-----\nfN1r4BEee9I7+E0sFkVoJUxci8BsjpegIJTxV3DyunAeY65LQUMkcG0vhWg/kFlN\n5+8qNEG3x8YDHt+5wF+b/nc+pkn4L3Ay6Vt6fO1BcYSPKZg/69pGnycKmPUEQcOf\nZx0=\n-----END PRIVATE KEY-----\n",
	"quotes":   `p"a'ss''wo\rd $HOME ` + "`id`" + ` !{x,y};#&<z>/*?[0]~^|`,
	"unicode":  "pässwörd–☃–😀–ñandú",
	"address":  "postgres://app:s3cr%40t/pw@db.internal:5432/app",
	"spaces":   "100% of the pass phrase % 20 + more",
	"document": "{\n\t\"user\": \"app-4711\",\n\t\"password\": \"c0rrect \\\"horse\\\"\"\n}",
	"long":     strings.Repeat("Qm9vbXRvd24gcmF0cw", 3) + hex.EncodeToString(bytes.Repeat([]byte("4KiB of a secret"), 128)),
	"lines":    "12345\nab\n67890\nxyz",
	"binary":   "\x01\xff\xfe\x80bin\x7f\x1b[0m\tend\xc3",
}

// written are the texts that programs make of a secret, from none of pipe's own code.
func written(s string) map[string]string {
	var quiet, xmlText bytes.Buffer
	e := json.NewEncoder(&quiet)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	_ = xml.EscapeText(&xmlText, []byte(s))
	loud, _ := json.Marshal(s)
	out := map[string]string{
		"raw": s, "hex": hex.EncodeToString([]byte(s)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(s))),
		"query": url.QueryEscape(s), "path": url.PathEscape(s),
		"json": strings.Trim(quiet.String(), "\"\n"), "json html": strings.Trim(string(loud), `"`),
		"xml": xmlText.String(), "html": html.EscapeString(s), "go": strings.Trim(fmt.Sprintf("%+q", s), `"`),
		"shell": strings.ReplaceAll(s, `'`, `'\''`),
	}
	for shift, before := range []string{"", "u", "us"} {
		out[fmt.Sprint("base64 ", shift)] = base64.StdEncoding.EncodeToString([]byte(before + s))
		out[fmt.Sprint("base64url ", shift)] = base64.RawURLEncoding.EncodeToString([]byte(before + s))
	}
	return out
}

// traces are the parts of those texts that may stand nowhere: all but what mixes with its
// neighbours, cut so that a part of a secret counts as well.
func traces() map[string]string {
	out := map[string]string{}
	for name, s := range hidden {
		for how, text := range written(s) {
			text, size := strings.Trim(text, "=\n"), 8
			switch {
			case strings.HasPrefix(how, "base64"):
				text, size = text[min(4, len(text)):len(text)-2], 12
			case strings.EqualFold(how, "hex"):
				size = 16
			}
			if len(text) < 6 {
				continue
			}
			for at := 0; at == 0 || at+size <= len(text); at++ {
				if part := text[at:min(at+size, len(text))]; strings.Trim(part, "- \n%0123456789A") != "" {
					out[part] = name + " as " + how
				}
			}
		}
	}
	return out
}

// leaksIn lists what a text shows of any secret.
func leaksIn(text []byte, parts map[string]string) []string {
	sizes := map[int]bool{}
	for part := range parts {
		sizes[len(part)] = true
	}
	found := map[string]bool{}
	for size := range sizes {
		for at := 0; at+size <= len(text); at++ {
			if how, ok := parts[string(text[at:at+size])]; ok {
				found[how+fmt.Sprintf(" (%q)", text[at:at+size])] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// emit is what a step runs: it writes every text of every secret that it is given, in odd
// chunks, to both streams, to files and into a report of tests.
func emit() {
	var all, cases strings.Builder
	for _, name := range slices.Sorted(maps.Keys(hidden)) {
		s := os.Getenv(name)
		texts := written(s)
		for _, how := range slices.Sorted(maps.Keys(texts)) {
			fmt.Fprintf(&all, "%s as %s: <%s>\n", name, how, texts[how])
		}
		fmt.Fprintf(&all, "%s\n", s)
		var escaped strings.Builder
		_ = xml.EscapeText(&escaped, []byte(s))
		fmt.Fprintf(&cases, `<testcase name="%s" classname="c"><failure message="%s">%s</failure></testcase>`, escaped.String(), escaped.String(), escaped.String())
	}
	text := all.String()
	for i := 0; text != ""; i++ {
		n := min(len(text), 1+i*37%1001)
		_, _ = os.Stdout.WriteString(text[:n])
		_, _ = os.Stderr.WriteString(text[:n])
		text = text[n:]
		if i%16 == 0 {
			time.Sleep(time.Millisecond) // so that chunks arrive as such
		}
	}
	_ = os.MkdirAll("out/hunter2-prod-key", 0o755)
	for name, content := range map[string]string{
		"out/all.txt": all.String(), "out/hunter2-prod-key/empty": "", "bad.json": `{"a": ` + os.Getenv("token") + `}`,
		"report.xml": `<testsuite name="s">` + cases.String() + `</testsuite>`,
	} {
		_ = os.WriteFile(name, []byte(content), 0o644)
	}
	os.Exit(3)
}

// leaky is a pipeline whose steps give their secrets away wherever they can.
func leaky(self string) string {
	var b, params, args strings.Builder
	b.WriteString("settings {\n")
	for _, name := range slices.Sorted(maps.Keys(hidden)) {
		fmt.Fprintf(&b, "  %s: secret string\n", "a_"+name)
		fmt.Fprintf(&params, "%s: secret string, ", name)
		fmt.Fprintf(&args, "%s: settings.a_%s, ", name, name)
	}
	b.WriteString("}\n")
	op := func(name, result, body string) {
		fmt.Fprintf(&b, "op %s(%s) -> %s {\n  inputs []\n  env { PIPE_TEST_EMIT = \"1\" }\n  %s\n}\n", name, strings.TrimSuffix(params.String(), ", "), result, body)
	}
	run := "run \"leaking\" `" + self + "`\n  success_codes [0, 3]\n  "
	op("fails", "{ code: int }", "run `"+self+"`\n  keep [\"out/**\", \"report.xml\"]\n  return { code: exit_code }")
	op("text", "{ t: string }", run+"return { t: stdout }")
	op("errors", "{ t: string }", run+"return { t: stderr }")
	op("tests", "{ failed: [string] }", run+`return { failed: junit("report.xml").failures.map(f, f.message) }`)
	op("artifact", "{ d: dir }", run+`return { d: dir("out") }`)
	op("data", "{ a: string }", run+`return { a: json("bad.json").a }`)
	op("kept", "{ code: int }", run+"keep [\"out/**\", \"report.xml\"]\n  return { code: exit_code }")
	op("sealed", "{ t: secret string }", run+"return { t: text(\"bad.json\") }")
	b.WriteString("pipeline main() -> { t: secret string } {\n")
	for _, name := range []string{"fails", "text", "errors", "tests", "artifact", "data", "kept"} {
		fmt.Fprintf(&b, "  %s = %s(%s) { allow_failure }\n", name, name, strings.TrimSuffix(args.String(), ", "))
	}
	fmt.Fprintf(&b, "  sealed = sealed(%s)\n", strings.TrimSuffix(args.String(), ", "))
	b.WriteString("  clean = op { inputs []; run `echo fine > fine.txt`; keep [\"fine.txt\"]; return { f: file(\"fine.txt\") } }\n")
	b.WriteString("  last = op { inputs []; needs t = sealed.t; env { T = t }; run `echo \"$T\"; exit 1` }\n  return { t: sealed.t }\n}\n")
	return b.String()
}

// A run whose steps print, return, keep and report their secrets in every form shows and
// stores none of them, nor does any other command.
func TestNoCommandShowsASecret(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, outside := t.TempDir(), t.TempDir()
	environ := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + outside, "TMPDIR=" + outside, "PIPE_TEST_MAIN=1",
		"PIPE_STORE=" + filepath.Join(outside, "store")}
	for name, s := range hidden {
		environ = append(environ, "A_"+strings.ToUpper(name)+"="+s)
	}
	if err := os.WriteFile(filepath.Join(dir, "p.pipe"), []byte(leaky(self)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	parts := traces()
	pipe := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(self, args...)
		cmd.Dir, cmd.Env = dir, environ
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		var failed *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		for stream, text := range map[string][]byte{"stdout": out.Bytes(), "stderr": errs.Bytes()} {
			if leaks := leaksIn(text, parts); len(leaks) > 0 {
				t.Errorf("pipe %s shows on %s: %s", strings.Join(args, " "), stream, strings.Join(leaks[:min(6, len(leaks))], ", "))
			}
		}
		return out.String() + errs.String()
	}
	log := pipe("run", "p.pipe")
	for _, want := range []string{"token as raw: <***>", "lines as raw: <***>", "exit code 3", "sealed", "the result holds a secret at .t",
		"the result holds a secret at .failed", "holds a secret"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log[:min(len(log), 4000)])
		}
	}
	events := pipe("run", "p.pipe", "--format", "json")
	if n := strings.Count(events, `"cause":"secret-in-result"`); n < 4 {
		t.Errorf("%d steps failed for a secret in a result", n)
	}
	for _, args := range [][]string{{"plan"}, {"plan", "--format", "tree"}, {"plan", "--format", "dot"}, {"plan", "--format", "mermaid"},
		{"graph"}, {"settings"}, {"settings", "--format", "json"}, {"settings", "--long"}, {"settings", "--template"}, {"settings", "--schema"},
		{"check"}, {"eval", "settings.a_token"}, {"eval", "settings.a_token.size()"}, {"docs"}, {"store"}, {"explain", "sealed"}, {"explain", "sealed", "--format", "json"},
		{"runs"}, {"runs", "--format", "json"}, {"show"}, {"show", "--format", "json"}, {"logs"}, {"logs", "--format", "json"},
		{"show", "--format", "junit"}, {"show", "--format", "markdown"}, {"artifacts"}, {"artifacts", "--format", "json"},
		{"run", "p.pipe", "--progress", "live", "--junit", "junit.xml"}, {"run", "--set", "a_token="}} {
		if out := pipe(args...); out == "" && args[0] != "check" {
			t.Errorf("pipe %s says nothing", strings.Join(args, " "))
		}
	}
	stored(t, outside, parts)
}

// stored looks at everything that is left on disk, names included.
func stored(t *testing.T, dir string, parts map[string]string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		text := []byte(name)
		if d.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text, files = append(append(text, '\n'), content...), files+1
		}
		if leaks := leaksIn(text, parts); len(leaks) > 0 {
			t.Errorf("%s holds %s", name, strings.Join(leaks[:min(6, len(leaks))], ", "))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Error("nothing is stored at all")
	}
}

// Nothing below the command line writes to the terminal: events are the only way, and the bus
// masks them all.
func TestNothingPrintsPastTheBus(t *testing.T) {
	for _, floor := range []string{"lang", "compiler", "runtime", "stdlib"} {
		err := filepath.WalkDir(filepath.Join("../..", floor), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, call := range []string{"os.Stdout", "os.Stderr", "fmt.Print", "log.Print", "log.Fatal", "slog.Default", "slog.Info", "slog.Error", "slog.Warn", "slog.Debug"} {
				if bytes.Contains(text, []byte(call)) {
					t.Errorf("%s uses %s", path, call)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
