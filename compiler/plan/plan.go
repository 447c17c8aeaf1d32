// Package plan is the audited artifact between compiler and runtime: what will run, as data.
// Its JSON is canonical and carries a digest over all of it. It knows neither how a plan is
// made nor how it is run.
package plan

import (
	"encoding/json"

	"github.com/pipelang/pipe/lang/types"
)

// Version is the value of Plan.Schema.
const Version = "pipe.plan/v1"

// Language is the version of the language that this compiler speaks.
const Language = "0.1"

// Plan is one pipeline with its parameters, settings and every step.
type Plan struct {
	Schema   string `json:"schema"`
	Language string `json:"language"` // version of the language, "0.1"
	Pipeline string `json:"pipeline"`
	Doc      string `json:"doc,omitempty"`
	Profile  string `json:"profile,omitempty"`
	// Entry is the entry module's path relative to the root.
	Entry   string   `json:"entry"`
	Sources []Source `json:"sources"` // by path
	// Types are the named records that appear anywhere in the plan, by ID.
	Types    map[string]RecordType `json:"types,omitempty"`
	Settings []Setting             `json:"settings,omitempty"` // those that the plan reaches, in declared order
	Params   []Param               `json:"params,omitempty"`   // the pipeline's, with their values
	// Late names what is captured once at start: "git", "run", "ci", "repository".
	Late    []string      `json:"late,omitempty"`
	Modules []Module      `json:"modules,omitempty"` // by ID; those with lets
	Ops     map[string]Op `json:"ops,omitempty"`     // by ID
	// Pins are the digests of images by name, for names that only the run knows; absent where
	// there is no such name. A name that is known carries its digest: "python:3@sha256:…".
	Pins map[string]string `json:"pins,omitempty"`
	// Targets are the declared places that steps name, by that name.
	Targets map[string]Target `json:"targets,omitempty"`
	// Pools are the slots of the pools that ops and steps name: how many attempts hold one at a time.
	Pools   map[string]int `json:"pools,omitempty"`
	Graph   Graph          `json:"graph"`
	Effects Effects        `json:"effects"`
	// Digest is "sha256:" and the hex digest of the canonical JSON with this field empty.
	Digest string `json:"digest"`
}

// Source is a file that the plan was made of.
type Source struct {
	Path   string `json:"path"` // relative to the root, or std/NAME
	Digest string `json:"digest"`
}

// Type is a type as text, in the language's own form; named records stand by ID.
type Type = types.Text

// RecordType is a named record.
type RecordType struct {
	Name string `json:"name"`
	// Module is where the conditions of its fields are evaluated; absent when there are none.
	Module string  `json:"module,omitempty"`
	Fields []Field `json:"fields"`
}

// Field of a record.
type Field struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// HasDefault says that a record may leave the field out; Default is what fills it in, where
	// that is known.
	HasDefault bool            `json:"has_default,omitempty"`
	Default    json.RawMessage `json:"default,omitempty"`
	// Where sees the field's value as `self`, and functions; Else is the message when it does not hold.
	Where *Expr `json:"where,omitempty"`
	Else  *Expr `json:"else,omitempty"`
}

// Expr is a value where it is known and CEL where it is late; exactly one of the two is set.
type Expr struct {
	Value json.RawMessage `json:"value,omitempty"` // canonical JSON of a value.Value
	CEL   string          `json:"cel,omitempty"`
	At    string          `json:"at,omitempty"` // file:line:column, for CEL
	// Text is a condition as it was written, where its value is known already.
	Text string `json:"text,omitempty"`
}

// Setting is a value from outside that the plan reaches. A secret has no value here.
type Setting struct {
	Name   string          `json:"name"`
	Type   Type            `json:"type"`
	Secret bool            `json:"secret,omitempty"`
	Value  json.RawMessage `json:"value,omitempty"` // absent for a secret and for an unset optional
	// Source is the kind of source that won: "flag", "environment", "dotenv", "file", "profile", "default", "unset".
	// It is not part of the digest's meaning and therefore not in the plan.
	Variable string `json:"variable,omitempty"`
	// Required says that a reachable step needs it.
	Required bool `json:"required,omitempty"`
}

// Param is a parameter with the value it has in this plan, or its declaration only.
type Param struct {
	Name  string `json:"name"`
	Type  Type   `json:"type"`
	Value *Expr  `json:"value,omitempty"`
	// Where sees the value as `self`; Else is the message when it does not hold.
	Where *Expr `json:"where,omitempty"`
	Else  *Expr `json:"else,omitempty"`
}

// Module is a namespace's values, as late expressions of its ops and graphs see them.
type Module struct {
	ID     string `json:"id"`
	Folder string `json:"folder,omitempty"` // that its relative paths start from
	Lets   []Let  `json:"lets,omitempty"`   // after what they depend on
	// Records are the record types that its expressions build: name as written to ID.
	Records map[string]string `json:"records,omitempty"`
}

