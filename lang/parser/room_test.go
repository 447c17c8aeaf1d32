package parser

import (
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// reading is a file that was read, and what was said about it.
type reading struct {
	tree *ast.File
	said diag.List
}

func readingOf(text string) (r reading) {
	r.tree = Parse(source.NewFile("input.pipe", text), &r.said)
	return r
}

// TestRoom reads files one after the other in the same room, whole and cut short: none of what was read of one is
// changed by the next, nor by one that needs more room than is kept.
func TestRoom(t *testing.T) {
	var all []string
	for _, text := range texts(t) {
		all = append(all, text, text[:len(text)/2], text[len(text)/3:])
	}
	all = append(all, "pipeline main() {\n"+strings.Repeat("  a = op { env { A = \"b\" }\n", 2*roomy/10), "", "op {")
	before := make([]reading, len(all))
	for i, text := range all {
		before[i] = readingOf(text)
	}
	for i, text := range all {
		if again := readingOf(text); !reflect.DeepEqual(before[i], again) {
			t.Errorf("read again, this is another file:\n%.300s", text)
		}
	}
}

// TestRoomForgets looks for what a room that is left still holds of the file.
func TestRoomForgets(t *testing.T) {
	const text = "op a() { run `x`; env { A = \"b\" } }"
	r := new(room)
	r.toks = append(r.toks, lexer.Token{Value: text})
	r.pending = append(r.pending, entry{node: text})[:0]
	r.entriesOf([]entry{{node: text}, {node: text}})
	r.leave()
	for _, tok := range r.toks[:cap(r.toks)] {
		if tok.Value != "" {
			t.Error("a token")
		}
	}
	for _, e := range append(r.pending[:cap(r.pending):cap(r.pending)], r.entries[:cap(r.entries)]...) {
		if e.node != nil {
			t.Error("an entry")
		}
	}
}
