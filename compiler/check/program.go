// Package check gives a loaded program its meaning: it resolves every name, types every
// expression, finds the edges between steps and what may be skipped, and says what is wrong
// and how to mend it. It knows no plan, no values from outside, and no machines.
package check

import (
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// Program is what a check knows. It is complete as far as the text allows: what is broken
// is missing or of type types.Invalid, and was reported.
type Program struct {
	Load     *load.Program
	Modules  map[*load.Module]*Module
	Entry    *Module
	Settings []*Setting
	// SettingsType is the record behind the name `settings`.
	SettingsType *types.Type
	Profiles     []*Profile
	// Shared are the programs of modules that were checked for others, too: such a module and all that it uses, without
	// an entry. Nobody changes them.
	Shared map[*load.Module]*Program
	// Remembered says that Again has left what it knows of the steps for the next check.
	Remembered bool
	// Damaged says that something was said of the program before it was checked: that it could not be read in part.
	Damaged bool
	// Stands is the same number in two checks that follow each other when all that stands around the steps is the same.
	Stands uint64
}

// Module is a checked module.
type Module struct {
	Load      *load.Module
	Types     map[string]*types.Type
	Lets      []*Let // after what they depend on
	Ops       map[string]*Op
	Pipelines map[string]*Pipeline
	Targets   map[string]*ast.Target
	// Scope is what a `let` of the module's first file may read; nil for a module without files.
	Scope *expr.Scope
	// Defaults of each file, merged into its ops already.
	Defaults map[*ast.File]*ast.Defaults
}

// Let is a named value of a file or a pipeline.
type Let struct {
	Name string
	File *ast.File
	Decl *ast.Let
	Type *types.Type
	Uses []string // names of the same scope that it refers to
	// Services are those of the pipeline that it mentions, directly or through other lets, sorted.
	Services []string
}

// Setting is a typed value from outside.
type Setting struct {
	Name string
	File *ast.File
	Decl *ast.Field
	Type *types.Type
}

// Profile is a set of overrides.
type Profile struct {
	Name    string
	File    *ast.File
	Decl    *ast.Profile
	Entries map[string]ast.Expr
}

// Param of an op or a pipeline.
type Param struct {
	Name string
	File *ast.File
	Decl *ast.Field
	Type *types.Type
	// Required is false when there is a default or the type is optional.
	Required bool

	in *file // where it is declared, while that is checked and its callers are
}

// Op is a unit of work, declared or inline.
type Op struct {
	// Name is the declared name; for an inline op, the step's name.
	Name   string
	Module *Module
	File   *ast.File
	Decl   *ast.Op   // nil for an inline op
	Inline *ast.Step // nil for a declared op
	// Since is that of its step for an inline op.
	Since  uint64
	Native bool
	Params []*Param
	Result *types.Type
	// Items are the op's own attributes after the file's defaults that it does not override.
	Items []ast.Item
	// Captures are the names of the pipeline (parameters, lets, steps) that an inline op's
	// attributes read besides its parameters, sorted; nil for a declared op.
	Captures []string
	// Scope is where the attributes' expressions are evaluated, except `return`; ReturnScope is for that.
	Scope, ReturnScope *expr.Scope

	in   *file // of a declared op
	node *node // of an inline one
}

// Pipeline is a graph of steps.
type Pipeline struct {
	Name   string
	Module *Module
	File   *ast.File
	Decl   *ast.Pipeline
	Params []*Param
	Result *types.Type
	Lets   []*Let // after what they depend on
	// Steps in the order of the text. OnFailure and Finally are graphs of their own, which may read Steps.
	Steps, OnFailure, Finally []*Step
	Return                    ast.Expr   // nil when absent
	Head                      []ast.Item // When, Require, Lock, Attr timeout and target, Service
	// Scope holds parameters, lets and steps as the return expression sees them.
	Scope *expr.Scope
	// Size is the number of steps, those of called pipelines included; at most MaxSteps.
	Size int
}

// Step is one node of a graph.
type Step struct {
	Name string
	Decl *ast.Step
	File *ast.File
	// Since is the same number in two checks that follow each other when the step is as it was, and so are the types of
	// all that it reads and all that stands around the steps; 0 where nothing is remembered. Only Again counts.
	Since uint64
	// Op or Pipeline is what the step calls; both are nil when that is broken.
	Op       *Op
	Pipeline *Pipeline
	Args     []Arg
	// Result is what one successful run gives; Type what other steps see: a list under `for`,
	// optional when the step may have no result.
	Result, Type *types.Type
	// Why says what makes Type optional; nil when it is not.
	Why *expr.Why
	// ValueEdges are the steps whose value is read, or that are needed; OrderEdges those
	// that are only waited for. Both sorted, disjoint, of the same pipeline.
	ValueEdges, OrderEdges []string
	// Services are those of the pipeline that the step mentions, directly or through lets, sorted.
	Services []string
	// Needs are the steps in `needs`, sorted: of the same graph, and in a tail of the
	// pipeline itself, too.
	Needs []string
	// Narrow are the optional steps that are plain in this step. In its `when` and its
	// bindings only those that are in Needs too, since the others are narrowed by `when`.
	Narrow []string
	// Bindings are the `needs name = expr`.
	Bindings []Binding
	// Loops are the `for`s, outermost first, with their element types.
	Loops []Loop
	// Modifiers are all modifiers in the order of the text.
	Modifiers []ast.Item
	// Scope is where arguments and modifiers are evaluated, loop variables and bindings included.
	Scope *expr.Scope

	node *node
}

// Arg is an argument bound to a parameter.
type Arg struct {
	Param *Param
	Value ast.Expr
	// At is the argument's place.
	At source.Span
}

// Binding is `needs name = expr`; Type is the content's. Always says that there is content whatever
// happens, so that the step is never skipped for it.
type Binding struct {
	Name   string
	Value  ast.Expr
	Type   *types.Type
	Always bool
}

// Loop is one `for`.
type Loop struct {
	Var  string
	Type *types.Type // of an element
	Decl *ast.For
}
