package lower

import (
	"errors"
	"strconv"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// EvalError is an expression that could be evaluated already and failed: a division by zero
// in a constant, an argument that breaks a parameter's condition.
type EvalError struct {
	File    *source.File // nil for an argument from outside
	Span    source.Span
	Message string
}

// Error is file:line:column and the message.
func (e *EvalError) Error() string {
	if e.File == nil {
		return e.Message
	}
	return place(e.File, e.Span) + ": " + e.Message
}

// Diagnostic is the error as what check would report.
func (e *EvalError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{Rule: diag.InvalidValue, File: e.File, Span: e.Span, Message: e.Message}
}

// place is file:line:column.
func place(f *source.File, s source.Span) string {
	p := f.Position(s.Start)
	return f.Name + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// fail keeps an error, once for each place.
func (b *binder) fail(err error) {
	if text := err.Error(); !b.said[text] {
		b.said[text] = true
		b.errs = append(b.errs, err)
	}
}

func (b *binder) failed() error { return errors.Join(b.errs...) }
