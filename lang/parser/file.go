package parser

import (
	"fmt"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/token"
)

// declarations are the keywords that start a declaration.
var declarations = words{
	"use":      read[useDecl],
	"settings": read[settingsDecl],
	"profile":  read[profileDecl],
	"let":      let,
	"defaults": read[defaultsDecl],
	"type":     read[typeDecl],
	"native":   op,
	"op":       op,
	"pipeline": read[pipelineDecl],
	"target":   read[targetDecl],
}

var op = read[opDecl]

// reserved are the keywords of declarations that a later version will have.
var reserved = map[string]bool{"policy": true, "test": true, "stack": true}

// meanwhile says what serves until a reserved declaration exists.
var meanwhile = map[string]string{
	"policy": "until then, require and approve stand at the steps that they are about",
	"test":   "until then, pipe plan shows what a pipeline would do",
	"stack":  "until then, an op runs the tool that provisions",
}

// decls reads all declarations.
func (l *lowerer) decls(r *reader) (out []ast.Decl) {
	for {
		t := r.peek()
		switch {
		case t.EOF():
			return out
		case kindOf(t) == token.Semicolon:
			r.next()
		default:
			out = append(out, l.declaration(r))
		}
	}
}

// declaration reads one declaration. A broken one is skipped, up to the next keyword at the head of an unindented line.
func (l *lowerer) declaration(r *reader) ast.Decl {
	first := r.peek()
	doc := l.doc(start(first))
	if kindOf(first) == token.Word && reserved[first.Value] {
		return l.reserved(r, doc)
	}
	name := declaredName(r.rest())
	read, ok := declarations[first.Value]
	if !ok || kindOf(first) != token.Word {
		m := notDeclaration(r)
		m.quiet = m.quiet || isOpening(kindOf(first)) && saidDeep(r.rest())
		l.report(m)
		r.next()
		// What follows is looked at, even if it is unknown as well: after a block, or where it was
		// clear what was meant and the next line is no part of it.
		if m.rule == diag.UnknownKeyword && (skipBlock(r) || m.help != "" && r.peek().Pos.Column == 0) {
			return bad(r, first, name)
		}
		return l.broken(r, first, name)
	}
	r.claim()
	from := r.i
	node, err := read(r)
	if err != nil {
		l.report(explain(err, r))
		if r.i == from {
			r.next() // past its own keyword, which would be found again
		}
		return l.broken(r, first, name)
	}
	if n, ok := node.(*opDecl); ok && !n.Items.present && n.Native.Value == "" && !startsLine(r.peek()) && kindOf(r.peek()) != token.Semicolon {
		l.report(expected(`"{"`, r.peek(), r.last(), true))
		return l.broken(r, first, name)
	}
	lastEnd := end(r.last())
	d := l.decl(node, at(start(first), lastEnd), doc)
	if _, bad := d.(*ast.BadDecl); bad {
		return l.broken(r, first, name)
	}
	if t := r.peek(); !startsLine(t) && kindOf(t) != token.Semicolon {
		l.report(trailing("", t, r.last(), false))
		syncDeclaration(r)
	}
	return d
}

// saidDeep reports whether what follows is nested too deep, which has been said.
func saidDeep(toks []lexer.Token) bool {
	for i := range toks {
		if t := &toks[i]; kindOf(t) == token.Illegal && flagsOf(t)&reported != 0 {
			return true
		} else if !isOpening(kindOf(t)) {
			return false
		}
	}
	return false
}

func notDeclaration(r *reader) *mistake {
	toks := r.rest()
	t := &toks[0]
	if kindOf(t) != token.Word {
		return expected("a declaration", t, nil, false)
	}
	k := kindOf(&toks[1])
	if k != token.Word && k != token.LBrace && k != token.String {
		m := expected("a declaration", t, nil, false)
		m.help = "steps stand in a pipeline, and a named value is declared by let"
		return m
	}
	m := unknownKeyword(t, "declaration", declarations.sorted())
	if w, ok := elsewhere()[t.Value]; ok {
		m.help = fmt.Sprintf("did you mean %q?", w)
	}
	return m
}