// Let is a named value.
type Let struct {
	Name  string `json:"name"`
	Type  Type   `json:"type"`
	Value Expr   `json:"value"`
	// Services are those of the graph that it mentions: it has another value for a step in a
	// container than for one on a machine.
	Services []string `json:"services,omitempty"`
}

// Op is a unit of work. Its expressions see its parameters, its module's lets and the globals.
type Op struct {
	Name   string `json:"name"`
	Doc    string `json:"doc,omitempty"`
	Module string `json:"module"`
	At     string `json:"at"`
	Folder string `json:"folder,omitempty"` // that its relative paths start from
	Native bool   `json:"native,omitempty"`
	// Inline says that the op was written in its one step: its expressions see what the step's do.
	Inline bool    `json:"inline,omitempty"`
	Params []Param `json:"params,omitempty"` // Value is the default
	Result Type    `json:"result"`

	Image        *Expr       `json:"image,omitempty"`
	Runs         []Run       `json:"runs,omitempty"`
	Exec         *Expr       `json:"exec,omitempty"`
	Env          []NamedExpr `json:"env,omitempty"`
	Inherit      []string    `json:"inherit,omitempty"`
	Inputs       *Expr       `json:"inputs,omitempty"` // list of globs; nil is the whole tree
	Mounts       []Mount     `json:"mounts,omitempty"`
	Workdir      *Expr       `json:"workdir,omitempty"`
	InPlace      bool        `json:"in_place,omitempty"`
	Cached       *Cached     `json:"cached,omitempty"`
	Keep         *Expr       `json:"keep,omitempty"`
	Services     []Service   `json:"services,omitempty"`
	Network      *Expr       `json:"network,omitempty"`
	User         *Expr       `json:"user,omitempty"`
	CPU          *Expr       `json:"cpu,omitempty"`
	Memory       *Expr       `json:"memory,omitempty"`
	PIDs         *Expr       `json:"pids,omitempty"`
	Capabilities []string    `json:"capabilities,omitempty"` // of a container, beyond none
	Timeout      *Expr       `json:"timeout,omitempty"`
	Grace        *Expr       `json:"grace,omitempty"`
	Retry        *Retry      `json:"retry,omitempty"`
	SuccessCodes *Expr       `json:"success_codes,omitempty"`
	Idempotent   bool        `json:"idempotent,omitempty"`
	Target       *Expr       `json:"target,omitempty"`
	Pool         string      `json:"pool,omitempty"`
	Return       *Expr       `json:"return,omitempty"`
}

// Run is one script.
type Run struct {
	Title       string `json:"title,omitempty"`
	Interpreter string `json:"interpreter"` // "sh" when the file names none
	Script      string `json:"script"`
	At          string `json:"at"`
	When        *Expr  `json:"when,omitempty"`
	OnFailure   bool   `json:"on_failure,omitempty"`
}

// NamedExpr is an entry of env, or a step's argument or binding.
type NamedExpr struct {
	Name  string `json:"name"`
	Type  Type   `json:"type,omitempty"` // what it is evaluated as
	Value Expr   `json:"value"`
	// From is the folder, "/" for the root, that a late path is relative to, where that is not
	// the folder of what is called; Anchor makes it start at the root. Values are so already.
	From string `json:"from,omitempty"`
}

// Mount puts a value at a path of the workspace.
type Mount struct {
	Path  Expr   `json:"path"`
	Value *Expr  `json:"value,omitempty"`
	Type  Type   `json:"type,omitempty"`
	Cache string `json:"cache,omitempty"` // the name of cache("name"), instead of a value
}

// Cached asks for a cache.
type Cached struct {
	For  *Expr `json:"for,omitempty"`
	Vary *Expr `json:"vary,omitempty"`
	// Secret says that Vary holds a secret: its parts enter a key as fingerprints.
	Secret bool `json:"secret,omitempty"`
}

// Service runs beside an op or a pipeline.
type Service struct {
	Name  string      `json:"name"`
	At    string      `json:"at"`
	Attrs []NamedExpr `json:"attrs,omitempty"`
	Runs  []Run       `json:"runs,omitempty"`
	Env   []NamedExpr `json:"env,omitempty"`
}

// Target is a declared place.
type Target struct {
	Kind  string      `json:"kind"` // host or docker
	At    string      `json:"at"`
	Attrs []NamedExpr `json:"attrs,omitempty"`
}

// Retry says how often and when to try again.
type Retry struct {
	Count   Expr  `json:"count"` // further attempts
	Every   *Expr `json:"every,omitempty"`
	Backoff *Expr `json:"backoff,omitempty"`
	Max     *Expr `json:"max,omitempty"`
	When    *Expr `json:"when,omitempty"`
}

