package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/annotated"
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

func TestFiles(t *testing.T) {
	for _, path := range annotated.Files(t, testdata) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			p := annotated.Write(t, path)
			_, found := run(t, p.Entry)
			p.Compare(t, found)
		})
	}
}

// Every rule that load, check and lint can raise has a line in a test file.
func TestEveryRuleIsRaised(t *testing.T) {
	raised := map[string]bool{}
	for _, path := range append(annotated.Files(t, testdata), annotated.Files(t, "../../testdata/lint")...) {
		for _, w := range annotated.Write(t, path).Wants {
			raised[w.Rule] = true
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
		t.Error(annotated.Describe(d))
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
		if want := []string{diag.UnknownArgument, diag.TypeMismatch}; !slices.Equal(rules, want) {
			t.Fatalf("got %v, want %v", rules, want)
		}
	}
}
