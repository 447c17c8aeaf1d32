package cli

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// pipelineOf makes a pipeline of every kind of step that values alone decide.
func pipelineOf(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("settings {\n env: \"dev\" | \"test\" | \"live\" = \"dev\"\n on: bool = true\n note: string?\n}\n" +
		"op one(x: string = \"\") { run `true` }\n" +
		"pipeline sub(go: bool) {\n inner = one() { when go }\n next = one() { needs inner }\n other = one() { when !go || settings.on }\n}\n" +
		"pipeline guarded(go: bool) {\n when go && settings.env != \"test\"\n only = one()\n}\n")
	b.WriteString("pipeline main() {\n")
	for i := range 7 {
		call, mods := "one()", ""
		switch r.IntN(8) {
		case 0:
			call = "sub(go: " + guardOf(r, 0, 1) + ")"
		case 1:
			call = "guarded(go: " + guardOf(r, 0, 1) + ")"
		case 2:
			call, mods = "one(x: x)", "\n  for x in [\"dev\", \"live\"]"
			if r.IntN(2) == 0 {
				mods += "\n  when x == settings.env"
			}
		case 3:
			call, mods = "sub(go: x == settings.env)", "\n  for x in [\"dev\", \"live\", \"test\"]"
			if r.IntN(2) == 0 {
				mods += "\n  when x == \"live\" && " + guardOf(r, i, 1)
			}
		}
		if r.IntN(4) == 0 {
			mods += "\n  require " + guardOf(r, 0, 1) + " else \"no\""
		}
		if r.IntN(3) > 0 {
			mods += "\n  when " + guardOf(r, i, 2)
		}
		if i > 0 && r.IntN(3) == 0 {
			mods += fmt.Sprintf("\n  needs s%d", r.IntN(i))
		}
		if i > 0 && r.IntN(4) == 0 {
			mods += fmt.Sprintf("\n  after s%d", r.IntN(i))
		}
		if r.IntN(8) == 0 {
			mods += "\n  needs n = settings.note"
		}
		fmt.Fprintf(&b, " s%d = %s {%s\n }\n", i, call, mods)
	}
	fmt.Fprintf(&b, " finally { f = one() { when %s } }\n on failure { h = one() }\n}\n", guardOf(r, 0, 2))
	return b.String()
}

