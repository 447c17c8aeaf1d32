package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

const testdata = "../../testdata/check"

// std stands in for modules of the standard library.
var std = fstest.MapFS{
	"image/image.pipe": {Data: []byte(`
native op build(context: path, tag: string) -> { image: image, tag: string }
native op push(image: image) -> { ref: string }
`)},
	"deploy/deploy.pipe": {Data: []byte(`
native op blue_green(service: string, image: string, port: int, health: string = "/") -> { url: string }
native op cleanup(service: string, keep: int)
`)},
	"notify/notify.pipe": {Data: []byte(`
native op webhook(url: secret url, text: string)
`)},
}

// expectation is `// want rule "message"` on the line of a finding.
type expectation struct {
	file, rule string
	line       int
	message    *regexp.Regexp
	met        bool
}

var (
	wantComment = regexp.MustCompile(`(?://|#) want (.*)$`)
	wantPair    = regexp.MustCompile(`([a-z-]+) ("(?:[^"\\]|\\.)*")`)
)

func expectations(t *testing.T, file, text string) []*expectation {
	var out []*expectation
	for i, line := range strings.Split(text, "\n") {
		m := wantComment.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pairs := wantPair.FindAllStringSubmatch(m[1], -1)
		if len(pairs) == 0 {
			t.Errorf("%s:%d: no rule and message in %q", file, i+1, m[1])
		}
		for _, p := range pairs {
			text, err := strconv.Unquote(strings.ReplaceAll(strings.ReplaceAll(p[2], `\`, `\\`), `\\"`, `\"`))
			if err != nil {
				t.Fatalf("%s:%d: %s: %v", file, i+1, p[2], err)
			}
			out = append(out, &expectation{file: file, line: i + 1, rule: p[1], message: regexp.MustCompile(text)})
		}
	}
	return out
}

// project writes a test file as a repository of its own and gives its entry.
func project(t *testing.T, path string) (dir, entry string, wants []*expectation) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := []txtar.File{{Name: filepath.Base(path), Data: text}}
	if strings.HasSuffix(path, ".txtar") {
		files = txtar.Parse(text).Files
	}
	dir = t.TempDir()
	for _, f := range append(files, txtar.File{Name: ".git"}) {
		to := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		wants = append(wants, expectations(t, f.Name, string(f.Data))...)
		if entry == "" && strings.HasSuffix(f.Name, ".pipe") {
			entry = to
		}
	}
	return dir, entry, wants
}

// run checks an entry as the command line does.
func run(t testing.TB, entry string) (*check.Program, []diag.Diagnostic) {
	t.Helper()
	var diags diag.List
	p, err := load.Load(entry, load.Options{Std: std}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	out := check.Check(p, &diags)
	return out, p.Report(diags.Sorted())
}

func testFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, ending := range []string{"*.pipe", "*.txtar"} {
		found, err := filepath.Glob(filepath.Join(testdata, ending))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatal("no test files")
	}
	return files
}

func TestFiles(t *testing.T) {
	for _, path := range testFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, entry, wants := project(t, path)
			_, found := run(t, entry)
			for _, d := range found {
				if !met(wants, d) {
					t.Errorf("unexpected %s", describe(d))
				}
			}
			for _, w := range wants {
				if !w.met {
					t.Errorf("missing %s:%d: %s: %s", w.file, w.line, w.rule, w.message)
				}
			}
		})
	}
}

func met(wants []*expectation, d diag.Diagnostic) bool {
	if d.File == nil {
		return false
	}
	line := d.File.Position(d.Span.Start).Line
	for _, w := range wants {
		if !w.met && w.file == d.File.Name && w.line == line && w.rule == d.Rule && w.message.MatchString(d.Message) {
			w.met = true
			return true
		}
	}
	return false
}

func describe(d diag.Diagnostic) string {
	if d.File == nil {
		return d.Rule + ": " + d.Message
	}
	p := d.File.Position(d.Span.Start)
	return fmt.Sprintf("%s:%d:%d: %s: %s | %s", d.File.Name, p.Line, p.Column, d.Rule, d.Message, d.Help)
}

// Every rule that load, check and lint can raise has a line in a test file.
func TestEveryRuleIsRaised(t *testing.T) {
	raised := map[string]bool{}
	linted, err := filepath.Glob("../../testdata/lint/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(testFiles(t), linted...) {
		_, _, wants := project(t, path)
		for _, w := range wants {
			raised[w.rule] = true
		}
	}
	for _, rule := range diag.Rules() {
		if !raised[rule] {
			t.Errorf("no test file has %s", rule)
		}
	}
}

// The reference's whole file is right as it stands there.
func TestWholeFile(t *testing.T) {
	_, found := run(t, filepath.Join(testdata, "whole", "ship.pipe"))
	for _, d := range found {
		t.Error(describe(d))
	}
}

// A large file is checked by several goroutines; what they find is in order all the same.
func TestLargeFile(t *testing.T) {
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	text := strings.Replace(large(200), "s100 = work(name:", "s100 = work(nam:", 1)
	text = strings.Replace(text, "s150 = work(name: ", "s150 = work(name: 1 + ", 1)
	if err := os.WriteFile(entry, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, found := run(t, entry)
		var rules []string
		for _, d := range found {
			rules = append(rules, d.Rule)
		}
		if want := []string{diag.MissingArgument, diag.UnknownArgument, diag.TypeMismatch}; !slices.Equal(rules, want) {
			t.Fatalf("got %v, want %v", rules, want)
		}
	}
}
