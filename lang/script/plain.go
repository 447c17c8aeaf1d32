package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// plain is a cheap way to read the commonest scripts: commands one below the other, of words, variables and quoted texts,
// some with a variable set before, a file that they write, or what comes next where they fail. It gives what the parser
// gives. Whatever else means something to a shell sends the script the ordinary way.
func (w *walker) plain() ([]*syntax.Stmt, bool) {
	if strings.ContainsAny(w.text, "\r\x00") {
		return nil, false // which the shell, or the parser, drops
	}
	r := plainReader{text: w.text, sheet: &w.sheet}
	for !r.lost {
		r.blanks(true)
		if r.at == len(r.text) {
			break
		}
		if s := r.list(); s != nil {
			w.sheet.list = append(w.sheet.list, s)
		}
	}
	return w.sheet.list, !r.lost && len(w.sheet.list) > 0
}

// plainReader is a script that is read as far as it is plain.
type plainReader struct {
	text string
	at   int
	lost bool // there is something that is not plain
	*sheet
}

func (r *plainReader) lose() { r.lost = true }

// byte is the next one, 0 at the end.
func (r *plainReader) byte() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

// blanks goes over blanks and remarks, and where a command may begin over the ends of lines.
func (r *plainReader) blanks(lines bool) {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == ' ' || c == '\t' || c == '\n' && lines:
			r.at++
		case c == '\\' && strings.HasPrefix(r.text[r.at:], "\\\n") && (r.at == 0 || isBlank(r.text[r.at-1])):
			if r.at += 2; r.byte() == '#' {
				r.lose()
				return
			}
		case c == '#' && (r.at == 0 || isBlank(r.text[r.at-1]) || r.text[r.at-1] == '\n'):
			for ; r.at < len(r.text) && r.text[r.at] != '\n'; r.at++ {
				if r.text[r.at] == '\\' {
					r.lose() // of the end of a line, the parser makes more than a shell does
					return
				}
			}
		default:
			return
		}
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// list reads commands that are joined by && and ||.
func (r *plainReader) list() *syntax.Stmt {
	s := r.command()
	for s != nil {
		op, at := syntax.AndStmt, r.at
		switch {
		case strings.HasPrefix(r.text[at:], "||"):
			op = syntax.OrStmt
		case !strings.HasPrefix(r.text[at:], "&&"):
			if c := r.byte(); c != 0 && c != '\n' {
				r.lose()
				return nil
			}
			return s
		}
		r.at += 2
		r.blanks(true)
		next := r.command()
		if next == nil {
			break
		}
		both := r.binaries.next()
		both.OpPos, both.Op, both.X, both.Y = position(at), op, s, next
		joined := r.stmts.next()
		joined.Position, joined.Cmd = s.Position, both
		s = joined
	}
	r.lose()
	return nil
}

// command reads a simple command; nil where there is none that is plain.
func (r *plainReader) command() *syntax.Stmt {
	s, call := r.stmts.next(), r.calls.next()
	s.Position = position(r.at)
	words, assigns, redirects := len(r.words.list), len(r.assigns.list), len(r.redirects.list)
	for !r.lost && !r.ended() {
		switch {
		case r.byte() == '>':
			if len(r.words.list) == words {
				r.lose() // the file stands before the command
				break
			}
			r.redirects.push(r.redirect())
		case len(r.words.list) == words:
			if a := r.assign(); a != nil {
				r.assigns.push(a)
			} else if word := r.first(); word != nil {
				r.words.push(word)
			}
		default:
			r.words.push(r.word())
		}
		r.blanks(false)
	}
	call.Args, call.Assigns, s.Redirs = r.words.since(words), r.assigns.since(assigns), r.redirects.since(redirects)
	if r.lost || len(call.Args)+len(call.Assigns) == 0 {
		r.lose()
		return nil
	}
	s.Cmd = call
	return s
}

// ended says that a command ends here; what ends it may be no end of one that is plain.
func (r *plainReader) ended() bool {
	switch r.byte() {
	case 0, '\n', '&', '|', ';', ')', '(', '<', '\\', '#':
		return true
	}
	return false
}

// assign reads name=value in front of a command; nil where there is none.
func (r *plainReader) assign() *syntax.Assign {
	end := r.name(r.at)
	if end == r.at || end+1 >= len(r.text) || r.text[end] != '=' || !isPlain[r.text[end+1]] && strings.IndexByte(`"'$`, r.text[end+1]) < 0 {
		return nil
	}
	a := r.assignments.next()
	a.Name = r.literal(r.at, end)
	r.at = end + 1
	a.Value = r.word()
	return a
}

// name is the end of a variable's name that stands at a place; the place itself when there is none.
func (r *plainReader) name(at int) int {
	end := at
	for end < len(r.text) {
		c := r.text[end]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || end > at && c >= '0' && c <= '9') {
			break
		}
		end++
	}
	return end
}

