package expr

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/value"
)

// Status of a step, for succeeded(x), failed(x) and skipped(x).
type Status string

const (
	StatusSucceeded Status = "succeeded"
	StatusFailed    Status = "failed"
	StatusSkipped   Status = "skipped"
	StatusAbandoned Status = "abandoned"
	StatusCancelled Status = "cancelled"
)

// Input is what an evaluation may read.
type Input struct {
	// Var gives a name's value; known is false for what is not known (yet): a late name while
	// planning, a failed step while running. An optional name's value is value.None when absent.
	Var func(name string) (v value.Value, known bool)
	// Status gives how a step ended; "" is unknown.
	Status func(step string) Status
	// Host answers functions that look outside; nil makes their results unknown.
	Host Host
	// Limit is how many operations the evaluation may do, where that is fewer than any may; 0 is no limit of its own.
	Limit int
}

// Host answers functions that look outside an expression: glob, text, json, yaml,
// file, dir, files, junit, gotest, git.changed (as "git.changed"). An error of it fails the
// expression with its message; an *UnknownError makes the result unknown.
type Host interface {
	Call(ctx context.Context, function string, args []value.Value) (value.Value, error)
}

// UnknownError says that a result depends on names that are not known.
type UnknownError struct{ Names []string }

func (e *UnknownError) Error() string {
	return "depends on what is not known yet: " + strings.Join(e.Names, ", ")
}

// EvalError is a failure that only data could show: an index, a division, a number in text.
type EvalError struct {
	Span    source.Span
	Message string
	// Err is the *value.MismatchError of a result that does not fit what is wanted, or ErrTooLong, else nil.
	Err error
}

// ErrTooLong is why an evaluation was stopped that did more operations than it may.
var ErrTooLong = errors.New("the expression takes too long")

// Unwrap gives Err.
func (e *EvalError) Unwrap() error { return e.Err }

func (e *EvalError) Error() string { return e.Message }

// Eval runs a program. Errors are *UnknownError, *EvalError or the context's.
func (p *Program) Eval(ctx context.Context, in Input) (value.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out, err := p.exec(ctx, in)
	if err != nil {
		return nil, err
	}
	v, err := fromCEL(out)
	if err != nil {
		return nil, &EvalError{Span: p.place(nowhere), Message: err.Error()}
	}
	if p.want == nil {
		return v, nil
	}
	fitted, err := value.Coerce(v, p.want)
	switch {
	case err == nil:
		return fitted, nil
	case HoldsLate(v):
		return v, nil
	}
	return nil, &EvalError{Span: p.place(nowhere), Message: err.Error(), Err: err}
}

func (p *Program) exec(ctx context.Context, in Input) (out ref.Val, err error) {
	defer func() {
		if r := recover(); r != nil {
			if bad, ok := r.(runtime.Error); ok && strings.Contains(bad.Error(), "unhashable") { // check refuses it, and a plan may hold it
				out, err = nil, &EvalError{Span: p.place(nowhere), Message: "a map's key: expected a string, found bytes"}
				return
			}
			stop, ok := r.(stopped)
			if !ok {
				panic(r)
			}
			out, err = nil, stop.err
			if err == nil {
				err = &EvalError{Span: p.place(nowhere), Err: ErrTooLong, Message: fmt.Sprintf("the expression takes too long: it may do %d operations, and text counts one for ten bytes", in.limit())}
			}
		}
	}()
	frame, err := interpreter.NewExecutionFrame(&activation{ctx: ctx, in: in})
	if err != nil {
		return nil, err
	}
	defer frame.Close()
	out = p.code.Exec(frame)
	switch v := out.(type) {
	case *celtypes.Unknown:
		return nil, &UnknownError{Names: unknownOf(v)}
	case *celtypes.Err:
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, p.failure(ctx, in, v)
	}
	return out, nil
}

// place is the span of a node; the whole expression's for one without.
func (p *Program) place(id int64) source.Span {
	s := p.whole
	if id > 0 && id < int64(len(p.spans)) {
		s = p.spans[id]
	}
	return source.Span{Start: s.Start + p.at, End: s.End + p.at}
}

func unknownOf(u *celtypes.Unknown) []string {
	names := map[string]bool{}
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			names[t.Variable()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// activation answers CEL's names.
type activation struct {
	ctx    context.Context
	in     Input
	budget budget
}

// Parent implements CEL's activation.
func (a *activation) Parent() interpreter.Activation { return nil }

// ResolveName implements CEL's activation: variables, statuses of steps, and the host.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case hostName:
		return &hostValue{ctx: a.ctx, host: a.in.Host}, true
	case budgetName:
		a.budget.ctx, a.budget.limit = a.ctx, a.in.limit()
		return &a.budget, true
	}
	if step, ok := strings.CutSuffix(name, statusMark); ok {
		return a.status(step), true
	}
	if a.in.Var == nil {
		return unknown(name), true
	}
	v, known := a.in.Var(name)
	if !known {
		return unknown(name), true
	}
	if v == nil {
		return celtypes.OptionalNone, true
	}
	return toCEL(v), true
}

func (a *activation) status(step string) ref.Val {
	if a.in.Status == nil {
		return unknown(step)
	}
	s := a.in.Status(step)
	if s == "" {
		return unknown(step)
	}
	return celtypes.String(s)
}

func unknown(name string) ref.Val {
	return celtypes.NewUnknown(1, celtypes.NewAttributeTrail(name))
}
