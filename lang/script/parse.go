package script

import (
	"io"
	"runtime"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// parsers are kept, one pool a dialect: each holds two buffers of a kilobyte.
var parsers = [...]sync.Pool{
	Sh:   {New: func() any { return syntax.NewParser(syntax.Variant(syntax.LangPOSIX)) }},
	Bash: {New: func() any { return syntax.NewParser(syntax.Variant(syntax.LangBash)) }},
}

// foreignLimit of pasted `${{ … }}` that are told apart in one script; each costs one more reading.
const foreignLimit = 10

// parse reads a text. ok is false when it is nested too deep.
func parse(text string, d Dialect) (stmts []*syntax.Stmt, mistakes []Mistake, ok bool) {
	p := parsers[d].Get().(*syntax.Parser)
	defer parsers[d].Put(p)
	for rest := text; ; {
		in := &reader{text: rest}
		file, err := p.Parse(in, "")
		if in.tooDeep {
			return nil, nil, false
		}
		if err == nil {
			if len(mistakes) > 0 {
				return nil, mistakes, true
			}
			return file.Stmts, nil, true
		}
		m := mistakeOf(err, rest, d)
		if at, end, is := foreignAt(rest, int(m.At.Start)); is {
			mistakes = append(mistakes, foreignMistake(rest, at, end))
			if len(mistakes) == foreignLimit {
				return nil, mistakes, true
			}
			rest = rest[:at] + strings.Repeat("x", end-at) + rest[end:]
			continue
		}
		// what the mistake says of an expression that was masked would be said of the mask
		return nil, append(mistakes, m), true
	}
}

// reader hands a text to the parser, a buffer at a time, and stops it when its stack has grown
// past what a script that somebody wrote can need. Go cannot recover from a stack that overflows,
// and nesting cannot be counted without parsing.
type reader struct {
	text    string
	at      int
	tooDeep bool
}

func (r *reader) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		return 0, io.EOF
	}
	if r.at > 0 {
		var pc [1]uintptr
		if runtime.Callers(maxFrames, pc[:]) > 0 {
			r.tooDeep = true
			r.at = len(r.text)
			return 0, io.EOF
		}
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}

// reserved are the words of the shell's grammar, in either dialect.
var reserved = map[string]bool{
	"case": true, "coproc": true, "do": true, "done": true, "elif": true, "else": true, "esac": true, "fi": true,
	"for": true, "function": true, "if": true, "in": true, "select": true, "then": true, "time": true, "until": true, "while": true,
}

// declares are the commands whose words are assignments.
var declares = map[string]bool{
	"export": true, "local": true, "readonly": true, "declare": true, "typeset": true, "nameref": true,
}
