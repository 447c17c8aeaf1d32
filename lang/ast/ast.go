// Package ast is the syntax of pipe as plain data: one node type for each thing
// that a file can hold, with exact spans, and a way to walk them.
// It knows no grammar, no types and no names' meanings. Nodes are made by
// lang/parser only and never changed after; a part that could not be read is a Bad node.
package ast

import "github.com/pipelang/pipe/lang/source"

// Node is any piece of syntax.
type Node interface {
	// Span is the range of the node's text, without comments and documentation around it.
	Span() source.Span
}

// At is embedded by nodes to hold their span.
type At struct{ Range source.Span }

// Span implements Node.
func (a At) Span() source.Span { return a.Range }

// Name is an identifier with its place. The zero Name stands for one that is absent.
type Name struct {
	Text string
	At
}

// QualName is a dotted name: namespace.name, or name alone.
type QualName struct {
	Parts []Name // at least one
	At
}

// String is the name with its dots.
func (q QualName) String() string {
	s := ""
	for i, p := range q.Parts {
		if i > 0 {
			s += "."
		}
		s += p.Text
	}
	return s
}

// Doc is a block of /// lines.
type Doc struct {
	Text string // without the slashes, lines joined with "\n"
	At
}

// Comment is one // line, where it stands.
type Comment struct {
	Text string // with its slashes, without the line break
	At
}

// File is a whole file.
type File struct {
	Source   *source.File
	Doc      *Doc // a /// block followed by a blank line at the head of the file
	Decls    []Decl
	Comments []Comment // every // comment, in order; documentation is with its node
}

// Span is the whole text.
func (f *File) Span() source.Span { return source.Span{End: int32(len(f.Source.Text))} }

// Decl is a declaration in a file.
type Decl interface {
	Node
	decl()
}

type (
	// Use is `use "std/test" as t`.
	Use struct {
		At
		Doc   *Doc
		Path  *StringLit
		Alias Name // zero when absent
	}
	// Settings is `settings { fields }`.
	Settings struct {
		At
		Doc    *Doc
		Fields []*Field
	}
	// Profile is `profile NAME { setting = expr }`.
	Profile struct {
		At
		Doc     *Doc
		Name    Name
		Entries []*Assign
	}
	// Let is `let name = expr`, in a file or a pipeline.
	Let struct {
		At
		Doc   *Doc
		Name  Name
		Value Expr
	}
	// Defaults is `defaults { attributes }`.
	Defaults struct {
		At
		Doc   *Doc
		Items []Item
	}
	// TypeDecl is `type NAME { fields }`.
	TypeDecl struct {
		At
		Doc    *Doc
		Name   Name
		Fields []*Field
	}
	// Op is `[native] op NAME(params) -> type { items }`.
	Op struct {
		At
		Doc    *Doc
		Native bool
		Name   Name
		Params []*Field
		Result TypeExpr // nil when absent
		Items  []Item   // attributes; nil for a native op without a body
	}
	// Pipeline is `pipeline NAME(params) -> type { items }`.
	Pipeline struct {
		At
		Doc    *Doc
		Name   Name
		Params []*Field
		Result TypeExpr // nil when absent
		Items  []Item   // *Step, *LetItem, *OnFailure, *Finally, *Return, *Service and head modifiers
	}
	// Target is `target NAME = KIND { attributes }`.
	Target struct {
		At
		Doc   *Doc
		Name  Name
		Kind  Name
		Items []Item
	}
	// Reserved is a declaration that the language keeps for later: policy, test, stack.
	// It has been reported; its text is kept and nothing in it is looked at.
	Reserved struct {
		At
		Doc     *Doc
		Keyword Name
	}
	// BadDecl is text that is no declaration. It has been reported.
	BadDecl struct {
		At
		// Name is the declared name when as much could be read, so that uses of it stay quiet.
		Name Name
	}
)

func (*Use) decl()      {}
func (*Settings) decl() {}
func (*Profile) decl()  {}
func (*Let) decl()      {}
func (*Defaults) decl() {}
func (*TypeDecl) decl() {}
func (*Op) decl()       {}
func (*Pipeline) decl() {}
func (*Target) decl()   {}
func (*Reserved) decl() {}
func (*BadDecl) decl()  {}

// Field is a setting, a parameter or a record's field:
// `name: type = default from "VARIABLE" where CEL else CEL`.
type Field struct {
	At
	Doc     *Doc
	Name    Name
	Type    TypeExpr
	Default Expr // nil when absent
	From    *From
	Where   Expr // nil when absent
	Else    Expr // nil when absent
	Bad     bool // could not be read to its end; it has been reported
}

// From is `from "VARIABLE"` or `from exec [argv]`.
type From struct {
	At
	Variable *StringLit // nil for exec
	Exec     Expr       // nil for a variable
}

// Assign is `name = expr` in env, profile and outputs.
type Assign struct {
	At
	Doc   *Doc
	Name  Name
	Value Expr
	Bad   bool
}

// TypeExpr is a type as written.
type TypeExpr interface {
	Node
	typeExpr()
}

type (
	// NamedType is a built-in or declared type, perhaps under a namespace.
	NamedType struct {
		At
		Name QualName
	}
	// LiteralType is one string of a closed set.
	LiteralType struct {
		At
		Value string
	}
	// UnionType is two literals or more: "a" | "b".
	UnionType struct {
		At
		Members []TypeExpr
	}
	// ListType is [T].
	ListType struct {
		At
		Elem TypeExpr
	}
	// MapType is {string: T}.
	MapType struct {
		At
		Elem TypeExpr
	}
	// RecordType is { name: T, … } without a name of its own.
	RecordType struct {
		At
		Fields []*Field
	}
	// OptionalType is T?.
	OptionalType struct {
		At
		Elem TypeExpr
	}
	// LabelType is `secret T` or `untrusted T`.
	LabelType struct {
		At
		Label Name
		Elem  TypeExpr
	}
	// ParenType is (T), kept for the formatter.
	ParenType struct {
		At
		Elem TypeExpr
	}
	// BadType could not be read. It has been reported.
	BadType struct{ At }
)

func (*NamedType) typeExpr()    {}
func (*LiteralType) typeExpr()  {}
func (*UnionType) typeExpr()    {}
func (*ListType) typeExpr()     {}
func (*MapType) typeExpr()      {}
func (*RecordType) typeExpr()   {}
func (*OptionalType) typeExpr() {}
func (*LabelType) typeExpr()    {}
func (*ParenType) typeExpr()    {}
func (*BadType) typeExpr()      {}