// elsewhere are the words by which other languages declare such things.
var elsewhere = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"import": "use", "include": "use", "const": "let", "var": "let", "struct": "type", "record": "type",
		"secrets": "settings", "params": "settings", "config": "settings", "vars": "settings",
		"operation": "op", "step": "op", "func": "op", "function": "op", "fn": "op", "def": "op", "task": "op", "job": "op", "asset": "op", "rule": "op", "class": "type", "interface": "type", "model": "type", "environment": "profile", "variable": "settings", "locals": "let", "workflow": "pipeline",
	}
})

// declaredName is the name after a keyword, or after two as in `native op name`.
func declaredName(toks []lexer.Token) ast.Name {
	if isWord(&toks[0], "use") {
		return usedName(toks)
	}
	for i := 1; i < len(toks) && i < 3; i++ {
		t := &toks[i]
		if kindOf(t) != token.Word || startsLine(t) {
			break
		}
		if !(i == 1 && isWord(&toks[0], "native") && t.Value == "op") {
			return nameOf(t)
		}
	}
	return ast.Name{}
}

// usedName is the namespace that a broken `use` would most likely declare: the last word on its line.
func usedName(toks []lexer.Token) (name ast.Name) {
	for i := 1; i < len(toks) && !startsLine(&toks[i]); i++ {
		switch t := &toks[i]; kindOf(t) {
		case token.Word:
			name = nameOf(t)
		case token.String, token.Illegal:
			base := strings.Trim(t.Value[strings.LastIndexByte(t.Value, '/')+1:], "\"'")
			if base = strings.TrimSuffix(base, ".pipe"); token.IsWord(base) {
				name = ast.Name{Text: base, At: ast.At{Range: spanOf(t)}}
			}
		}
	}
	return name
}

// broken skips the rest of a declaration that could not be read.
func (l *lowerer) broken(r *reader, first *lexer.Token, name ast.Name) ast.Decl {
	syncDeclaration(r)
	return bad(r, first, name)
}

func bad(r *reader, first *lexer.Token, name ast.Name) ast.Decl {
	return &ast.BadDecl{At: at(start(first), max(end(r.last()), end(first))), Name: name}
}

// syncDeclaration moves to the next unindented line that starts a declaration. Where no bracket
// is open its keyword is enough: that one may be broken as well, and is to be told.
func syncDeclaration(r *reader) {
	for depth := 0; ; r.next() {
		t := r.peek()
		head := flagsOf(t)&token.NewlineBefore != 0 && t.Pos.Column == 0 && kindOf(t) == token.Word
		if t.EOF() || head && (declares(r) || depth <= 0 && token.StartsDeclaration(t.Value)) {
			return
		}
		switch k := kindOf(t); {
		case isOpening(k):
			depth++
		case isClosing(k):
			depth--
		}
	}
}

// reserved reads a declaration that the language does not have yet: its header, and its body from brace to brace.
func (l *lowerer) reserved(r *reader, doc *ast.Doc) ast.Decl {
	first := r.next()
	l.report(&mistake{
		rule: diag.NotYet, span: spanOf(first),
		message: fmt.Sprintf("%q is reserved for a later version of the language", first.Value),
		help:    meanwhile[first.Value],
	})
	skipBlock(r)
	return &ast.Reserved{At: at(start(first), end(r.last())), Doc: doc, Keyword: nameOf(first)}
}

// skipBlock moves past a header and its body, from brace to brace, and reports whether there was a whole one.
func skipBlock(r *reader) bool {
	var whole bool
	for depth := 0; ; r.next() {
		t := r.peek()
		if t.EOF() || depth == 0 && startsLine(t) || startsLine(t) && t.Pos.Column == 0 && declares(r) {
			return whole && depth == 0
		}
		switch kindOf(t) {
		case token.LBrace:
			depth++
		case token.RBrace:
			depth--
			whole = true
		}
	}
}
