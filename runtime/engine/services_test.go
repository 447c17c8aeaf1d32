package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// servicePlace is a place whose services say on the bus that they start and end.
type servicePlace struct {
	target.Target
	say    func(text string)
	err    error
	images []string // of the services that were to start
}

type serviceSession struct {
	target.Session
	place *servicePlace
}

func (p *servicePlace) Open(ctx context.Context, run target.Run) (target.Session, error) {
	s, err := p.Target.Open(ctx, run)
	return &serviceSession{s, p}, err
}

func (s *serviceSession) Serve(ctx context.Context, _ string, all []target.ServiceOf, _ bool) (target.Services, error) {
	for _, of := range all {
		spec, err := of.Prepare(ctx, s.place)
		if err != nil {
			return nil, err
		}
		s.place.images = append(s.place.images, spec.Image)
	}
	s.place.say("start")
	if s.place.err != nil {
		return nil, s.place.err
	}
	return s.place, nil
}

func (p *servicePlace) Address(string, bool) (string, map[int]int, error) {
	return "127.0.0.1", map[int]int{80: 4711}, nil
}

func (p *servicePlace) Close() error {
	p.say("end")
	return nil
}

// mentions makes a step read the service web of its graph.
func mentions(s *plan.Step) {
	calls("echo")(s)
	arg("n", "int", cel("web.port(80)"))(s)
	s.Services = []string{"web"}
}

// byLet makes it read the service by a let.
func byLet(s *plan.Step) {
	calls("echo")(s)
	arg("n", "int", cel("port"))(s)
	s.Services = []string{"web"}
}

// served is a bench whose graph has the service web; its trail is how steps ended, and services began and ended.
func served(t *testing.T, g plan.Graph) (*bench, *servicePlace, func() []string) {
	g.Services = []plan.Service{{Name: "web", At: "ci.pipe:1:1"}}
	g.Lets = []plan.Let{{Name: "port", Type: "int", Value: cel("web.port(80)"), Services: []string{"web"}}}
	b := newBench(t, g)
	p := &servicePlace{Target: b.fake, say: func(text string) { b.opts.Bus.Publish(event.Event{Type: event.Notice, Text: text}) }}
	b.opts.Targets["docker"] = p
	return b, p, func() []string {
		var out []string
		for _, e := range b.events {
			switch e.Type {
			case event.Notice:
				out = append(out, e.Text)
			case event.StepFinished:
				out = append(out, e.Step+" "+string(e.Outcome))
			}
		}
		return out
	}
}

