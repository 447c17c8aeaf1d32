package ast

import (
	"time"
)

// Expr is an expression, as written: macros are not expanded.
type Expr interface {
	Node
	expr()
}

type (
	// Ident is a name.
	Ident struct {
		At
		Name string
	}
	// BoolLit is true or false.
	BoolLit struct {
		At
		Value bool
	}
	// NullLit is null, which the language lacks; the checker says so.
	NullLit struct{ At }
	// IntLit is a signed integer, its sign included.
	IntLit struct {
		At
		Value int64
		Text  string
	}
	// UintLit is 1u, which the language lacks; the checker says so.
	UintLit struct {
		At
		Value uint64
		Text  string
	}
	// FloatLit is a floating point number, its sign included.
	FloatLit struct {
		At
		Value float64
		Text  string
	}
	// StringLit is a string without interpolation.
	StringLit struct {
		At
		Value string // escapes resolved
		Text  string // as written, with prefix and quotes
	}
	// BytesLit is b"…".
	BytesLit struct {
		At
		Value string
		Text  string
	}
	// DurationLit is 10m, 1h30m, 2d.
	DurationLit struct {
		At
		Value time.Duration
		Text  string
	}
	// SizeLit is 512MiB; Value is in bytes.
	SizeLit struct {
		At
		Value int64
		Text  string
	}
	// Interpolation is a string with ${…} in it. Literal parts are StringLit whose Text is
	// the raw text between the holes, without quotes.
	Interpolation struct {
		At
		Parts []Expr
		Text  string // as written, with quotes
	}
	// Unary is !x or -x. Op is "!" or "-"; repeated signs are nested.
	Unary struct {
		At
		Op string
		X  Expr
	}
	// Binary is x op y, op one of || && == != < <= > >= in + - * / %.
	Binary struct {
		At
		Op   string
		OpAt At
		X, Y Expr
	}
	// Conditional is c ? a : b.
	Conditional struct {
		At
		Cond, Then, Else Expr
	}
	// Select is x.name or x.?name. Escaped says that the name was written in back quotes.
	Select struct {
		At
		X        Expr
		Name     Name
		Optional bool
		Escaped  bool
	}
	// Index is x[i] or x[?i].
	Index struct {
		At
		X, Index Expr
		Optional bool
	}
	// Call is f(args) or x.f(args); macros are calls too.
	Call struct {
		At
		Target Expr // nil for a global function
		Name   Name
		Args   []Expr
	}
	// ListLit is [a, ?b].
	ListLit struct {
		At
		Elems []ListElem
	}
	// MapLit is {"key": value, (computed): value}.
	MapLit struct {
		At
		Entries []MapEntry
	}
	// RecordLit is Name{field: value}.
	RecordLit struct {
		At
		Type   QualName
		Fields []RecordField
	}
	// RecordBody is { field: value }, where a record is expected.
	RecordBody struct {
		At
		Fields []RecordField
	}
	// Paren is (x), kept for the formatter.
	Paren struct {
		At
		X Expr
	}
	// BadExpr could not be read. It has been reported.
	BadExpr struct{ At }
)

func (*Ident) expr()         {}
func (*BoolLit) expr()       {}
func (*NullLit) expr()       {}
func (*IntLit) expr()        {}
func (*UintLit) expr()       {}
func (*FloatLit) expr()      {}
func (*StringLit) expr()     {}
func (*BytesLit) expr()      {}
func (*DurationLit) expr()   {}
func (*SizeLit) expr()       {}
func (*Interpolation) expr() {}
func (*Unary) expr()         {}
func (*Binary) expr()        {}
func (*Conditional) expr()   {}
func (*Select) expr()        {}
func (*Index) expr()         {}
func (*Call) expr()          {}
func (*ListLit) expr()       {}
func (*MapLit) expr()        {}
func (*RecordLit) expr()     {}
func (*RecordBody) expr()    {}
func (*Paren) expr()         {}
func (*BadExpr) expr()       {}

// ListElem is an element of a list, ?x when optional.
type ListElem struct {
	Optional bool
	Value    Expr
}

// MapEntry is an entry of a map, ?k: v when optional.
type MapEntry struct {
	At
	Optional bool
	Key      Expr
	Value    Expr
}

// RecordField is a field of a record, ?name: v when optional.
type RecordField struct {
	At
	Optional bool
	Name     Name
	Value    Expr
}

// Unparen removes parentheses around an expression.
func Unparen(x Expr) Expr {
	for {
		p, ok := x.(*Paren)
		if !ok {
			return x
		}
		x = p.X
	}
}
