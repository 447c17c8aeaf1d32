package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// effects finds pushes and deploys that no test comes before, approvals that come too late, and
// effects that a cache would leave out.
var effects = rule{
	alone: true,
	op: func(p *pass, o *check.Op) {
		c := cachedItem(o)
		if e := p.effect(o); c != nil && e != "" {
			p.report(finding{
				rule: diag.CachedEffect, file: o.File.Source, at: wordAt(c.Range, "cached"),
				message: fmt.Sprintf("%s is cached and runs %s: when it is found in the cache, that is left out", owner(o), e),
				help:    "remove cached, or take the effect into a step of its own",
			})
		}
	},
	pipeline: func(p *pass, l *check.Pipeline) {
		if !slices.ContainsFunc(l.Steps, func(s *check.Step) bool { return p.kind(s).effect != "" }) {
			return
		}
		g := p.graph(l)
		for _, s := range l.Steps {
			k := g.kind[s.Name]
			if k.effect != "" && !k.test && !g.upstream(s.Name, func(k kind) bool { return k.test || k.unknown }) {
				p.early(l, s, k.effect, g.testsBefore(l, s))
			}
			p.late(l, g, s)
		}
	},
}

// maxTests is how many tests a way out names.
const maxTests = 4

// testsBefore are the first of the steps that test and do not wait for a step, so that it can wait for them.
func (g graph) testsBefore(l *check.Pipeline, s *check.Step) (names []string) {
	var waiting map[string]bool
	for _, t := range l.Steps {
		if !g.kind[t.Name].test || t == s {
			continue
		}
		if waiting == nil {
			waiting = g.following(s.Name)
		}
		if !waiting[t.Name] {
			names = append(names, t.Name)
		}
		if len(names) == maxTests {
			break
		}
	}
	return names
}

// calledTested says that other pipelines call one, and each only behind a test.
func (p *pass) calledTested(l *check.Pipeline) bool {
	if p.called == nil {
		p.called = map[*check.Pipeline]bool{}
		for _, m := range p.program.Modules {
			for _, caller := range m.Pipelines {
				p.callsBehindTests(caller)
			}
		}
	}
	return p.called[l]
}

func (p *pass) callsBehindTests(caller *check.Pipeline) {
	g := graph{}
	for s := range steps(caller) {
		if s.Pipeline == nil {
			continue
		}
		if g.steps == nil {
			g = p.graph(caller)
		}
		before, known := p.called[s.Pipeline]
		p.called[s.Pipeline] = (before || !known) && g.upstream(s.Name, func(k kind) bool { return k.test || k.unknown })
	}
}

func (p *pass) early(l *check.Pipeline, s *check.Step, effect string, tests []string) {
	f := finding{
		rule: diag.EarlyEffect, file: l.File.Source, at: s.Decl.Name.Range,
		message: fmt.Sprintf("step %q runs %s and waits for no test of this pipeline", s.Name, effect),
		help:    "let it need the tests: needs " + strings.Join(tests, ", "),
	}
	if len(tests) == 0 && p.calledTested(l) {
		return
	}
	if len(tests) == 0 {
		f.hint = true
		f.message = fmt.Sprintf("step %q runs %s, and nothing in this pipeline tests it before", s.Name, effect)
		f.help = "add a step that tests, and let this one need it"
	}
	p.report(f)
}

// late finds an approval behind an effect, with none that it could still stop.
func (p *pass) late(l *check.Pipeline, g graph, s *check.Step) {
	for _, it := range s.Modifiers {
		a, ok := it.(*ast.Approve)
		if !ok || g.kind[s.Name].effect != "" || g.kind[s.Name].unknown {
			continue
		}
		before := g.nearest(s.Name, func(k kind) bool { return k.effect != "" })
		if before == nil || g.downstream(s.Name, func(k kind) bool { return k.effect != "" || k.unknown }) {
			continue
		}
		p.report(finding{
			rule: diag.LateApproval, file: l.File.Source, at: wordAt(a.Range, "approve"),
			message: fmt.Sprintf("the approval of %q comes after %q, which runs %s, and nothing that follows has an effect", s.Name, before.Name, g.kind[before.Name].effect),
			help:    fmt.Sprintf("move it to %q", before.Name),
			related: []diag.Related{{File: l.File.Source, Span: before.Decl.Name.Range, Message: "the effect is here"}},
		})
	}
}

