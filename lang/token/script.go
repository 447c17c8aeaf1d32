package token

import "strings"

// script reads a code span or a fenced block.
func (l *lexer) script() Kind {
	ticks := l.ticks(l.pos)
	if ticks < 3 {
		return l.codeSpan()
	}
	eol := l.lineEnd(l.pos)
	info := strings.TrimSpace(l.src[l.pos+ticks : eol])
	if !isInfo(info) || eol == len(l.src) {
		// not the head of a block, so that a stray fence does not swallow what follows
		l.pos += ticks
		return Illegal
	}
	if end, ok := l.fenceEnd(ticks); ok {
		l.pos = end
		return Fence
	}
	l.pos = l.nextDeclaration(l.pos)
	return Illegal
}

// codeSpan reads `text`, which stays on its line and is not empty.
func (l *lexer) codeSpan() Kind {
	end := l.lineEnd(l.pos)
	if i := strings.IndexByte(l.src[l.pos+1:end], '`'); i > 0 {
		l.pos += i + 2
		return CodeSpan
	}
	l.pos += l.ticks(l.pos)
	if end, ok := l.longSpan(); ok {
		l.pos = end
	}
	return Illegal
}

// maxLongSpan is how many lines a code span may go over to be told as one.
const maxLongSpan = 30

// longSpan is the end of a code span that goes over several lines, as it may in other languages:
// the next back quote ends its line, and nothing before it looks like a line of this language.
func (l *lexer) longSpan() (end int, ok bool) {
	at := l.lineEnd(l.pos)
	for range maxLongSpan {
		if at >= len(l.src) || l.declares(at+1) {
			return 0, false
		}
		line := at + 1
		at = l.lineEnd(line)
		text := strings.TrimRight(l.src[line:at], " \t\r;}")
		switch i := strings.IndexByte(text, '`'); {
		case i >= 0:
			return line + i + 1, i == len(text)-1 && !startsItem(text)
		case startsItem(text):
			return 0, false
		}
	}
	return 0, false
}

// startsItem says that a line begins as the items of an op or a pipeline do.
func startsItem(line string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(line, " \t"), " ")
	switch word {
	case "run", "return", "keep", "inputs", "needs", "when", "}", "env":
		return true
	}
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), "}")
}

func (l *lexer) ticks(at int) int {
	n := 0
	for l.at(at+n) == '`' {
		n++
	}
	return n
}

// isInfo reports whether a text may follow the ticks that open a block: nothing, or the name of an interpreter.
func isInfo(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isWord(c) && c != '.' && c != '-' && c != '+' {
			return false
		}
	}
	return true
}

// fenceEnd finds the closing fence: at least as many ticks, alone on their line or before the guard of the script.
func (l *lexer) fenceEnd(ticks int) (end int, ok bool) {
	if l.unfenced > 0 && ticks >= l.unfenced {
		return 0, false
	}
	for at := l.pos; ; {
		i := strings.IndexByte(l.src[at:], '\n')
		if i < 0 {
			l.unfenced = ticks
			return 0, false
		}
		at += i + 1
		indent := len(l.src[at:]) - len(strings.TrimLeft(l.src[at:], " \t"))
		n := l.ticks(at + indent)
		if n >= ticks && endsScript(l.src[at+indent+n:l.lineEnd(at+indent+n)]) {
			return at + indent + n, true
		}
	}
}

// endsScript says that what follows some ticks on their line makes them a closing fence: nothing, or the
// guard of the script.
func endsScript(rest string) bool {
	word, rest := firstWord(rest)
	switch word {
	case "":
		return strings.TrimSpace(rest) == ""
	case "on":
		word, rest = firstWord(rest)
		return word == "failure" && strings.TrimLeft(rest[:min(1, len(rest))], " \t\r") == ""
	case "when":
		return strings.TrimSpace(rest) != "" && strings.IndexByte(" \t(", rest[0]) >= 0
	}
	return false
}

// firstWord is the word that a line begins with, and what follows it.
func firstWord(line string) (word, rest string) {
	line = strings.TrimLeft(line, " \t")
	n := 0
	for n < len(line) && isWord(line[n]) {
		n++
	}
	return line[:n], line[n:]
}

// declarations are the words that start a declaration. A line that starts with one ends a
// block or string that nothing closes, so that one mistake does not hide the rest of a file.
var declarations = map[string]bool{
	"use": true, "settings": true, "profile": true, "let": true, "defaults": true, "type": true,
	"native": true, "op": true, "pipeline": true, "target": true, "policy": true, "test": true, "stack": true,
}

// StartsDeclaration reports whether a word at the head of a line may start a declaration.
func StartsDeclaration(word string) bool { return declarations[word] }

// nextDeclaration is the end of the last line after off that does not start a declaration.
func (l *lexer) nextDeclaration(off int) int {
	for at := off; ; {
		i := strings.IndexByte(l.src[at:], '\n')
		if i < 0 {
			return len(l.src)
		}
		brk := at + i
		if at = brk + 1; l.declares(at) {
			return brk
		}
	}
}

// declares reports whether an unindented line starts at an offset, with the keyword of a declaration.
func (l *lexer) declares(at int) bool {
	if at > 0 && l.src[at-1] != '\n' {
		return false
	}
	end := at
	for isWord(l.at(end)) {
		end++
	}
	return StartsDeclaration(l.src[at:end])
}
