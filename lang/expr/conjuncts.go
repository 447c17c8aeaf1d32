package expr

import "github.com/pipelang/pipe/lang/ast"

// Conjuncts are the texts of the parts of a condition that `&&` joins at its top; the whole text
// where it has none, or is no expression.
func Conjuncts(text string) []string {
	x, err := Parse(text)
	if err != nil {
		return []string{text}
	}
	var out []string
	var split func(ast.Expr)
	split = func(x ast.Expr) {
		x = ast.Unparen(x)
		if b, ok := x.(*ast.Binary); ok && b.Op == "&&" {
			split(b.X)
			split(b.Y)
			return
		}
		s := x.Span()
		out = append(out, text[s.Start:s.End])
	}
	split(x)
	return out
}
