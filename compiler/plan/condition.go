package plan

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// Condition is what a field of a named record asks of its value.
type Condition struct {
	Where *Expr // sees the value as `self`
	Else  *Expr // nil without a message
	// Module is the ID of the module that declares it; Records are the record types that it
	// builds, name as written to ID.
	Module  string
	Records map[string]string
}

// Folder is what the condition's relative paths start from, "" for the root.
func (c *Condition) Folder() string {
	file, _, _ := strings.Cut(c.Where.At, ":")
	if dir := path.Dir(file); dir != "." {
		return dir
	}
	return ""
}

// Conditions are those of all named records. A nil one has none. It is safe for concurrent use.
type Conditions struct {
	fields map[string]map[string]*Condition // by record ID and field
	reach  sync.Map                         // *types.Type to bool
}

// NewConditions collects what records, by ID, ask of their fields. modules are those that the
// conditions stand in.
func NewConditions(records map[string]RecordType, modules []Module) *Conditions {
	c := &Conditions{fields: map[string]map[string]*Condition{}}
	for id, r := range records {
		for _, f := range r.Fields {
			if f.Where != nil {
				c.add(id, f.Name, &Condition{Where: f.Where, Else: f.Else, Module: r.Module, Records: namesIn(modules, r.Module)})
			}
		}
	}
	return c
}

func (c *Conditions) add(id, field string, x *Condition) {
	if c.fields[id] == nil {
		c.fields[id] = map[string]*Condition{}
	}
	c.fields[id][field] = x
}

func namesIn(modules []Module, id string) map[string]string {
	i := slices.IndexFunc(modules, func(m Module) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return modules[i].Records
}

// Part is the value of a field with a condition, somewhere inside a value.
type Part struct {
	*Condition
	Path  string // ".servers[2].port"; a key of a secret map is "…"
	Type  *types.Type
	Value value.Value
	// Secret says that the value may stand in no message.
	Secret bool
}

// In gives the parts of a value of type t that have a condition, inner ones first, in the order of
// the declarations. What is absent is not among them.
func (c *Conditions) In(v value.Value, t *types.Type) iter.Seq[Part] {
	return func(yield func(Part) bool) {
		if c.reaches(t) {
			c.walk(v, t, place{}, yield)
		}
	}
}

// reaches reports whether values of a type can have such parts; types are asked once.
func (c *Conditions) reaches(t *types.Type) bool {
	if c == nil || len(c.fields) == 0 || t == nil {
		return false
	}
	if known, ok := c.reach.Load(t); ok {
		return known.(bool)
	}
	found := c.search(t, map[*types.RecordInfo]bool{})
	c.reach.Store(t, found)
	return found
}

func (c *Conditions) search(t *types.Type, seen map[*types.RecordInfo]bool) bool {
	switch {
	case t.Elem != nil:
		return c.search(t.Elem, seen)
	case t.Record == nil || seen[t.Record]:
		return false
	case c.fields[t.Record.ID] != nil:
		return true
	}
	seen[t.Record] = true
	return slices.ContainsFunc(t.Record.Fields, func(f types.Field) bool { return c.search(f.Type, seen) })
}

// place is where a walk stands.
type place struct {
	path   string
	secret bool
}

func (p place) in(part string) place { return place{p.path + part, p.secret} }

func (p place) key(k string) place {
	if p.secret {
		k = "…"
	}
	return p.in("." + k)
}

// walk goes through a value beside its type, as far as conditions reach. It is false when
// nobody wants more.
func (c *Conditions) walk(v value.Value, t *types.Type, at place, yield func(Part) bool) bool {
	if !c.reaches(t) {
		return true
	}
	at.secret = at.secret || t.Labels&types.Secret != 0
	if t.Kind == types.Optional {
		return c.walk(v, t.Elem, at, yield)
	}
	switch v := v.(type) {
	case value.List:
		for i := range v {
			if !c.walk(v[i], t.Elem, at.in(fmt.Sprintf("[%d]", i)), yield) {
				return false
			}
		}
	case value.Map:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if !c.walk(v[k], t.Elem, at.key(k), yield) {
				return false
			}
		}
	case value.Record:
		return c.walkRecord(v, t, at, yield)
	}
	return true
}

func (c *Conditions) walkRecord(v value.Record, t *types.Type, at place, yield func(Part) bool) bool {
	own := c.fields[t.Record.ID]
	for _, f := range t.Record.Fields {
		x := v[f.Name]
		if _, none := x.(value.None); none || x == nil {
			continue
		}
		inner := at.in("." + f.Name)
		if !c.walk(x, f.Type, inner, yield) {
			return false
		}
		if asks := own[f.Name]; asks != nil {
			secret := at.secret || f.Type.DeepLabels()&types.Secret != 0
			if !yield(Part{Condition: asks, Path: inner.path, Type: f.Type, Value: x, Secret: secret}) {
				return false
			}
		}
	}
	return true
}

// UnmetError says that a part of a value breaks its condition.
type UnmetError struct {
	Path    string // as Part has it
	Message string // what `else` says, or the condition
}

// Error is such as "servers[2].port: must be a TCP port".
func (e *UnmetError) Error() string { return strings.TrimPrefix(e.Path, ".") + ": " + e.Message }

var errSecretCondition = errors.New("its condition cannot be evaluated")

// Ask asks the condition of the part; eval evaluates with the part's value as `self`. The error
// is an *UnmetError, or eval's with the part's path. It never quotes a secret: of such a part
// eval's own error is left out, and a message that is not a plain string is not evaluated.
func (p Part) Ask(eval func(x *Expr, want *types.Type) (value.Value, error)) error {
	holds, err := eval(p.Where, types.BoolType)
	switch {
	case err != nil && p.Secret:
		return fmt.Errorf("%s: %w", strings.TrimPrefix(p.Path, "."), errSecretCondition)
	case err != nil:
		return fmt.Errorf("%s: %w", strings.TrimPrefix(p.Path, "."), err)
	case holds == value.Bool(true):
		return nil
	}
	return &UnmetError{Path: p.Path, Message: p.complaint(eval)}
}

func (p Part) complaint(eval func(*Expr, *types.Type) (value.Value, error)) string {
	if p.Else != nil && (p.Else.CEL == "" || !p.Secret) {
		if said, err := eval(p.Else, types.StringType); err == nil {
			text, _ := value.Env(said)
			return text
		}
	}
	return "must satisfy " + cmp.Or(clean(p.Where.Text), p.Where.String())
}
