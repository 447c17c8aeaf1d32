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

// plain is a cheap way to read the commonest script, one command of plain words: `go vet ./...`.
// Words that mean something to the shell send the script the ordinary way.
func (w *walker) plain(text string) (*syntax.Stmt, bool) {
	text = strings.TrimRight(text, " \n")
	if len(text) > 200 {
		return nil, false
	}
	for i := range len(text) {
		if !isPlain[text[i]] {
			return nil, false
		}
	}
	w.call.Args, w.call.Assigns = w.call.Args[:0], nil
	for at := 0; at < len(text); {
		if text[at] == ' ' {
			at++
			continue
		}
		end := at
		for end < len(text) && text[end] != ' ' {
			end++
		}
		if !w.plainWord(text, at, end) {
			return nil, false
		}
		at = end
	}
	if len(w.call.Args) == 0 {
		return nil, false
	}
	w.one.Cmd = &w.call
	return &w.one, true
}

// plainWord adds one word; it is refused when the first is one that the shell itself reads.
func (w *walker) plainWord(text string, at, end int) bool {
	n := len(w.call.Args)
	if n == len(w.words) {
		return false
	}
	if first := text[at:end]; n == 0 && (strings.ContainsAny(first, "=") || reserved[first] || declares[first] || first == "let") {
		return false
	}
	lit := &w.words[n].lit
	lit.Value = text[at:end]
	lit.ValuePos, lit.ValueEnd = syntax.NewPos(uint(at), 1, 1), syntax.NewPos(uint(end), 1, 1)
	word := &w.words[n].word
	word.Parts = append(word.Parts[:0], lit)
	w.call.Args = append(w.call.Args, word)
	return true
}

// isPlain are the bytes that mean nothing to a shell, in any place of a word but the first of a script.
var isPlain = func() (set [256]bool) {
	for c := range 256 {
		set[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" _-./:,@%+=", byte(c)) >= 0
	}
	return set
}()

// reserved are the words of the shell's grammar, in either dialect.
var reserved = map[string]bool{
	"case": true, "coproc": true, "do": true, "done": true, "elif": true, "else": true, "esac": true, "fi": true,
	"for": true, "function": true, "if": true, "in": true, "select": true, "then": true, "time": true, "until": true, "while": true,
}

// declares are the commands whose words are assignments.
var declares = map[string]bool{
	"export": true, "local": true, "readonly": true, "declare": true, "typeset": true, "nameref": true,
}