// first reads the word that says what to run, which must not be one that the shell itself reads.
func (r *plainReader) first() *syntax.Word {
	start := r.at
	word := r.word()
	if r.lost {
		return nil
	}
	text := r.text[start:r.at]
	if strings.IndexByte(text, '=') >= 0 || reserved[text] || declares[text] || text == "let" || text == "[[" || text == "]]" || text[0] == '[' && text != "[" {
		r.lose()
		return nil
	}
	return word
}

// redirect reads > file and >> file.
func (r *plainReader) redirect() *syntax.Redirect {
	to := r.targets.next()
	to.OpPos, to.Op = position(r.at), syntax.RdrOut
	if c := r.text[r.at-1]; !isBlank(c) {
		r.lose() // a descriptor may stand before it
		return to
	}
	if r.at++; r.byte() == '>' {
		to.Op = syntax.AppOut
		r.at++
	}
	r.blanks(false)
	to.Word = r.word()
	return to
}

// word reads one word.
func (r *plainReader) word() *syntax.Word {
	start, from := r.at, len(r.pending)
	for r.at < len(r.text) && !r.lost {
		switch c := r.text[r.at]; {
		case c == '"':
			r.pending = append(r.pending, r.double())
		case c == '\'':
			r.pending = append(r.pending, r.single())
		case c == '$':
			r.pending = append(r.pending, r.variable())
		case isPlain[c] && c != ' ' || c == '#' && r.at > start || c == '[' && r.at == start:
			end := r.at + 1
			for end < len(r.text) && (isPlain[r.text[end]] && r.text[end] != ' ' || r.text[end] == '#') {
				end++
			}
			r.pending = append(r.pending, r.literal(r.at, end))
			r.at = end
		case r.at > start && (isBlank(c) || c == '\n'):
			return r.wordOf(from)
		default:
			r.lose()
		}
	}
	if r.at == start {
		r.lose()
	}
	return r.wordOf(from)
}

func (r *plainReader) wordOf(from int) *syntax.Word {
	word := r.wordRoom.next()
	word.Parts = r.partsSince(from)
	return word
}

// double reads a text in double quotes.
func (r *plainReader) double() *syntax.DblQuoted {
	quoted, from := r.doubles.next(), len(r.pending)
	quoted.Left = position(r.at)
	r.at++
	for r.at < len(r.text) && !r.lost {
		start := r.at
		for r.at < len(r.text) && strings.IndexByte("\"$`\\", r.text[r.at]) < 0 {
			r.at++
		}
		if r.at > start {
			r.pending = append(r.pending, r.literal(start, r.at))
		}
		switch r.byte() {
		case '"':
			quoted.Right = position(r.at)
			r.at++
			quoted.Parts = r.partsSince(from)
			return quoted
		case '$':
			r.pending = append(r.pending, r.variable())
		default:
			r.lose()
		}
	}
	r.lose()
	return quoted
}

// single reads a text in single quotes.
func (r *plainReader) single() *syntax.SglQuoted {
	quoted := r.singles.next()
	length := strings.IndexByte(r.text[r.at+1:], '\'')
	if length < 0 {
		r.lose()
		return quoted
	}
	end := r.at + 1 + length
	quoted.Left, quoted.Right, quoted.Value = position(r.at), position(end), r.text[r.at+1:end]
	r.at = end + 1
	return quoted
}

// variable reads $name and ${name}.
func (r *plainReader) variable() *syntax.ParamExp {
	v := r.params.next()
	v.Dollar = position(r.at)
	start := r.at + 1
	v.Short = !strings.HasPrefix(r.text[start:], "{")
	if !v.Short {
		start++
	}
	end := r.name(start)
	if end == start || end < len(r.text) && (v.Short && r.text[end] == '[' || !v.Short && r.text[end] != '}') || !v.Short && end == len(r.text) {
		r.lose()
		return v
	}
	v.Param = r.literal(start, end)
	if r.at = end; !v.Short {
		v.Rbrace = position(end)
		r.at++
	}
	return v
}

func (r *plainReader) literal(start, end int) *syntax.Lit {
	lit := r.lits.next()
	lit.ValuePos, lit.ValueEnd, lit.Value = position(start), position(end), r.text[start:end]
	return lit
}

// position is a place in a text; nobody asks for its line.
func position(at int) syntax.Pos { return syntax.NewPos(uint(at), 1, 1) }

// isPlain are the bytes that mean nothing to a shell, in any place of a word but those at the head of a command.
var isPlain = func() (set [256]bool) {
	for c := range 256 {
		set[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" _-./:,@%+=*?]~^", byte(c)) >= 0
	}
	return set
}()
