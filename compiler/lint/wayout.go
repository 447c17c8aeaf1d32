package lint

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// because names the first two parts of a condition that exclude each other.
func (p *pass) because(s *scene, x ast.Expr) string {
	parts := conjuncts(x)
	for _, a := range parts {
		if b, ok := a.(*ast.Binary); ok && b.Op == "in" && empty(b.Y) {
			return fmt.Sprintf(": nothing is in %s", short(b.Y))
		}
	}
	for i, a := range parts {
		for _, b := range parts[:i] {
			if !s.possible(s.read(a), s.read(b)) {
				return fmt.Sprintf(": %s and %s exclude each other", short(b), short(a))
			}
		}
	}
	for _, a := range parts {
		if len(parts) > 1 && !s.possible(both(s.read(a), p.facts(s))) {
			return ": " + short(a) + " never holds"
		}
	}
	return ofConstants(x)
}

// ofConstants says that two constants are compared, where that is all.
func ofConstants(x ast.Expr) string {
	b, ok := ast.Unparen(x).(*ast.Binary)
	if !ok || !compares(b.Op) {
		return ""
	}
	_, left := constant(b.X)
	if _, right := constant(b.Y); !left || !right {
		return ""
	}
	return ": it compares two constants"
}

func consequence(it ast.Item, value bool) string {
	switch it.(type) {
	case *ast.When, *ast.For:
		if value {
			return "remove it, or ask for what is meant"
		}
		return "the step never runs: remove it, or ask for what is meant"
	case *ast.Require:
		if value {
			return "it never stops anything: remove it, or ask for what is meant"
		}
		return "it always fails: ask for what is meant"
	case *ast.Run:
		if !value {
			return "the script never runs: remove it, or ask for what is meant"
		}
	}
	if value {
		return "remove the condition, or ask for what is meant"
	}
	return "it never applies: remove it, or ask for what is meant"
}

// withoutCondition removes a condition that always holds from its item, or the item where it says nothing else.
func withoutCondition(f *source.File, it ast.Item) []diag.Fix {
	var before int32
	var cond ast.Expr
	switch it := it.(type) {
	case *ast.When:
		return []diag.Fix{{Message: "remove it", Edits: []diag.Edit{{File: f, Span: line(f, it.Range)}}}}
	case *ast.Approve:
		before, cond = it.Message.Span().End, it.When
	case *ast.AllowFailure:
		before, cond = wordAt(it.Range, "allow_failure").End, it.When
	case *ast.Retry:
		cond = it.When
		for _, x := range []ast.Expr{it.Count, it.Every, it.Backoff, it.Max} {
			if x != nil {
				before = max(before, x.Span().End)
			}
		}
	case *ast.Run:
		before, cond = it.Script.Range.End, it.When
	}
	if cond == nil || before > cond.Span().Start || strings.TrimSpace(f.Text[before:cond.Span().Start]) != "when" {
		return nil
	}
	return []diag.Fix{{Message: "remove the condition", Edits: []diag.Edit{{File: f, Span: source.Span{Start: before, End: cond.Span().End}}}}}
}
