package settings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// setting is one in the making.
type setting struct {
	decl     plan.SettingDecl
	typ      *types.Type
	found    *node
	value    value.Value // nil when missing or invalid
	origin   Origin
	shadows  []Origin
	problems []Problem
	pending  bool     // its value needs a program that has not been run
	program  Origin   // that program
	above    *node    // what is stronger than the program
	raw      []string // what sources gave for a secret, hidden and refused texts too
	fetch    sync.Once
}

// resolver looks up all settings from the same sources.
type resolver struct {
	ctx         context.Context
	sources     Sources
	variables   []*variables      // the environment, .env.<profile>, .env
	secretFiles map[string]string // path by name in lower case
	secretNames []string          // sorted
	loose       []Problem         // of no setting
}

// Resolve looks everything up but programs, which Fetch runs. The error is for a source that
// cannot be read at all, or a declaration that makes no sense.
func Resolve(ctx context.Context, decls []plan.SettingDecl, s Sources) (*Set, error) {
	r := &resolver{ctx: ctx, sources: s}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r.set(decls)
}

// set looks all settings up, once the sources are open.
func (r *resolver) set(decls []plan.SettingDecl) (*Set, error) {
	set := &Set{sources: r.sources}
	for _, d := range decls {
		t, err := types.Parse(d.Type, func(id string) *types.Type { return r.sources.Types[id] })
		if err != nil {
			return nil, fmt.Errorf("setting %s: %w", d.Name, err)
		}
		one := &setting{decl: d, typ: t}
		if err := r.resolve(one); err != nil {
			return nil, fmt.Errorf("setting %s: %w", d.Name, err)
		}
		set.all = append(set.all, one)
	}
	r.strangers(set.all)
	set.loose = r.loose
	return set, r.ctx.Err()
}

// open reads the sources that all settings share.
func (r *resolver) open() error {
	env := environmentOf(r.sources.Environ, r.sources.Dir)
	r.variables = []*variables{env}
	names := []string{".env"}
	if p := r.sources.Profile; p != "" {
		if strings.ContainsAny(p, "/\\\x00") {
			return fmt.Errorf("profile %q cannot name a file", p)
		}
		names = []string{".env." + p, ".env"}
	}
	for _, name := range names {
		v, problems := readDotenv(r.sources.Dir, name, env.lookup)
		r.variables = append(r.variables, v)
		r.loose = append(r.loose, problems...)
	}
	var err error
	r.secretFiles, err = secretFiles(r.sources.SecretsDir)
	r.secretNames = slices.Sorted(maps.Keys(r.secretFiles))
	return err
}

func (r *resolver) resolve(s *setting) error {
	layers := r.layers(s)
	s.origin = Origin{Kind: Unset}
	for i, l := range layers {
		if i == 0 {
			s.origin = l.origin
		} else {
			s.shadows = append(s.shadows, l.origin)
		}
		if s.decl.Secret {
			s.raw = append(s.raw, l.node.rawTexts()...)
		}
	}
	at := slices.IndexFunc(layers, func(l layer) bool { return l.origin.Kind == Exec })
	if at >= 0 && s.needs(layers[:at]) {
		s.pending, s.program = true, layers[at].origin
		s.above, s.found = merged(layers[:at]), merged(layers[at+1:])
		return nil
	}
	s.found = merged(layers)
	r.settle(s)
	return nil
}

// needs reports whether a program has to be run behind stronger sources: when there are none,
// or when they give some fields of a record and leave out others.
func (s *setting) needs(stronger []layer) bool {
	if len(stronger) == 0 {
		return true
	}
	trial := &setting{decl: s.decl, typ: s.typ}
	trial.build(s.typ, merged(stronger), s.decl.Name)
	return slices.ContainsFunc(trial.problems, func(p Problem) bool { return p.Origin.Kind == Unset })
}

func merged(layers []layer) *node {
	var n *node
	for _, l := range slices.Backward(layers) {
		n = merge(n, l.node)
	}
	return n
}

// layers are the sources that say something, strongest first. What a file declares is
// evaluated only where it can count.
func (r *resolver) layers(s *setting) []layer {
	var out []layer
	add := func(l layer) {
		if l.origin.Kind != "" {
			out = append(out, l)
		}
	}
	add(r.flags(s))
	for _, v := range r.variables {
		add(r.fromVariables(s, v))
	}
	add(r.fromSecrets(s))
	add(r.fromProgram(s))
	if x, ok := s.decl.Profiles[r.sources.Profile]; ok && r.sources.Profile != "" {
		add(r.fromExpr(s, &x, Origin{Kind: Profile, Name: r.sources.Profile}, len(out) == 0))
	}
	if s.decl.Default != nil {
		add(r.fromExpr(s, s.decl.Default, Origin{Kind: Default}, len(out) == 0))
	}
	return out
}

// fromProgram says only that there is one: it is run when it is asked for.
func (r *resolver) fromProgram(s *setting) layer {
	if s.decl.Exec == nil {
		return layer{}
	}
	return layer{origin: Origin{Kind: Exec, Name: "from exec"}}
}

func (r *resolver) fromExpr(s *setting, x *plan.Expr, o Origin, wins bool) layer {
	if !wins && !parted(s.typ) {
		return layer{origin: o}
	}
	v, err := evaluate(r.ctx, x, evaluation{want: s.typ, types: r.sources.Types, host: r.sources.Host})
	if err != nil {
		return layer{faulty(s.unevaluated(o.Kind, err, o)), o}
	}
	return layer{valueNode(v, o), o}
}

// settle makes the value of what was found, and checks it.
func (r *resolver) settle(s *setting) {
	v := s.build(s.typ, s.found, s.decl.Name)
	r.constrainFields(s, v)
	if len(s.problems) > 0 || v == nil {
		return
	}
	if _, none := v.(value.None); !none {
		r.constrain(s, v)
	}
	if len(s.problems) == 0 {
		s.value = v
	}
}
