package expr

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/decls"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// Functions says which functions beyond CEL's a scope has.
type Functions uint8

const (
	// Repo has glob, text, json, yaml of repository files and git.changed.
	Repo Functions = 1 << iota
	// Attempt has file, dir, files, text, json, yaml, junit and gotest of an attempt's workspace.
	Attempt
	// Steps has succeeded(x), failed(x) and skipped(x).
	Steps
)

// Var is what a scope knows of a name.
type Var struct {
	Type *types.Type
	// Step says that succeeded(x), failed(x) and skipped(x) may name it.
	Step bool
	// Why explains an optional step: the guard that may skip it, for maybe-skipped.
	Why *Why
	// Broken silences everything that follows from the name.
	Broken bool
	// Value is what a let names, as it is read in the scope In; nil for other names.
	Value ast.Expr
	In    *Scope
}

// Why is the place that makes a step's result optional, and how to say so: "when go", "allow_failure".
type Why struct {
	File *source.File
	Span source.Span
	Text string
}

// Scope is the names that an expression may use. A child shadows its parent.
// A scope is read concurrently once it is filled.
type Scope struct {
	parent    *Scope
	functions Functions
	vars      vars
	records   map[string]*types.Type
	registry  *registry
	content   types.Label // of what text, json, yaml, junit and gotest read

	mu     sync.Mutex
	env    *checker.Env // what CEL's checker knows of this scope; nil until it is asked for
	onTop  *checker.Env // the parent's environment that env was made on
	inside map[string]bool
}

// NewScope is an empty scope with CEL's own functions and those given.
func NewScope(f Functions) *Scope {
	return &Scope{functions: f, registry: newRegistry()}
}

// Has says that the scope has functions beyond CEL's.
func (s *Scope) Has(f Functions) bool { return s.functions&f == f }

// Child inherits everything, and has the functions given besides.
func (s *Scope) Child(f Functions) *Scope {
	return &Scope{parent: s, functions: s.functions | f, registry: s.registry}
}

// ChildFor is Child for so many names.
func (s *Scope) ChildFor(f Functions, names int) *Scope {
	c := s.Child(f)
	c.vars.reserve(names)
	return c
}

// ChildWith is Child with names of its own, which are valid and few.
func (s *Scope) ChildWith(f Functions, own Names) *Scope {
	c := s.Child(f)
	c.vars = vars{list: own.list, shared: true}
	return c
}

// Declare adds or shadows a name.
func (s *Scope) Declare(name string, v Var) {
	if v.Type == nil || v.Type.Kind == types.Invalid {
		v.Type, v.Broken = types.InvalidType, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vars.set(name, v)
	if s.env == nil {
		return
	}
	if s.inside[name] {
		s.env = nil // CEL's checker cannot forget a name
		return
	}
	s.tell(name, v)
}

// LabelContent qualifies what text, json and yaml read in this scope and its children, and the
// texts of reports, but not their counts.
func (s *Scope) LabelContent(l types.Label) { s.content |= l }

// contentLabels are those of a function that looks outside.
func (s *Scope) contentLabels(function string) (l types.Label) {
	switch function {
	case "text", "json", "yaml", "junit", "gotest":
		for ; s != nil; s = s.parent {
			l |= s.content
		}
	}
	return l
}

// DeclareRecord makes Name{…} build records of type t; name may be dotted.
func (s *Scope) DeclareRecord(name string, t *types.Type) {
	if s.records == nil {
		s.records = map[string]*types.Type{}
	}
	s.records[name] = t
}

// Lookup finds a name here or in a parent.
func (s *Scope) Lookup(name string) (Var, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars.get(name); ok {
			return v, true
		}
	}
	return Var{}, false
}

func (s *Scope) lookupRecord(name string) (*types.Type, bool) {
	for ; s != nil; s = s.parent {
		if t, ok := s.records[name]; ok {
			return t, true
		}
	}
	return nil, false
}

// names of everything in scope, for suggestions; some may be there twice.
func (s *Scope) names() []string {
	n := 0
	for at := s; at != nil; at = at.parent {
		n += len(at.vars.list)
	}
	all := make([]string, 0, n)
	for ; s != nil; s = s.parent {
		for i := range s.vars.list {
			all = append(all, s.vars.list[i].name)
		}
	}
	return all
}

func (s *Scope) recordNames() []string {
	all := map[string]bool{}
	for ; s != nil; s = s.parent {
		for n := range s.records {
			all[n] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// checkerEnv is the scope as CEL's checker sees it. It is built once and grows with Declare.
func (s *Scope) checkerEnv() *checker.Env {
	if s == nil {
		return nil
	}
	below := s.parent.checkerEnv()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.env != nil && s.onTop == below {
		return s.env
	}
	s.onTop = below
	if below == nil {
		below = declarations().base
	}
	s.env, s.inside = newCheckerEnv(below, s.registry), make(map[string]bool, len(s.vars.list))
	for _, v := range s.vars.list {
		s.tell(v.name, v.Var)
	}
	return s.env
}

// The names that stand for more than one thing to CEL: the content of an optional, and a step's status.
const (
	plainMark  = "@"
	statusMark = "@status"
)

// tell declares a name to CEL's checker: as itself, as its content where it is optional, and its
// status where it is a step. The caller holds the lock.
func (s *Scope) tell(name string, v Var) {
	s.inside[name] = true
	declared := []*decls.VariableDecl{decls.NewVariable(name, s.registry.cel(v.Type))}
	if v.Type.Kind == types.Optional {
		declared = append(declared, decls.NewVariable(name+plainMark, s.registry.cel(v.Type.Elem)))
	}
	if v.Step {
		declared = append(declared, decls.NewVariable(name+statusMark, celtypes.StringType))
	}
	if err := s.env.AddIdents(declared...); err != nil {
		panic("declared twice: " + err.Error())
	}
}
