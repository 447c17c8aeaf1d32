package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// ownNetwork refuses a network that is written out and is another's: the machine's, or a container's.
func (f *file) ownNetwork(x ast.Expr) {
	l, ok := ast.Unparen(x).(*ast.StringLit)
	if !ok {
		return
	}
	mode, _, of := strings.Cut(l.Value, ":")
	if l.Value == "host" || of && slices.Contains([]string{"container", "ns", "host"}, mode) {
		f.report(finding{
			rule: diag.InvalidValue, at: l.Span(), message: fmt.Sprintf("network: a container gets a network of its own, found %q", l.Value),
			help: `write "none", "bridge" or the name of one of the engine's networks`,
		})
	}
}
