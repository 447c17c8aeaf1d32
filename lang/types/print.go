package types

import (
	"strconv"
	"strings"
)

// String is the type as people write it in a file; a named record is its name.
func (t *Type) String() string {
	p := printer{}
	p.typ(t)
	return p.String()
}

// Text is a type as text in which named records stand by ID; Parse reads it back.
type Text string

// Text writes the type so that Parse, told of the named records, gives an equal one. Documentation is left out.
func (t *Type) Text() Text {
	p := printer{exact: true}
	p.typ(t)
	return Text(p.String())
}

// printer writes types: for people, or exactly.
type printer struct {
	strings.Builder
	exact bool
}

func (p *printer) typ(t *Type) {
	if t.Labels&Untrusted != 0 {
		p.WriteString("untrusted ")
	}
	if t.Labels&Secret != 0 {
		p.WriteString("secret ")
	}
	switch t.Kind {
	case List:
		p.WriteByte('[')
		p.typ(t.Elem)
		p.WriteByte(']')
	case Map:
		p.WriteString("{string: ")
		p.typ(t.Elem)
		p.WriteByte('}')
	case Optional:
		p.optional(t.Elem)
	case Literals:
		p.literals(t.Literals)
	case Record:
		p.record(t.Record)
	default:
		p.WriteString(kindNames[t.Kind])
	}
}

func (p *printer) optional(elem *Type) {
	paren := elem.Labels&(Secret|Untrusted) != 0 || elem.Kind == Literals && len(elem.Literals) > 1
	if paren {
		p.WriteByte('(')
	}
	p.typ(elem)
	if paren {
		p.WriteByte(')')
	}
	p.WriteByte('?')
}

func (p *printer) literals(set []string) {
	for i, s := range set {
		if i > 0 {
			p.WriteString(" | ")
		}
		p.WriteString(strconv.Quote(s))
	}
}

func (p *printer) record(r *RecordInfo) {
	switch {
	case p.exact && r.ID != "":
		p.id(r.ID)
		return
	case r.Name != "":
		p.WriteString(r.Name)
		return
	case len(r.Fields) == 0:
		p.WriteString("{}")
		return
	}
	p.WriteString("{ ")
	for i, f := range r.Fields {
		if i > 0 {
			p.WriteString(", ")
		}
		p.WriteString(f.Name + ": ")
		p.typ(f.Type)
		if p.exact && f.HasDefault {
			p.WriteString(" = " + cmpOr(f.Default, unknownDefault))
		}
	}
	p.WriteString(" }")
}

// unknownDefault stands for a default that is not known without running.
const unknownDefault = "_"

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// id quotes an ID that could be read as anything else.
func (p *printer) id(id string) {
	plain := words[id] == nil && !labels[id]
	for i := 0; i < len(id); i++ {
		plain = plain && isIDByte(id[i])
	}
	if plain {
		p.WriteString(id)
		return
	}
	p.WriteByte('@')
	p.WriteString(strconv.Quote(id))
}

func isIDByte(c byte) bool {
	return c == '_' || c == '.' || c == '/' || c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// words are the types that a text names by a word.
var words = func() map[string]*Type {
	m := map[string]*Type{"bytes": BytesType, "nothing": NoneType, "json": JSONType, "invalid": InvalidType}
	for n, t := range Builtins {
		m[n] = t
	}
	return m
}()

var labels = map[string]bool{"secret": true, "untrusted": true}

var kindNames = map[Kind]string{
	Invalid: "invalid", String: "string", Int: "int", Float: "float", Bool: "bool", Duration: "duration",
	Size: "size", Timestamp: "timestamp", URL: "url", Path: "path", File: "file", Dir: "dir", Image: "image",
	Bytes: "bytes", None: "nothing", JSON: "json",
}
