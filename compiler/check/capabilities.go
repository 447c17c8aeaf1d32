package check

import (
	"regexp"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

var capabilityName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// capabilities names what a container may do beyond what every program may. The names are
// written out, for they are to be seen in the plan.
func (b opBody) capabilities(x ast.Expr) {
	l, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok {
		b.notCapabilities(x)
		return
	}
	seen := map[string]bool{}
	for _, e := range l.Elems {
		s, ok := ast.Unparen(e.Value).(*ast.StringLit)
		switch {
		case !ok:
			b.notCapabilities(e.Value)
		case s.Value == "ALL":
			b.file.errorf(diag.InvalidValue, s.Range, `capabilities: "ALL" is none: name each that is needed`)
		case strings.HasPrefix(s.Value, "CAP_") || !capabilityName.MatchString(s.Value):
			b.file.errorf(diag.InvalidValue, s.Range, "capabilities: %q is no capability: expected a name such as NET_BIND_SERVICE", s.Value)
		case seen[s.Value]:
			b.file.errorf(diag.DuplicateName, s.Range, "capabilities names %q twice", s.Value)
		default:
			seen[s.Value] = true
		}
	}
}

func (b opBody) notCapabilities(x ast.Expr) {
	if _, bad := x.(*ast.BadExpr); bad {
		return
	}
	b.file.report(finding{
		rule: diag.TypeMismatch, at: x.Span(), message: "capabilities: expected names that are written out",
		help: `write capabilities ["NET_BIND_SERVICE"]`,
	})
}
