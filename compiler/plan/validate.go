package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/lang/types"
)

// Validate says what is wrong with a plan's structure, all of it at once: references to
// nothing, paths that are not unique, edges in a circle, expressions that are neither value nor CEL.
func Validate(p *Plan) error {
	v := &validator{plan: p, paths: map[string]bool{}}
	v.head()
	p.Exprs(v.expr)
	v.types()
	for _, id := range slices.Sorted(maps.Keys(p.Ops)) {
		v.op(id, p.Ops[id])
	}
	v.graph("", &p.Graph)
	return errors.Join(v.errs...)
}

// maxProblems keeps a hostile file from making a message without end.
const maxProblems = 20

type validator struct {
	plan  *Plan
	paths map[string]bool
	errs  []error
}

func (v *validator) addf(format string, args ...any) {
	if len(v.errs) < maxProblems {
		v.errs = append(v.errs, fmt.Errorf(format, args...))
	}
}

var digestForm = lazily(`^sha256:[0-9a-f]{64}$`)

func (v *validator) head() {
	p := v.plan
	if p.Schema != Version {
		v.addf("schema is %q, expected %q", p.Schema, Version)
	}
	if p.Pipeline == "" || p.Entry == "" {
		v.addf("pipeline and entry must be named")
	}
	for i, s := range p.Sources {
		if !digestForm().MatchString(s.Digest) {
			v.addf("source %q has the digest %q, expected sha256 and 64 hex digits", s.Path, s.Digest)
		}
		if i > 0 && p.Sources[i-1].Path >= s.Path {
			v.addf("source %q is out of order or repeated", s.Path)
		}
	}
	for _, s := range p.Settings {
		if s.Secret && s.Value != nil {
			v.addf("setting %s is secret and has a value", s.Name)
		}
	}
	e := p.Effects
	for i, list := range [][]string{p.Late, e.Files, e.Secrets, e.Inherit, e.Images, e.Changes} {
		if !slices.IsSorted(list) {
			v.addf("%s are not sorted", [...]string{"late names", "files", "secrets", "inherited variables", "images", "changes"}[i])
		}
	}
}

func (v *validator) expr(where string, x *Expr) {
	switch {
	case (x.CEL == "") == (x.Value == nil):
		v.addf("%s: an expression is either a value or cel", where)
	case x.Value != nil && !json.Valid(x.Value):
		v.addf("%s: the value is no JSON", where)
	}
}

func (v *validator) types() {
	named, err := v.plan.Records()
	if err != nil {
		v.addf("%v", err)
		return
	}
	v.plan.TypeTexts(func(where string, t Type) {
		if strings.HasSuffix(where, ".type") && t == "" {
			return // of an argument or mount that is evaluated as it comes
		}
		if _, err := types.Parse(t, func(id string) *types.Type { return named[id] }); err != nil {
			v.addf("%s: %v", where, err)
		}
	})
}

func (v *validator) op(id string, o Op) {
	if o.Name == "" || o.Module == "" || !strings.HasPrefix(id, o.Module+".") {
		v.addf("op %q is not named after its module %q", id, o.Module)
	}
	if !o.Native && o.Runs == nil && o.Exec == nil && o.Return == nil {
		v.addf("op %q runs nothing", id)
	}
	v.pool(fmt.Sprintf("op %q", id), o.Pool)
	for i, r := range o.Runs {
		if r.Interpreter == "" {
			v.addf("op %q: script %d has no interpreter", id, i+1)
		}
	}
}

// graph checks a graph whose steps' paths start with prefix.
func (v *validator) graph(prefix string, g *Graph) {
	scope := map[string]*Step{}
	for _, part := range [][]Step{g.Steps, g.OnFailure, g.Finally} {
		for i := range part {
			if s := &part[i]; scope[s.Name] != nil {
				v.addf("graph %q has two steps called %q", g.Name, s.Name)
			} else {
				scope[s.Name] = s
			}
		}
		for i := range part {
			v.step(prefix, &part[i], scope)
			v.services(g, fmt.Sprintf("step %q", part[i].Path), part[i].Services)
		}
		v.circle(part)
	}
	for _, l := range g.Lets {
		v.services(g, fmt.Sprintf("let %q", l.Name), l.Services)
	}
}

// services are names of the graph's own.
func (v *validator) services(g *Graph, who string, names []string) {
	for _, n := range names {
		if !slices.ContainsFunc(g.Services, func(s Service) bool { return s.Name == n }) {
			v.addf("%s mentions %q, which is no service of its graph", who, n)
		}
	}
}

func (v *validator) step(prefix string, s *Step, scope map[string]*Step) {
	if s.Path != prefix+s.Name || s.Name == "" || v.paths[s.Path] {
		v.addf("step %q at %q has no path of its own below %q", s.Name, s.Path, prefix)
	}
	v.paths[s.Path] = true
	_, known := v.plan.Ops[s.Op]
	switch {
	case (s.Op == "") == (s.Graph == nil):
		v.addf("step %q must call either an op or a graph", s.Path)
	case s.Op != "" && !known && !s.Idle():
		v.addf("step %q calls the op %q, which the plan lacks", s.Path, s.Op)
	case s.Graph != nil:
		v.graph(s.Path+"/", s.Graph)
	}
	for _, names := range [][]string{s.ValueEdges, s.OrderEdges, s.Needs, s.After, s.Narrow} {
		for _, n := range names {
			if scope[n] == nil {
				v.addf("step %q refers to %q, which is no step of its graph", s.Path, n)
			}
		}
	}
	v.pool(fmt.Sprintf("step %q", s.Path), s.Pool)
	for _, l := range s.Locks {
		if l.Policy != "" && l.Policy != "latest" && l.Policy != "reject" {
			v.addf("step %q: lock policy is %q, expected latest or reject", s.Path, l.Policy)
		}
	}
}

func (v *validator) pool(who, name string) {
	if name != "" && v.plan.Pools[name] < 1 {
		v.addf("%s is in the pool %q, which has no slots", who, name)
	}
}

// circle reports the steps of a list that wait for each other.
func (v *validator) circle(steps []Step) {
	seen, names := map[string]bool{}, map[string]bool{}
	for i := range steps {
		names[steps[i].Name] = true
	}
	for _, s := range Ordered(steps) {
		for _, e := range s.Edges() {
			if names[e] && !seen[e] {
				v.addf("step %q waits for %q in a circle", s.Path, e)
				return
			}
		}
		seen[s.Name] = true
	}
}

// lazily compiles a pattern when it is first asked for: most commands of pipe never are.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