// The services of a pipeline start when the first step mentions one, and end when no step is left
// that may: not with a step that is only the last so far, and not later than with the last.
func TestServicesLast(t *testing.T) {
	hooked := func(g plan.Graph, onFailure, finally []plan.Step) plan.Graph {
		g.OnFailure, g.Finally = onFailure, finally
		return g
	}
	tests := []struct {
		name  string
		graph plan.Graph
		want  []string
	}{
		{"the steps that mention them", pipeline(step("early"), step("a", mentions, after("early")), step("b", mentions, after("a")), step("late", after("b"))),
			[]string{"early succeeded", "start", "a succeeded", "b succeeded", "end", "late succeeded"}},
		{"a let", pipeline(step("a", byLet), step("b", byLet, after("a")), step("late", after("b"))),
			[]string{"start", "a succeeded", "b succeeded", "end", "late succeeded"}},
		{"finally", hooked(pipeline(step("a", mentions)), nil, []plan.Step{step("f", mentions), step("g", after("f"))}),
			[]string{"start", "a succeeded", "f succeeded", "end", "g succeeded"}},
		{"on failure that does not come", hooked(pipeline(step("a", mentions), step("late", after("a"))), []plan.Step{step("z", mentions)}, []plan.Step{step("f")}),
			[]string{"start", "a succeeded", "late succeeded", "end", "f succeeded"}},
		{"on failure that comes", hooked(pipeline(step("a", mentions), step("late", calls("broken"), after("a"))), []plan.Step{step("z", mentions)}, []plan.Step{step("f")}),
			[]string{"start", "a succeeded", "late failed", "z succeeded", "end", "f succeeded"}},
		{"instances", pipeline(step("a", mentions, loop("x", "int", lit([]int{1, 2})), typ("[int]"), func(s *plan.Step) { s.For[0].Max = litp(1) }), step("late", after("a"))),
			[]string{"start", "a[0] succeeded", "a[1] succeeded", "a succeeded", "end", "late succeeded"}},
		{"a called pipeline", pipeline(step("a", graph(plan.Graph{Name: "inner", Module: "ci.pipe", At: "ci.pipe:1:1", Result: "nothing",
			Params: []plan.Param{{Name: "n", Type: "int"}}, Steps: []plan.Step{step("x"), step("y", after("x"))}}), arg("n", "int", cel("web.port(80)")), func(s *plan.Step) { s.Services = []string{"web"} }), step("late", after("a"))),
			[]string{"start", "a/x succeeded", "a/y succeeded", "a succeeded", "end", "late succeeded"}},
		{"nothing that runs", pipeline(step("a", when(lit(true)), calls("broken")), step("b", mentions, needs("a"))),
			[]string{"a failed", "b abandoned"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, _, trail := served(t, tt.graph)
			b.run(t.Context())
			if diff := cmp.Diff(tt.want, trail()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A retried step keeps its services; they start once.
func TestServicesThroughRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _, trail := served(t, pipeline(step("a", mentions, retries(2, "5s")), step("late", after("a"))))
		b.fake.On("a", fake.Act{Exit: 1}, fake.Act{Exit: 1}, fake.Act{})
		b.run(t.Context())
		if diff := cmp.Diff([]string{"start", "a succeeded", "end", "late succeeded"}, trail()); diff != "" {
			t.Error(diff)
		}
	})
}

// Services that did not start are not started again for the next who mentions them: all fail for
// the same reason.
func TestServicesThatDoNotStart(t *testing.T) {
	b, place, trail := served(t, plan.Graph{Name: "main", Module: "ci.pipe", At: "ci.pipe:1:1", Result: "nothing",
		Steps: []plan.Step{step("a", mentions), step("b", byLet, after("a"))}})
	place.err = errors.New("service web: it was not ready within 1m0s")
	res := b.run(t.Context())
	if diff := cmp.Diff([]string{"start", "a failed", "b failed"}, trail()); diff != "" {
		t.Error(diff)
	}
	for _, path := range []string{"a", "b"} {
		if s := row(t, res, path); s.Cause != engine.CauseTarget || s.Reason != place.err.Error() {
			t.Errorf("%s: %s: %s", path, s.Cause, s.Reason)
		}
	}
}

// The image of a service is the one that the lock pins, also where only the run knows its name; one
// that is not pinned does not start in a locked run.
func TestServicesAreLocked(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	for name, want := range map[string]string{"postgres:16": "postgres:16@" + digest, "postgres:17": ""} {
		b, place, _ := served(t, pipeline(step("a", mentions)))
		b.opts.Plan.Graph.Services[0].Attrs = []plan.NamedExpr{{Name: "image", Type: "string", Value: cel(`"` + name + `"`)}}
		b.opts.Plan.Pins, b.opts.Locked = map[string]string{"postgres:16": digest}, true
		s := row(t, b.run(t.Context()), "a")
		switch {
		case want != "" && (s.Outcome != engine.Succeeded || place.images[0] != want):
			t.Errorf("%s: %s %s, images %q", name, s.Outcome, s.Reason, place.images)
		case want == "" && (s.Cause != engine.CauseUnlocked || len(place.images) > 0):
			t.Errorf("%s: %s %s, images %q", name, s.Cause, s.Reason, place.images)
		}
	}
}
