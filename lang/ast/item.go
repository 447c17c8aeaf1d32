package ast

// Item is one line of a body: an attribute of an op, a modifier of a step, a step of a pipeline.
type Item interface {
	Node
	item()
}

type (
	// Attr is a keyword with at most one value:
	// image, exec, inherit, inputs, workdir, keep, network, user, cpu, memory, pids, timeout, grace,
	// success_codes, idempotent (no value), target, and a service's own keywords (ports, ready, …).
	Attr struct {
		At
		Doc   *Doc
		Key   Name
		Value Expr // nil for idempotent
	}
	// InPlace is `in place`.
	InPlace struct {
		At
		Doc *Doc
	}
	// Run is ``run "title" `script` when CEL`` or ``run `script` on failure``.
	Run struct {
		At
		Doc       *Doc
		Title     *StringLit // nil when absent
		Script    *Script
		When      Expr // nil when absent
		OnFailure bool
	}
	// Env is `env { NAME = expr }`.
	Env struct {
		At
		Doc     *Doc
		Entries []*Assign
	}
	// Mount is `mount { "path" = value }`.
	Mount struct {
		At
		Doc     *Doc
		Entries []*MountEntry
	}
	// Cached is `cached [for D] [vary [exprs]]`.
	Cached struct {
		At
		Doc  *Doc
		For  Expr // nil when absent
		Vary Expr // nil when absent
	}
	// Service is `service NAME { attributes }`.
	Service struct {
		At
		Doc   *Doc
		Name  Name
		Items []Item
	}
	// Retry is `retry N every D [backoff F max D] [when CEL]`.
	Retry struct {
		At
		Doc     *Doc
		Count   Expr
		Every   Expr // nil when absent
		Backoff Expr // nil when absent
		Max     Expr // nil when absent
		When    Expr // nil when absent
	}
	// Return is `return EXPR`; a RecordBody may stand there.
	Return struct {
		At
		Doc   *Doc
		Value Expr
	}
	// Needs is `needs a, b, t = expr`.
	Needs struct {
		At
		Doc   *Doc
		Items []Need
	}
	// After is `after a, b`.
	After struct {
		At
		Doc   *Doc
		Steps []Name
	}
	// When is `when CEL`.
	When struct {
		At
		Doc  *Doc
		Cond Expr
	}
	// For is `for x in CEL [where CEL] [max N]`.
	For struct {
		At
		Doc   *Doc
		Var   Name
		List  Expr
		Where Expr // nil when absent
		Max   Expr // nil when absent
	}
	// Require is `require CEL else CEL`.
	Require struct {
		At
		Doc  *Doc
		Cond Expr
		Else Expr // nil when absent
	}
	// Approve is `approve CEL [when CEL]`.
	Approve struct {
		At
		Doc     *Doc
		Message Expr
		When    Expr // nil when absent
	}
	// Lock is `lock CEL [latest | reject]`.
	Lock struct {
		At
		Doc    *Doc
		Key    Expr
		Policy Name // zero, "latest" or "reject"
	}
	// AllowFailure is `allow_failure [when CEL]`.
	AllowFailure struct {
		At
		Doc  *Doc
		When Expr // nil when absent
	}
	// LetItem is a `let` inside a pipeline.
	LetItem struct{ *Let }
	// Step is `name = op(args) { modifiers }`, `op(args)` or `name = op { … }`.
	Step struct {
		At
		Doc    *Doc
		Name   Name     // for a bare call, the callee's last part, with the callee's place
		Bare   bool     // no `name =` was written
		Callee QualName // no parts for an inline op
		Args   []*Arg
		// Inline is the `op { … }` written in place; its attributes and the step's modifiers stand in Items together.
		Inline  bool
		Items   []Item // modifiers; attributes too when Inline
		HasBody bool   // braces were written
		Bad     bool   // could not be read to its end; it has been reported
	}
	// OnFailure is `on failure { … }` in a pipeline.
	OnFailure struct {
		At
		Doc   *Doc
		Items []Item
	}
	// Finally is `finally { … }` in a pipeline.
	Finally struct {
		At
		Doc   *Doc
		Items []Item
	}
	// BadItem could not be read. It has been reported.
	BadItem struct {
		At
		Name Name // the name it would have declared, when as much could be read
	}
)

func (*Attr) item()         {}
func (*InPlace) item()      {}
func (*Run) item()          {}
func (*Env) item()          {}
func (*Mount) item()        {}
func (*Cached) item()       {}
func (*Service) item()      {}
func (*Retry) item()        {}
func (*Return) item()       {}
func (*Needs) item()        {}
func (*After) item()        {}
func (*When) item()         {}
func (*For) item()          {}
func (*Require) item()      {}
func (*Approve) item()      {}
func (*Lock) item()         {}
func (*AllowFailure) item() {}
func (LetItem) item()       {}
func (*Step) item()         {}
func (*OnFailure) item()    {}
func (*Finally) item()      {}
func (*BadItem) item()      {}

// Need is one element of `needs`: a step, or a name bound to the content of an optional.
type Need struct {
	At
	Name  Name
	Value Expr // nil for a step
}

// MountEntry is `"path" = value`.
type MountEntry struct {
	At
	Path  Expr
	Value Expr
}

// Arg is one argument of a call.
type Arg struct {
	At
	Name  Name // zero for a positional argument
	Value Expr // a RecordBody may stand here
}

// Script is a code span or a fenced block.
type Script struct {
	At
	Fenced bool
	Lang   string // the interpreter after the fence; "" means sh
	Text   string // what runs: raw and dedented; a fenced block ends with "\n"
	// Lines holds the file offset of the first kept byte of each line of Text, so that
	// a place in the script can be shown in the file.
	Lines []int32
}
