package settings

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pipelang/pipe/lang/value"
)

// Set is every setting with what was found for it. It is safe for concurrent use.
type Set struct {
	sources Sources
	mu      sync.Mutex
	all     []*setting // in declared order
	loose   []Problem

	programs map[string]*program // by their arguments
	timeout  time.Duration       // of a program; 0 is execTimeout
}

func (s *Set) find(name string) *setting {
	i := slices.IndexFunc(s.all, func(x *setting) bool { return x.decl.Name == name })
	if i < 0 {
		return nil
	}
	return s.all[i]
}

// All in declared order.
func (s *Set) All() []Resolved {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Resolved, len(s.all))
	for i, x := range s.all {
		out[i] = Resolved{Decl: x.decl, Type: x.typ, Value: x.value, Origin: x.origin, Shadows: x.shadows}
		if len(x.problems) > 0 {
			out[i].Problem = &x.problems[0]
		}
	}
	return out
}

// Known gives values that may stand in a plan: neither missing, nor invalid, nor secret.
func (s *Set) Known(name string) (value.Value, bool) {
	one := s.find(name)
	if one == nil || one.decl.Secret {
		return nil, false
	}
	return one.value, one.value != nil
}

// Value gives any value, secrets included. One that comes from a program which Fetch has not
// run is fetched now.
func (s *Set) Value(name string) (value.Value, bool) {
	one := s.find(name)
	if one == nil {
		return nil, false
	}
	if one.pending {
		s.fetch(context.Background(), one)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return one.value, one.value != nil
}

// Problems are what is wrong with the settings named, and what is wrong anyway, in declared
// order. A setting whose program has not been run has none yet.
func (s *Set) Problems(reached []string) []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.loose)
	for _, x := range s.all {
		for _, p := range x.problems {
			// Who gives a value on the command line means it.
			if p.Always || p.Origin.Kind == "flag" || slices.Contains(reached, x.decl.Name) {
				out = append(out, p)
			}
		}
	}
	return out
}

// Secrets are the texts to mask: every string in a secret setting's value, and its canonical
// JSON where it has parts. What a program gives is among them once it has been fetched, and
// texts that were refused, or hidden by a stronger source, are too.
func (s *Set) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, x := range s.all {
		if !x.decl.Secret {
			continue
		}
		out = append(out, texts(x.value)...)
		out = append(out, x.raw...)
	}
	slices.Sort(out)
	return slices.Compact(slices.DeleteFunc(out, func(t string) bool { return t == "" }))
}

// texts are the strings in a value, and how a process sees anything else.
func texts(v value.Value) []string {
	var out []string
	switch v := v.(type) {
	case nil, value.None, value.Bool:
	case value.String:
		out = append(out, string(v))
	case value.List:
		for _, x := range v {
			out = append(out, texts(x)...)
		}
	case value.Map:
		out = textsOf(v)
	case value.Record:
		out = textsOf(v)
	case value.JSON:
		out = dataTexts(v.Data)
	default:
		if t, ok := value.Env(v); ok {
			out = append(out, t)
		}
	}
	return out
}

func textsOf(m map[string]value.Value) []string {
	var out []string
	for _, v := range m {
		out = append(out, texts(v)...)
	}
	return out
}

func dataTexts(d any) []string {
	var out []string
	switch d := d.(type) {
	case string:
		out = append(out, d)
	case []any:
		for _, x := range d {
			out = append(out, dataTexts(x)...)
		}
	case map[string]any:
		for _, x := range d {
			out = append(out, dataTexts(x)...)
		}
	}
	return out
}

// rawTexts are the strings that sources gave, whether or not they made a value.
func (n *node) rawTexts() []string {
	if n == nil {
		return nil
	}
	out := slices.Clone(n.texts)
	if n.text != nil {
		out = append(out, *n.text)
	}
	if n.data != nil {
		out = append(out, dataTexts(n.data.Data)...)
	}
	for _, f := range n.fields {
		out = append(out, f.rawTexts()...)
	}
	return append(out, texts(n.value)...)
}