// wordAt is the first word of an item.
func wordAt(at source.Span, word string) source.Span {
	return source.Span{Start: at.Start, End: at.Start + int32(len(word))}
}

// kind is what a step does, as far as its text tells.
type kind struct {
	effect  string // the command that changes the world; "" when there is none
	test    bool
	unknown bool // it runs what nobody has read: a native op, another interpreter
}

// graph is a pipeline's steps with what they do.
type graph struct {
	steps map[string]*check.Step
	after map[string][]string // who waits for a step
	kind  map[string]kind
}

func (p *pass) graph(l *check.Pipeline) graph {
	n := len(l.Steps)
	g := graph{steps: make(map[string]*check.Step, n), after: make(map[string][]string, n), kind: make(map[string]kind, n)}
	for _, s := range l.Steps {
		g.steps[s.Name] = s
		g.kind[s.Name] = p.kind(s)
		for _, e := range before(s) {
			g.after[e] = append(g.after[e], s.Name)
		}
	}
	return g
}

func before(s *check.Step) []string { return slices.Concat(s.ValueEdges, s.OrderEdges, s.Needs) }

// upstream says whether something that a step waits for is of a kind.
func (g graph) upstream(name string, is func(kind) bool) bool { return g.nearest(name, is) != nil }

func (g graph) nearest(name string, is func(kind) bool) *check.Step {
	return g.before(name, func(name string) bool { return is(g.kind[name]) })
}

// before is the nearest of the steps that a step waits for of which something holds; nil when there is none.
func (g graph) before(name string, is func(name string) bool) *check.Step {
	seen := map[string]bool{name: true}
	for next := []string{name}; len(next) > 0; next = next[1:] {
		s := g.steps[next[0]]
		if s == nil {
			continue
		}
		for _, e := range before(s) {
			if g.steps[e] != nil && is(e) {
				return g.steps[e]
			}
			if !seen[e] {
				seen[e], next = true, append(next, e)
			}
		}
	}
	return nil
}

func (g graph) downstream(name string, is func(kind) bool) bool {
	for e := range g.following(name) {
		if e != name && is(g.kind[e]) {
			return true
		}
	}
	return false
}

// following are a step and those that wait for it.
func (g graph) following(name string) map[string]bool {
	seen := map[string]bool{name: true}
	for next := []string{name}; len(next) > 0; next = next[1:] {
		for _, e := range g.after[next[0]] {
			if !seen[e] {
				seen[e], next = true, append(next, e)
			}
		}
	}
	return seen
}

func (p *pass) kind(s *check.Step) kind {
	of := kind{unknown: true}
	switch {
	case s.Op != nil:
		of = p.kindOf(s.Op)
	case s.Pipeline != nil:
		of = p.kindOfAll(s.Pipeline)
	}
	of.test = of.test || isTestName(s.Name)
	return of
}

// kindOfAll is what the steps of a pipeline do, looked at once.
func (p *pass) kindOfAll(l *check.Pipeline) (k kind) {
	if k, known := p.wholes[l]; known {
		return k
	}
	if p.wholes == nil {
		p.wholes = map[*check.Pipeline]kind{}
	}
	p.wholes[l] = kind{unknown: true} // for those that call each other in a circle
	for _, s := range l.Steps {
		of := p.kind(s)
		k.test, k.unknown = k.test || of.test, k.unknown || of.unknown
		if k.effect == "" {
			k.effect = of.effect
		}
	}
	p.wholes[l] = k
	return k
}

// kindOf is what an op does, looked at once.
func (p *pass) kindOf(o *check.Op) kind {
	k, known := p.kinds[o]
	if !known {
		k, known = p.recalling.kindOf(o)
	}
	if !known {
		k = kind{effect: p.effect(o), test: p.tests(o), unknown: !p.readable(o)}
		p.kinds[o] = k
	}
	return k
}

