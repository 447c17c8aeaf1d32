package check

import (
	"fmt"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// nameList is an attribute that lists names. They are part of the plan, and therefore written out.
type nameList struct {
	word, what, example string
	// wrong says what is wrong with a name, "" for nothing.
	wrong func(name string) string
}

var inherited = nameList{
	word: "inherit", what: "names of variables", example: "NAME",
	wrong: func(name string) string {
		if variableName().MatchString(name) {
			return ""
		}
		return fmt.Sprintf("%q cannot be an environment variable: expected letters, digits and _", name)
	},
}

// names checks a list of names.
func (b opBody) names(x ast.Expr, n nameList) {
	l, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok {
		b.notNames(x, n)
		return
	}
	seen := map[string]bool{}
	for _, e := range l.Elems {
		s, ok := ast.Unparen(e.Value).(*ast.StringLit)
		if !ok {
			b.notNames(e.Value, n)
			continue
		}
		switch wrong := n.wrong(s.Value); {
		case wrong != "":
			b.file.errorf(diag.InvalidValue, s.Range, "%s: %s", n.word, wrong)
		case seen[s.Value]:
			b.file.errorf(diag.DuplicateName, s.Range, "%s names %q twice", n.word, s.Value)
		default:
			seen[s.Value] = true
		}
	}
}

func (b opBody) notNames(x ast.Expr, n nameList) {
	if _, bad := x.(*ast.BadExpr); bad {
		return
	}
	b.file.report(finding{
		rule: diag.TypeMismatch, at: x.Span(), message: n.word + ": expected " + n.what + " that are written out",
		help: fmt.Sprintf("write %s [%q]", n.word, n.example),
	})
}