// Graph is steps that run together: a pipeline, or a pipeline called as a step.
type Graph struct {
	Name   string `json:"name"`
	Module string `json:"module"`
	At     string `json:"at"`
	// Params of a pipeline called as a step; the step's Args hold their values, defaults included.
	Params    []Param   `json:"params,omitempty"`
	Lets      []Let     `json:"lets,omitempty"`
	When      []Expr    `json:"when,omitempty"`
	Require   []Require `json:"require,omitempty"`
	Locks     []Lock    `json:"locks,omitempty"`
	Timeout   *Expr     `json:"timeout,omitempty"`
	Target    *Expr     `json:"target,omitempty"`
	Services  []Service `json:"services,omitempty"`
	Steps     []Step    `json:"steps"` // in the order of the text
	OnFailure []Step    `json:"on_failure,omitempty"`
	Finally   []Step    `json:"finally,omitempty"`
	Return    *Expr     `json:"return,omitempty"`
	Result    Type      `json:"result"`
}

// Step is one node of a graph.
type Step struct {
	Path string `json:"path"` // unique in the plan: names joined with "/"
	Name string `json:"name"` // as expressions of the same graph call it
	Doc  string `json:"doc,omitempty"`
	At   string `json:"at"`
	// Op names an entry of Plan.Ops; Graph is set instead for a pipeline called as a step.
	Op    string `json:"op,omitempty"`
	Graph *Graph `json:"graph,omitempty"`
	// Args are the arguments and the known defaults. A default that is late stands with the
	// parameter alone, since it sees what its own file declares.
	Args []NamedExpr `json:"args,omitempty"`
	// Result is what one successful run gives; Type what other steps see.
	Result Type `json:"result"`
	Type   Type `json:"type"`

	Needs        []string      `json:"needs,omitempty"`
	Bindings     []NamedExpr   `json:"bindings,omitempty"` // needs name = expr; Type is the content's
	After        []string      `json:"after,omitempty"`
	When         []Guard       `json:"when,omitempty"`
	For          []Loop        `json:"for,omitempty"` // outermost first
	Require      []Require     `json:"require,omitempty"`
	Approve      *Approve      `json:"approve,omitempty"`
	Locks        []Lock        `json:"locks,omitempty"`
	AllowFailure *AllowFailure `json:"allow_failure,omitempty"`
	Retry        *Retry        `json:"retry,omitempty"`
	Timeout      *Expr         `json:"timeout,omitempty"`
	Target       *Expr         `json:"target,omitempty"`
	Pool         string        `json:"pool,omitempty"` // instead of the op's

	// ValueEdges are steps whose value is read, or that are needed; OrderEdges are only waited for.
	ValueEdges []string `json:"value_edges,omitempty"`
	OrderEdges []string `json:"order_edges,omitempty"`
	// Services are those of the graph that the step's expressions mention, lets included.
	Services []string `json:"services,omitempty"`
	// Narrow are optional steps that are plain in this step's expressions; in `when` and in the
	// bindings only those that are in Needs too.
	Narrow []string `json:"narrow,omitempty"`
	// Never says that a guard is already false: the step will be skipped and needs nothing. Of
	// such a step nothing else was looked at; its op may be missing from the plan.
	Never bool `json:"never,omitempty"`
	// Gaps says that a guard which names a loop variable is false already, whatever the element:
	// each instance of the `for` will be skipped, and the step succeeds with a list of gaps. Of
	// such a step only what it needs, its guards and its lists were looked at.
	Gaps bool `json:"gaps,omitempty"`
}

// Idle reports that no attempt of the step will ever start.
func (s *Step) Idle() bool { return s.Never || s.Gaps }

// Guard is a `when`. Instance says that it names a loop variable and is asked for each instance.
type Guard struct {
	Expr
	Instance bool `json:"instance,omitempty"`
}

// Loop is one `for`.
type Loop struct {
	Var   string `json:"var"`
	Type  Type   `json:"type"` // of an element
	List  Expr   `json:"list"`
	Where *Expr  `json:"where,omitempty"`
	Max   *Expr  `json:"max,omitempty"` // instances at a time
}

// Require is a condition with its message.
type Require struct {
	Cond Expr  `json:"cond"`
	Else *Expr `json:"else,omitempty"`
}

// Approve waits for a person.
type Approve struct {
	Message Expr  `json:"message"`
	When    *Expr `json:"when,omitempty"`
}

// Lock is held by one run at a time.
type Lock struct {
	Key    Expr   `json:"key"`
	Policy string `json:"policy,omitempty"` // "", "latest", "reject"
}

// AllowFailure keeps the run green.
type AllowFailure struct {
	When *Expr `json:"when,omitempty"`
}

// Effects says what the whole plan reads and changes, sorted and without repetition.
type Effects struct {
	Files   []string `json:"files,omitempty"`   // globs of repository files, "**" for a whole tree
	Secrets []string `json:"secrets,omitempty"` // names of settings
	Inherit []string `json:"inherit,omitempty"` // environment variables
	Images  []string `json:"images,omitempty"`
	// Network says that a step runs programs that nothing keeps from the network.
	Network bool `json:"network,omitempty"`
	// Changes: "repository" when a step runs in place.
	Changes []string `json:"changes,omitempty"`
}
