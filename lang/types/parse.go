package types

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Parse reads a Text. named finds a named record by its ID, and gives nil for one that it does not know.
// The error says at which byte the text stops being a type.
func Parse(text Text, named func(id string) *Type) (*Type, error) {
	p := &reader{text: string(text), named: named}
	t := p.labelled(0)
	p.space()
	if p.err == nil && p.at < len(p.text) {
		p.fail("the end")
	}
	if p.err != nil {
		return nil, fmt.Errorf("type %q: %w", text, p.err)
	}
	return t, nil
}

// maxDepth is how deep a type may be nested.
const maxDepth = 200

// reader reads a type; after its first error it reads nothing.
type reader struct {
	text  string
	at    int
	named func(string) *Type
	err   error
}

func (p *reader) fail(want string) *Type {
	if p.err == nil {
		p.err = fmt.Errorf("expected %s at byte %d", want, p.at)
	}
	p.at = len(p.text)
	return InvalidType
}

func (p *reader) space() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// eat takes a mark if it is next.
func (p *reader) eat(mark string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], mark) {
		return false
	}
	p.at += len(mark)
	return true
}

func (p *reader) want(mark string) {
	if !p.eat(mark) {
		p.fail(strconv.Quote(mark))
	}
}

func (p *reader) word() string {
	p.space()
	from := p.at
	for p.at < len(p.text) && isIDByte(p.text[p.at]) {
		p.at++
	}
	return p.text[from:p.at]
}

// labelled is labels, then a union or an optional.
func (p *reader) labelled(depth int) *Type {
	if depth > maxDepth {
		return p.fail("a type nested less deeply")
	}
	var l Label
	for {
		from := p.at
		switch p.word() {
		case "secret":
			l |= Secret
			continue
		case "untrusted":
			l |= Untrusted
			continue
		}
		p.at = from
		return p.union(depth).WithLabels(l)
	}
}

func (p *reader) union(depth int) *Type {
	t := p.postfix(depth)
	for p.eat("|") {
		u := p.postfix(depth)
		if t.Kind != Literals || u.Kind != Literals {
			return p.fail("string literals on both sides of |")
		}
		t = LiteralsOf(append(t.Literals, u.Literals...)...)
	}
	return t
}

func (p *reader) postfix(depth int) *Type {
	t := p.primary(depth)
	for p.eat("?") {
		t = OptionalOf(t)
	}
	return t
}

func (p *reader) primary(depth int) *Type {
	switch {
	case p.eat("("):
		t := p.labelled(depth + 1)
		p.want(")")
		return t
	case p.eat("["):
		t := p.labelled(depth + 1)
		p.want("]")
		return ListOf(t)
	case p.eat("{string:"):
		t := p.labelled(depth + 1)
		p.want("}")
		return MapOf(t)
	case p.eat("{"):
		return p.record(depth + 1)
	case p.eat("@"):
		return p.byID(p.quoted())
	}
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return LiteralsOf(p.quoted())
	}
	w := p.word()
	if w == "" {
		return p.fail("a type")
	}
	if t := words[w]; t != nil {
		return t
	}
	return p.byID(w)
}

func (p *reader) quoted() string {
	q, err := strconv.QuotedPrefix(p.text[p.at:])
	if err != nil {
		p.fail("a string")
		return ""
	}
	p.at += len(q)
	s, _ := strconv.Unquote(q) // a prefix that QuotedPrefix gives is well formed
	return s
}

// byID is a record by its ID.
func (p *reader) byID(id string) *Type {
	if p.err == nil && p.named != nil {
		if t := p.named(id); t != nil {
			return t
		}
	}
	return p.fail(fmt.Sprintf("a known record, found %q,", id))
}

func (p *reader) record(depth int) *Type {
	t := &Type{Kind: Record, Record: &RecordInfo{}}
	for !p.eat("}") {
		name := p.word()
		if name == "" {
			return p.fail("a field or }")
		}
		p.want(":")
		f := Field{Name: name, Type: p.labelled(depth)}
		if p.eat("=") {
			f.HasDefault, f.Default = true, p.defaultText()
		}
		t.Record.Fields = append(t.Record.Fields, f)
		if !p.eat(",") {
			p.want("}")
			return t
		}
	}
	return t
}

func (p *reader) defaultText() string {
	if p.eat(unknownDefault) {
		return ""
	}
	var raw json.RawMessage
	d := json.NewDecoder(strings.NewReader(p.text[p.at:]))
	if err := d.Decode(&raw); err != nil {
		p.fail("a default")
		return ""
	}
	p.at += int(d.InputOffset())
	return string(raw)
}
