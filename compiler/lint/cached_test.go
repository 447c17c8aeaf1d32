package lint_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/script"
)

// TestCached checks the mutants of every example one after the other as an editor does, with what is known of the ones
// before, scripts read ahead and rules that look at the same time, and once more knowing nothing and rule by rule:
// both say the same, byte for byte.
func TestCached(t *testing.T) {
	var files load.Cache
	var scripts script.Cache
	step := 3 * mutantStep
	if sampled {
		step *= 5
	}
	if os.Getenv(everyMutant) != "" {
		step = 1
	}
	told := func(o *original, text string, files *load.Cache, scripts *script.Cache) string {
		var diags diag.List
		p, err := load.Load(o.entry, load.Options{Std: library, Overlay: map[string]string{o.path: text}, Cache: files}, &diags)
		if err != nil {
			t.Fatal(err)
		}
		if scripts != nil {
			lint.ReadScripts(p, scripts)
		}
		look := lint.Lint
		if scripts != nil {
			look = lint.Apart
		}
		look(check.Check(p, &diags), lint.Options{Matches: func(string) bool { return true }, Scripts: scripts}, &diags)
		var out bytes.Buffer
		if err := diag.Write(&out, "json", p.Report(diags.Sorted()), diag.Options{}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, o := range originals(t) {
		for i := range o.toks {
			if i%step != len(o.name)%step {
				continue
			}
			for _, m := range mutations {
				text, _ := m.apply(o.text, o.toks, i)
				if again, cold := told(o, text, &files, &scripts), told(o, text, nil, nil); again != cold {
					t.Fatalf("%s, %s at %d: said\n%s\ninstead of\n%s", o.name, m.name, i, again, cold)
				}
			}
		}
	}
}
