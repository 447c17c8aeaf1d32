package lint

import (
	"slices"
	"sync"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Shared keeps what lints of several programs found out about the modules that check.Shared keeps for them. The zero
// value knows nothing. It is safe for concurrent use, by lints with the same options.
type Shared struct {
	mu      sync.Mutex
	modules map[*check.Module]*moduleFacts
}

// moduleFacts are what is known of a module, whoever uses it. Nobody changes them once they are found.
type moduleFacts struct {
	once  sync.Once
	found diag.List // by the rules that need not look around it
	kinds map[*check.Op]kind
	read  map[*check.Op][]*script
	used  *mentions
}

func (s *Shared) of(m *check.Module) *moduleFacts {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.modules[m]
	if f == nil {
		if s.modules == nil {
			s.modules = map[*check.Module]*moduleFacts{}
		}
		f = new(moduleFacts)
		s.modules[m] = f
	}
	return f
}

// share lets the pass use what is known of the program's modules, which is found out first where nobody has yet. One
// with an error in it is looked at here: rules hold back what follows from an error.
func (p *pass) share() *pass {
	if p.options.Shared == nil || p.options.Beside {
		return p
	}
	amiss := p.amiss()
	for _, l := range p.program.Load.Modules {
		alone := p.program.Shared[l]
		if alone == nil || l.Std || slices.ContainsFunc(l.Files, func(f *ast.File) bool { return amiss[f.Source] }) {
			continue
		}
		if p.shared == nil {
			p.shared = map[*check.Module]*moduleFacts{}
		}
		m := alone.Modules[l]
		f := p.options.Shared.of(m)
		f.once.Do(func() { f.find(p, alone, m) })
		if f.used != nil {
			p.shared[m] = f
		}
	}
	return p
}

// amiss are the files in which an error has been found so far.
func (p *pass) amiss() map[*source.File]bool {
	out := map[*source.File]bool{}
	p.diags.Each(func(d *diag.Diagnostic) {
		if d.Severity == diag.Error {
			out[d.File] = true
		}
	})
	return out
}

// find lints a module with nothing around it but what it uses.
func (f *moduleFacts) find(p *pass, alone *check.Program, m *check.Module) {
	o := p.options
	o.Memory = nil
	own := newPass(alone, o, p.rules, &f.found)
	own.used = newMentions() // of the module alone: those that it uses have their own
	own.mentionsOf(m.Load)
	var rules []rule
	for _, r := range p.rules {
		if !r.around {
			rules = append(rules, r)
		}
	}
	own.module(m, rules)
	for _, o := range own.ops {
		own.kindOf(o)
		own.scripts(o)
	}
	f.kinds, f.read, f.used = own.kinds, own.read, own.used
}

// rulesOf are those by which a module is still to be looked at.
func (p *pass) rulesOf(m *check.Module) []rule {
	if p.shared[m] == nil {
		return p.rules
	}
	if p.around == nil {
		p.around = []rule{}
		for _, r := range p.rules {
			if r.around {
				p.around = append(p.around, r)
			}
		}
	}
	return p.around
}

// factsOf are those of an op's module; nil where it is not shared.
func (p *pass) factsOf(o *check.Op) *moduleFacts { return p.shared[o.Module] }

func (f *moduleFacts) kind(o *check.Op) (k kind, known bool) {
	if f != nil {
		k, known = f.kinds[o]
	}
	return k, known
}

func (f *moduleFacts) scripts(o *check.Op) (s []*script, known bool) {
	if f != nil {
		s, known = f.read[o]
	}
	return s, known
}
