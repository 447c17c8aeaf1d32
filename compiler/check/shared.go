package check

import (
	"maps"
	"sync"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

// Shared keeps modules once they are checked, for the programs of one load.Cache that use them: what a module means
// does not depend on who uses it. The zero value has none. It is safe for concurrent use.
type Shared struct {
	mu      sync.Mutex
	modules map[*load.Module]*sharedModule
}

// sharedModule is a module that was checked with nobody around it but what it uses.
type sharedModule struct {
	once  sync.Once
	is    *module
	alone *Program
	diags diag.List // before they are explained
}

func (s *Shared) of(l *load.Module) *sharedModule {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.modules[l]
	if m == nil {
		if s.modules == nil {
			s.modules = map[*load.Module]*sharedModule{}
		}
		m = new(sharedModule)
		s.modules[l] = m
	}
	return m
}

// sharedModule takes a module from those that are shared; it is false for one that is not.
func (c *checker) sharedModule(l *load.Module) bool {
	if c.shared == nil || !l.Shared || l == c.out.Load.Entry || !c.usesShared(l) {
		return false
	}
	s := c.shared.of(l)
	s.once.Do(func() { s.check(c, l) })
	if s.is == nil || !maps.Equal(s.alone.Load.Config.Pools, c.out.Load.Config.Pools) {
		return false
	}
	if c.out.Shared == nil {
		c.out.Shared = map[*load.Module]*Program{}
	}
	c.modules[l], c.out.Modules[l], c.out.Shared[l] = s.is, s.is.out, s.alone
	c.asks = c.asks || s.is.asks
	c.diags.AppendCopy(&s.diags)
	return true
}

// usesShared says that the modules that one uses are shared, and so are all that those use.
func (c *checker) usesShared(l *load.Module) bool {
	for _, file := range l.Uses {
		for _, i := range file {
			if i.Module == nil || c.out.Shared[i.Module] == nil {
				return false
			}
		}
	}
	return true
}

// check checks a module with those that it uses, which the program of c has checked.
func (s *sharedModule) check(c *checker, l *load.Module) {
	p := &load.Program{Root: c.out.Load.Root, Config: c.out.Load.Config, Lock: c.out.Load.Lock}
	own := newChecker(p, &s.diags) // on all processors: who waits for the module needs none
	own.asks = c.asks
	uses := map[*load.Module]bool{}
	behind(l, uses)
	for _, m := range c.out.Load.Modules {
		if uses[m] {
			p.Modules = append(p.Modules, m)
			own.modules[m], own.out.Modules[m] = c.modules[m], c.out.Modules[m]
		}
	}
	p.Modules = append(p.Modules, l)
	own.module(l)
	portability{own.out, own.diags}.module(own.out.Modules[l])
	s.is, s.alone = own.modules[l], own.out
}

// behind takes in the modules that one uses, directly or through others.
func behind(l *load.Module, into map[*load.Module]bool) {
	for _, file := range l.Uses {
		for _, i := range file {
			if !into[i.Module] {
				into[i.Module] = true
				behind(i.Module, into)
			}
		}
	}
}