// changing are commands that change something beyond the machine, with the words that say so;
// a word "" is any.
var changing = map[string][]string{
	"git": {"push"}, "docker": {"push", "image push", "stack deploy"}, "podman": {"push"}, "skopeo": {"copy"}, "crane": {"push", "copy"},
	"kubectl": {"apply", "create", "delete", "replace", "patch", "rollout restart", "rollout undo", "set", "scale"},
	"helm":    {"install", "upgrade", "uninstall", "rollback", "push"}, "terraform": {"apply", "destroy"}, "tofu": {"apply", "destroy"},
	"pulumi": {"up", "destroy"}, "cdk": {"deploy", "destroy"}, "serverless": {"deploy"}, "ansible-playbook": {""},
	"npm": {"publish"}, "yarn": {"publish", "npm publish"}, "pnpm": {"publish"}, "twine": {"upload"}, "cargo": {"publish"}, "gem": {"push"},
	"mvn": {"deploy"}, "gradle": {"publish"}, "goreleaser": {"release"}, "poetry": {"publish"}, "uv": {"publish"}, "flit": {"publish"},
	"gh": {"release create", "release upload", "release edit"}, "fly": {"deploy"}, "flyctl": {"deploy"}, "heroku": {"container:release"},
	"kamal": {"deploy", "redeploy", "rollback"}, "wrangler": {"deploy"}, "vercel": {"deploy"}, "netlify": {"deploy"},
	"argocd": {"app sync"}, "flux": {"reconcile"}, "nomad": {"job run"},
}

// effect is the first command of an op's scripts that changes something beyond the machine, as
// "git push"; "" when there is none.
func (p *pass) effect(o *check.Op) string {
	if e, ok := check.NativeEffect(o); ok && e.Publishes {
		return e.Does
	}
	for _, c := range p.commands(o) {
		if c.Branch && len(o.Params) > 0 {
			continue // whoever calls it may choose
		}
		name, words := launched(c)
		for _, verb := range changing[name] {
			if (words == verb || strings.HasPrefix(words, verb+" ") || verb == "") && !rehearsed(c) {
				return strings.TrimSpace(name + " " + verb)
			}
		}
	}
	return ""
}

// launchers run the program that their words name after these.
var launchers = map[string][]string{
	"npx": {""}, "bunx": {""}, "uvx": {""}, "pipx": {"run"}, "npm": {"exec"}, "yarn": {"dlx", "exec"}, "pnpm": {"dlx", "exec"}, "uv": {"run", "tool run"},
	"poetry": {"run"}, "pdm": {"run"}, "pipenv": {"run"}, "hatch": {"run"}, "bundle": {"exec"}, "python": {""}, "python3": {""}, "mise": {"exec"},
}

// launched is the program that a command comes to, and its words that are no flags.
func launched(c shell.Command) (name, words string) {
	name, words = program(c.Name), leading(c)
	for range 3 {
		verbs, ok := launchers[name]
		i := slices.IndexFunc(verbs, func(v string) bool { return v == "" || strings.HasPrefix(words, v+" ") })
		if !ok || i < 0 {
			break
		}
		inner, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(words, verbs[i]), " "), " ")
		if changing[program(inner)] == nil && launchers[program(inner)] == nil {
			break
		}
		name, words = program(inner), rest
	}
	return name, words
}

// leading are a command's words that are no flags.
func leading(c shell.Command) string {
	var words []string
	for _, a := range c.Args {
		if a.Static && !strings.HasPrefix(a.Text, "-") {
			words = append(words, a.Text)
		}
	}
	return strings.Join(words, " ")
}

// rehearsed says that a command only shows what it would do.
func rehearsed(c shell.Command) bool {
	return slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
		return strings.HasPrefix(a.Text, "--dry-run") && a.Text != "--dry-run=none" || a.Text == "-n" && c.Name == "git" || a.Text == "--check" || a.Text == "--snapshot" || a.Text == "--help"
	})
}
