package check

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// keyword is what an item starts with, as people write it.
func keyword(it ast.Item) string {
	switch it := it.(type) {
	case *ast.Attr:
		return it.Key.Text
	case *ast.InPlace:
		return "in place"
	case *ast.Run:
		return "run"
	case *ast.Env:
		return "env"
	case *ast.Mount:
		return "mount"
	case *ast.Cached:
		return "cached"
	case *ast.Service:
		return "service"
	case *ast.Retry:
		return "retry"
	case *ast.Return:
		return "return"
	case *ast.Needs:
		return "needs"
	case *ast.After:
		return "after"
	case *ast.When:
		return "when"
	case *ast.For:
		return "for"
	case *ast.Require:
		return "require"
	case *ast.Approve:
		return "approve"
	case *ast.Lock:
		return "lock"
	case *ast.AllowFailure:
		return "allow_failure"
	case ast.LetItem, *ast.LetItem:
		return "let"
	case *ast.Step:
		return "a step"
	case *ast.OnFailure:
		return "on failure"
	case *ast.Finally:
		return "finally"
	}
	return ""
}

// role is what may stand in a kind of body.
type role uint8

const (
	attribute role = 1 << iota // of an op
	modifier                   // of a step
	head                       // of a pipeline
	inDefaults
	content // of a pipeline: steps, lets, on failure, finally, return
)

var roles = map[string]role{
	"image": attribute | inDefaults, "run": attribute, "exec": attribute, "env": attribute | inDefaults,
	"inherit": attribute | inDefaults, "inputs": attribute | inDefaults, "mount": attribute | inDefaults,
	"workdir": attribute | inDefaults, "in place": attribute | inDefaults, "cached": attribute | inDefaults,
	"keep": attribute | inDefaults, "network": attribute | inDefaults, "user": attribute | inDefaults,
	"capabilities": attribute | inDefaults, "cpu": attribute | inDefaults, "memory": attribute | inDefaults, "pids": attribute | inDefaults,
	"grace": attribute | inDefaults, "success_codes": attribute | inDefaults, "idempotent": attribute | inDefaults,
	"service": attribute | inDefaults | head,
	"timeout": attribute | inDefaults | modifier | head,
	"target":  attribute | inDefaults | modifier | head,
	"retry":   attribute | inDefaults | modifier,
	"pool":    attribute | inDefaults | modifier,
	"return":  attribute | content,
	"needs":   modifier, "after": modifier, "for": modifier, "approve": modifier, "allow_failure": modifier,
	"when": modifier | head, "require": modifier | head, "lock": modifier | head,
	"let": content, "a step": content, "on failure": content, "finally": content,
}

// repeatable are the items that may stand more than once in a body.
var repeatable = map[string]bool{
	"run": true, "service": true, "needs": true, "after": true, "when": true, "for": true,
	"require": true, "lock": true, "let": true, "a step": true,
}

var homes = []struct {
	role role
	name string
}{{attribute, "an op"}, {modifier, "a step"}, {head, "a pipeline"}, {content, "a pipeline"}}

// items checks what may stand in a body and how often, and gives what may.
func (f *file) items(items []ast.Item, allowed role, where string) []ast.Item {
	out := make([]ast.Item, 0, len(items))
	for _, it := range items {
		word := keyword(it)
		r, known := roles[word]
		if !known {
			if _, bad := it.(*ast.BadItem); !bad {
				f.errorf(diag.UnknownKeyword, it.Span(), "%s does not exist in %s", word, where)
			}
			continue
		}
		if r&allowed == 0 {
			f.misplaced(it, word, r, where)
			continue
		}
		if first := called(out, word); first != nil {
			f.report(finding{
				rule: diag.DuplicateName, at: headOf(it), message: fmt.Sprintf("%s stands twice in %s", word, where),
				help:    "keep one of them",
				related: []diag.Related{{File: f.src, Span: headOf(first), Message: "first here"}},
			})
			continue
		}
		out = append(out, it)
	}
	return out
}

// called is the first item with a keyword that is not to stand twice; nil when there is none.
func called(items []ast.Item, word string) ast.Item {
	if repeatable[word] {
		return nil
	}
	for _, it := range items {
		if keyword(it) == word {
			return it
		}
	}
	return nil
}

func (f *file) misplaced(it ast.Item, word string, r role, where string) {
	var places []string
	for _, h := range homes {
		if r&h.role != 0 && !strings.Contains(strings.Join(places, " "), h.name) && h.name != where {
			places = append(places, h.name)
		}
	}
	f.report(finding{
		rule: diag.Misplaced, at: headOf(it),
		message: fmt.Sprintf("%s belongs to %s, not to %s", word, strings.Join(places, " or "), where),
	})
}

// headOf is the place of an item's first word, so that a finding does not underline a block.
func headOf(it ast.Item) source.Span {
	s := it.Span()
	switch it := it.(type) {
	case *ast.Attr:
		return it.Key.Range
	case *ast.Step:
		return it.Name.Range
	}
	if n := int32(len(keyword(it))); n > 0 && n < s.End-s.Start {
		return source.Span{Start: s.Start, End: s.Start + n}
	}
	return s
}

// broken says that a part could not be read, so that nothing is said of what is missing.
func broken(items []ast.Item) bool {
	for _, it := range items {
		if _, bad := it.(*ast.BadItem); bad {
			return true
		}
	}
	return false
}
