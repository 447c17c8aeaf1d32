// Package types is pipe's type system: what types there are, how they print, and
// which value may stand where. It knows nothing of syntax, of CEL, or of values.
package types

import (
	"slices"
)

// Kind tells the types apart.
type Kind uint8

const (
	// Invalid is the type of what is broken: it fits everywhere, so that nothing follows from one mistake.
	Invalid Kind = iota
	String
	Int
	Float
	Bool
	Duration
	Size
	Timestamp
	URL
	Path
	File
	Dir
	Image
	Bytes
	// Literals is a closed set of strings.
	Literals
	List
	Map
	Record
	Optional
	// None is the result of what returns nothing.
	None
	// JSON is data whose shape only the run knows, as json("p") gives: every field may be
	// read, and a value is checked where it is used as another type.
	JSON
)

// Label qualifies a type; a type may carry several.
type Label uint8

const (
	// Secret may go only where a secret is asked for.
	Secret Label = 1 << iota
	// Untrusted is what a stranger may have chosen.
	Untrusted
	// Concealed goes with Secret where even whether an optional has a value says something of a
	// secret, as in secrets[?3]. No file can write it, and no type is printed with it.
	Concealed
)

// Labels are all labels together.
const Labels = Secret | Untrusted | Concealed

// Type is a type. Types are immutable once built (a record's fields are set once) and compared with Equal.
type Type struct {
	Kind     Kind
	Elem     *Type    // of List, Map, Optional
	Literals []string // of Literals, in the order written
	Record   *RecordInfo
	Labels   Label
}

// RecordInfo is what a record type holds. Named records may be recursive.
type RecordInfo struct {
	// Name is what people see: "Report", "test.Report"; "" for a record without a name.
	Name string
	// ID is unique in a program: the module's path, a dot and the name. "" for a record without a name.
	ID     string
	Fields []Field
}

// Field of a record.
type Field struct {
	Name string
	Type *Type
	// HasDefault says that a literal may leave the field out.
	HasDefault bool
	// Default is that default as canonical JSON of package value, which fills the field in;
	// "" when there is none, or none that is known without running.
	Default string
	Doc     string
}

// The types without parts.
var (
	InvalidType   = &Type{Kind: Invalid}
	StringType    = &Type{Kind: String}
	IntType       = &Type{Kind: Int}
	FloatType     = &Type{Kind: Float}
	BoolType      = &Type{Kind: Bool}
	DurationType  = &Type{Kind: Duration}
	SizeType      = &Type{Kind: Size}
	TimestampType = &Type{Kind: Timestamp}
	URLType       = &Type{Kind: URL}
	PathType      = &Type{Kind: Path}
	FileType      = &Type{Kind: File}
	DirType       = &Type{Kind: Dir}
	ImageType     = &Type{Kind: Image}
	BytesType     = &Type{Kind: Bytes}
	NoneType      = &Type{Kind: None}
	JSONType      = &Type{Kind: JSON}
)

// Builtins are the names that a type may have without being declared.
var Builtins = map[string]*Type{
	"string": StringType, "int": IntType, "float": FloatType, "bool": BoolType, "duration": DurationType,
	"size": SizeType, "timestamp": TimestampType, "url": URLType, "path": PathType,
	"file": FileType, "dir": DirType, "image": ImageType,
}

// ListOf is [t].
func ListOf(t *Type) *Type { return &Type{Kind: List, Elem: t} }

// MapOf is {string: t}.
func MapOf(t *Type) *Type { return &Type{Kind: Map, Elem: t} }

// OptionalOf is t?; an optional of an optional is the optional itself.
func OptionalOf(t *Type) *Type {
	if t.Kind == Optional || t.Kind == Invalid {
		return t
	}
	return &Type{Kind: Optional, Elem: t}
}

// LiteralsOf is a closed set of strings; repetitions are dropped.
func LiteralsOf(set ...string) *Type {
	t := &Type{Kind: Literals}
	for _, s := range set {
		if !slices.Contains(t.Literals, s) {
			t.Literals = append(t.Literals, s)
		}
	}
	return t
}

// RecordOf is a record without a name.
func RecordOf(fields ...Field) *Type {
	return &Type{Kind: Record, Record: &RecordInfo{Fields: fields}}
}

// NewRecord is a named record whose fields are set later, with SetFields.
func NewRecord(name, id string) *Type {
	return &Type{Kind: Record, Record: &RecordInfo{Name: name, ID: id}}
}

// SetFields completes a record made by NewRecord.
func (t *Type) SetFields(fields []Field) { t.Record.Fields = fields }

// Field finds a record's field.
func (t *Type) Field(name string) (Field, bool) {
	if t.Kind != Record {
		return Field{}, false
	}
	for _, f := range t.Record.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNames in declared order.
func (t *Type) FieldNames() []string {
	var out []string
	if t.Kind == Record {
		for _, f := range t.Record.Fields {
			out = append(out, f.Name)
		}
	}
	return out
}

// WithLabels is t with more labels.
func (t *Type) WithLabels(l Label) *Type {
	if l&^t.Labels == 0 {
		return t
	}
	u := *t
	u.Labels |= l
	return &u
}

// WithoutLabels is t with fewer labels, at its top only.
func (t *Type) WithoutLabels(l Label) *Type {
	if t.Labels&l == 0 {
		return t
	}
	u := *t
	u.Labels &^= l
	return &u
}

// Plain is the type inside an optional, or t itself; an optional's labels stay.
func (t *Type) Plain() *Type {
	if t.Kind == Optional {
		return t.Elem.WithLabels(t.Labels)
	}
	return t
}

// Concealed reports an optional of which not even its presence may be told.
func (t *Type) Concealed() bool {
	return t.Kind == Optional && (t.Labels|t.Elem.Labels)&Concealed != 0
}

// IsText reports whether values are strings to CEL: string, url, path and closed sets.
func (t *Type) IsText() bool {
	switch t.Kind {
	case String, URL, Path, Literals:
		return true
	}
	return false
}

// DeepLabels are the labels of t and of everything inside it.
func (t *Type) DeepLabels() Label {
	var seen []*RecordInfo
	return t.deepLabels(&seen)
}

// deepLabels looks into each record once: what it holds counts no further when it stands elsewhere again.
func (t *Type) deepLabels(seen *[]*RecordInfo) Label {
	l := t.Labels
	if t.Elem != nil {
		l |= t.Elem.deepLabels(seen)
	}
	if t.Record != nil && !slices.Contains(*seen, t.Record) {
		*seen = append(*seen, t.Record)
		for _, f := range t.Record.Fields {
			l |= f.Type.deepLabels(seen)
		}
	}
	return l
}