// guardOf makes a condition; before is how many steps it may ask about.
func guardOf(r *rand.Rand, before, depth int) string {
	if depth > 0 && r.IntN(2) == 0 {
		op := []string{" && ", " || "}[r.IntN(2)]
		return "(" + guardOf(r, before, depth-1) + op + guardOf(r, before, depth-1) + ")"
	}
	switch n := r.IntN(6); {
	case n == 0:
		return "settings.on"
	case n == 1:
		return fmt.Sprintf("settings.env != %q", pick(r, "dev", "test", "live"))
	case n == 2:
		return fmt.Sprintf("ci.event == %q", pick(r, events...))
	case n == 3:
		return "ci.?pull_request.hasValue()"
	case n == 4 && before > 0:
		return fmt.Sprintf("%s(s%d)", pick(r, "succeeded", "failed", "skipped"), r.IntN(before))
	}
	return fmt.Sprintf("settings.env in [%q, %q]", pick(r, "dev", "test"), pick(r, "dev", "live"))
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// TestForecastIsWhatRuns holds explain's verdict on every step to what the engine then does.
func TestForecastIsWhatRuns(t *testing.T) {
	const pipelines, values = 90, 5
	r := rand.New(rand.NewPCG(4, 12))
	cases, steps, fates := 0, 0, map[engine.Fate]int{}
	for range pipelines {
		text := pipelineOf(r)
		draft := draftOf(t, text)
		if draft == nil {
			continue // the checker refuses it
		}
		for range values {
			cases++
			known := value.Record{"env": value.String(pick(r, "dev", "test", "live")), "on": value.Bool(r.IntN(2) == 0)}
			ci := ciOn(pick(r, events...), value.Record{"name": value.String(""), "actor": value.String(""), "url": value.String("")})
			p, _, err := draft.Bind(lower.Values{Setting: func(name string) (value.Value, bool) {
				if v, ok := known[name]; ok {
					return v, true
				}
				return value.None{}, true
			}})
			if err != nil {
				t.Fatal(err)
			}
			facts := map[string]value.Value{"ci": ci}
			f, err := engine.Foresee(t.Context(), engine.Outlook{Plan: p, Settings: known, Context: facts})
			if err != nil {
				t.Fatal(err)
			}
			res, err := engine.Run(t.Context(), engine.Options{Plan: p, Run: target.Run{ID: "r"}, Jobs: 2, Context: facts,
				Targets: map[string]target.Target{"host": fake.New()}, Bus: event.NewBus("r", secret.NewMasker(), func(event.Event) {})})
			if err != nil {
				t.Fatal(err)
			}
			ended := map[string]engine.StepResult{}
			for _, s := range res.Steps {
				ended[s.Path] = s
			}
			for path := range p.Graph.All() {
				e, ok := f.Step(path.Path)
				if !ok || e.Hook == "on failure" {
					continue
				}
				if _, was := ended[path.Path]; !was && e.Fate != engine.WillSkip && e.Fate != engine.WillNot && !e.Counted {
					t.Fatalf("%s: foreseen %+v, and never seen\nsettings %v, ci %v\n%s", path.Path, e, known, ci, text)
				}
			}
			for _, got := range res.Steps {
				e, ok := f.Step(got.Path)
				if e.Hook == "on failure" {
					continue
				}
				steps++
				fates[e.Fate]++
				want := map[engine.Fate]engine.Outcome{engine.Runs: engine.Succeeded, engine.WillSkip: engine.Skipped, engine.WillFail: engine.Failed, engine.WillNot: engine.Abandoned}[e.Fate]
				if !ok || got.Outcome != want || e.Fate == engine.WillSkip && (got.Cause != e.Cause || got.Reason != e.Reason) {
					t.Fatalf("%s: foreseen %+v, was %+v\nsettings %v, ci %v\n%s", got.Path, e, got, known, ci, text)
				}
			}
		}
	}
	if cases < 200 || fates[engine.Runs] < 100 || fates[engine.WillSkip] < 100 || fates[engine.WillFail] < 20 || fates[engine.WillNot] < 5 {
		t.Errorf("too few cases: %d with %d steps, %v", cases, steps, fates)
	}
	t.Logf("%d runs, %d steps: %v", cases, steps, fates)
}

// draftOf checks a text and drafts its main pipeline; nil when it is refused.
func draftOf(t *testing.T, text string) *lower.Draft {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"pipe.toml": "", "ci.pipe": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := &app{Environment: Environment{Out: io.Discard, Err: io.Discard, Dir: dir}, masker: secret.NewMasker()}
	c, err := a.check(filepath.Join(dir, "ci.pipe"))
	if err != nil {
		t.Fatal(err)
	}
	if c.errors() {
		return nil
	}
	d, err := lower.New(c.program, "main")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestOpenForecast holds that an unknown fact leaves a verdict open, in the table and for what follows.
func TestOpenForecast(t *testing.T) {
	d := draftOf(t, "op one() -> { n: int } {\n run `true`\n return { n: 1 }\n}\npipeline main() {\n"+
		"a = one() { when git.branch == \"main\" && ci.event == \"push\" }\nb = one() { needs a }\nc = one() { when failed(d) }\nd = one()\n}\n")
	if d == nil {
		t.Fatal("refused")
	}
	p, _, err := d.Bind(lower.Values{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		event, step string
		anyEnd      bool
		fate        engine.Fate
		on          string
	}{
		{"push", "a", false, engine.Undecided, `git.branch == "main"`},
		{"push", "b", false, engine.Undecided, "whether a runs"},
		{"tag", "a", false, engine.WillSkip, ""},
		{"tag", "b", false, engine.WillSkip, ""},
		{"tag", "c", false, engine.WillSkip, ""},
		{"tag", "c", true, engine.Undecided, "failed(d)"},
	} {
		f, err := engine.Foresee(context.Background(), engine.Outlook{Plan: p, Settings: value.Record{}, Context: someday(c.event), AnyEnd: c.anyEnd})
		if err != nil {
			t.Fatal(err)
		}
		e, _ := f.Step(c.step)
		if e.Fate != c.fate || strings.Join(e.On, "; ") != c.on {
			t.Errorf("%s on %s: expected %s on %q, found %s on %q", c.step, c.event, c.fate, c.on, e.Fate, e.On)
		}
	}
}
