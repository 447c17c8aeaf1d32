package expr

import (
	"errors"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// Parse reads the text of an expression, as a plan holds it: a record body may stand where a value
// does. Spans count from the text's start.
func Parse(text string) (ast.Expr, error) {
	var diags diag.List
	x := parser.ParseValue(source.NewFile("expression", text), &diags)
	if all := diags.Sorted(); len(all) > 0 {
		return nil, errors.New(all[0].Message)
	}
	return x, nil
}
