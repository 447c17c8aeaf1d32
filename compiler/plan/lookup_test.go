package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
)

func TestResolveAndAnchor(t *testing.T) {
	for _, c := range []struct{ folder, name, resolved, anchored string }{
		{"", "src/**", "src/**", "/src/**"},
		{"", ".", ".", "/"},
		{"", "/", ".", "/"},
		{"ci", "src/**", "ci/src/**", "/ci/src/**"},
		{"ci", ".", "ci", "/ci"},
		{"ci", "/src", "src", "/src"},
		{"ci/lib", "../x", "ci/x", "/ci/x"},
		{"ci", "!*.md", "!ci/*.md", "!/ci/*.md"},
		{"ci", "!/x", "!x", "!/x"},
		{"/ci", "x", "/ci/x", "/ci/x"},
	} {
		if got := plan.Resolve(c.folder, c.name); got != c.resolved {
			t.Errorf("Resolve(%q, %q): expected %q, found %q", c.folder, c.name, c.resolved, got)
		}
		anchored := plan.Anchor(c.folder, c.name)
		if anchored != c.anchored {
			t.Errorf("Anchor(%q, %q): expected %q, found %q", c.folder, c.name, c.anchored, anchored)
		}
		if again := plan.Anchor("elsewhere", anchored); again != anchored {
			t.Errorf("%q is anchored a second time: %q", anchored, again)
		}
	}
}

func TestLookups(t *testing.T) {
	p := sample(t)
	if s, ok := p.Step("live/tag"); !ok || s.Name != "tag" {
		t.Errorf("a step inside a step: %v", s)
	}
	if _, ok := p.Step("tag"); ok {
		t.Error("a step is found by another path than its own")
	}
	if s, ok := p.Graph.Named("webhook"); !ok || s.Path != "webhook" {
		t.Errorf("a step of on failure: %v", s)
	}
	if _, ok := p.Graph.Named("tag"); ok {
		t.Error("a step of another graph is found")
	}
	want := []string{"unit", "locked", "each", "live", "live/tag", "never", "webhook", "cleanup"}
	if d := cmp.Diff(want, p.Paths()); d != "" {
		t.Error(d)
	}
	if len(p.Module("ship.pipe").Lets) != 1 || p.Module("other").ID != "other" {
		t.Error("modules are not found by ID")
	}
	if s, ok := p.Setting("port"); !ok || s.Variable != "PORT" {
		t.Errorf("a setting: %v", s)
	}
}

func TestAllStopsEarly(t *testing.T) {
	n := 0
	for s := range sample(t).Graph.All() {
		if n++; s.Path == "live/tag" {
			break
		}
	}
	if n != 5 {
		t.Errorf("expected 5 steps, found %d", n)
	}
}

// TestExprsVisitsEverything counts the expressions in the JSON.
func TestExprsVisitsEverything(t *testing.T) {
	p, places := sample(t), map[string]bool{}
	n := 0
	p.Exprs(func(where string, x *plan.Expr) {
		n++
		places[where] = true
		if x.CEL == "" && x.Value == nil {
			t.Errorf("%s is empty", where)
		}
	})
	text := string(encode(t, p))
	// Settings and fields have plain values; parameters, lets and arguments hold an expression in "value".
	late := strings.Count(text, `"cel":`)
	got := 0
	p.Exprs(func(_ string, x *plan.Expr) {
		if x.CEL != "" {
			got++
		}
	})
	if got != late || n != len(places) {
		t.Errorf("expected %d late expressions at places of their own, found %d of %d at %d", late, got, n, len(places))
	}
	for _, where := range []string{`ops["ship.pipe.pytest"].env[0].value`, "graph.steps[2].when[0]", "graph.steps[2].for[0].where", "graph.on_failure[0].bindings[0].value", "params[0].value"} {
		if !places[where] {
			t.Errorf("%s is not visited", where)
		}
	}
}

func TestOrdered(t *testing.T) {
	var got []string
	for _, s := range plan.Ordered(sample(t).Graph.Steps) {
		got = append(got, s.Name)
	}
	if d := cmp.Diff([]string{"locked", "unit", "each", "live", "never"}, got); d != "" {
		t.Error(d)
	}
}

func TestRecords(t *testing.T) {
	p := sample(t)
	records, err := p.Records()
	if err != nil {
		t.Fatal(err)
	}
	report := records["ship.pipe.Report"]
	inner, ok := report.Field("inner")
	if !ok || inner.Type.Plain().Record != report.Record {
		t.Errorf("a record that holds itself: %v", inner.Type)
	}
	if d := cmp.Diff(p.Types["ship.pipe.Report"], plan.RecordOf(report)); d != "" {
		t.Error(d)
	}
}

func TestRelative(t *testing.T) {
	for _, c := range []struct{ from, folder, name, want string }{
		{"", "", "a/b", "a/b"},
		{"", "", "./a/", "./a/"}, // as it is written
		{"", "", "/a/b", "a/b"},
		{"", "lib", "a", "lib/a"},
		{"lib", "lib", "a", "a"},
		{"lib", "lib", "/a", "../a"},
		{"lib", "lib", "/lib/a/**", "a/**"},
		{"lib/sub", "lib", "sub", "."},
		{"lib/sub", "lib", "/", "../.."},
		{"lib", "", "!a/*.go", "!../a/*.go"},
		{"libs", "lib", "a", "../lib/a"},
	} {
		if got := plan.Relative(c.from, c.folder, c.name); got != c.want {
			t.Errorf("Relative(%q, %q, %q): expected %q, found %q", c.from, c.folder, c.name, c.want, got)
		}
	}
}
