package plan_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
)

var renderers = map[string]func(io.Writer, *plan.Plan) error{
	"tree": plan.Tree, "dot": plan.Dot, "mermaid": plan.Mermaid,
}

func render(t *testing.T, format string, p *plan.Plan) string {
	t.Helper()
	var b bytes.Buffer
	if err := renderers[format](&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// golden compares with a file under testdata, which UPDATE=1 rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

func TestRenderers(t *testing.T) {
	for format := range renderers {
		golden(t, "sample."+format, render(t, format, sample(t)))
	}
}

const hostile = "\"];\n\x1b[31mend\u202e`<b>&|#quot;\\\"} --> x"

func hostilePlan(t *testing.T) *plan.Plan {
	p := sample(t)
	p.Pipeline, p.Doc = hostile, hostile
	p.Graph.Steps[1].Name = hostile
	p.Graph.Steps[3].Graph.Name = hostile
	p.Graph.Steps[2].When[0].CEL = hostile
	p.Ops["ship.pipe.pytest"].Runs[0].Script = hostile
	p.Ops["ship.pipe.pytest"].Runs[0].Title = hostile
	p.Ops["ship.pipe.pytest"].Env[0].Name = hostile
	return p
}

func TestHostileNamesStayInTheirPlace(t *testing.T) {
	lines := map[string]*regexp.Regexp{
		"dot": regexp.MustCompile(`^\s*(digraph "([^"\\]|\\.)*" \{|rankdir=LR;|compound=true;|(node|edge) \[.*\];|` +
			`[sg]\d+ \[(label="([^"\\]|\\.)*"|shape=point)[^"]*("[^"]*")?[^"]*\];|subgraph cluster_g\d+ \{|label="([^"\\]|\\.)*";|style=dashed;|` +
			`[sg]\d+ -> [sg]\d+( \[[a-z0-9_=, ]+\])?;|\})$`),
		"mermaid": regexp.MustCompile(`^\s*(---|title: "[^"]*"|flowchart LR|[sg]\d+\["[^"<>` + "`" + `]*(<br/>[^"<>` + "`" + `]*)*"\]|subgraph g\d+\["[^"]*"\]|end|` +
			`[sg]\d+ (-->|-\.->) [sg]\d+|classDef \w+ .*|class [sg0-9,]+ \w+)$`),
		"tree": regexp.MustCompile(`^\PC*$`),
	}
	for format, line := range lines {
		for _, text := range strings.Split(strings.TrimSuffix(render(t, format, hostilePlan(t)), "\n"), "\n") {
			if !line.MatchString(text) {
				t.Errorf("%s: a name broke out: %q", format, text)
			}
		}
	}
}

func TestTreeCounts(t *testing.T) {
	if got, want := render(t, "tree", sample(t)), "7 steps: 3 to run, 3 if a guard holds, 1 skipped\n"; !strings.HasSuffix(got, want) {
		t.Errorf("expected %q at the end of\n%s", want, got)
	}
}
