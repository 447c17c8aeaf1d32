package expr

import (
	"errors"
	"fmt"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// CompileOptions of a program.
type CompileOptions struct {
	// Want is the type of the result: values are coerced to it (records by width, an integral
	// float to int) and one that does not fit is an *EvalError. Where it is nil or holds a secret,
	// errors quote nothing that an operation which may see a secret was given.
	Want *types.Type
	// Optional holds the names whose variables are optional; Narrow those of them that are plain here.
	// A run needs neither, as an optional that has a value is that value; they may be left out.
	Optional, Narrow map[string]bool
	// Records are the types that Name{…} may build.
	Records map[string]*types.Type
	// At is added to the spans of errors.
	At int32
}

// Program is a compiled expression, safe for concurrent use.
type Program struct {
	code  interpreter.InterpretableV2
	tree  *celast.AST
	spans []source.Span
	whole source.Span
	want  *types.Type
	at    int32
}

// Compile prepares an expression that has been checked. The error says what no check would have let through.
func Compile(x ast.Expr, o CompileOptions) (*Program, error) {
	var failure error
	low := &lowerer{
		lang:    declarations(),
		records: func(name string) (*types.Type, bool) { t, ok := o.Records[name]; return t, ok },
		report: func(d diag.Diagnostic) {
			if failure == nil {
				failure = errors.New(d.Message)
			}
		},
		spans: make([]source.Span, 1, 16),
		refs:  map[int64]*celast.ReferenceInfo{},
	}
	root := low.expr(x, o.Want)
	if failure != nil {
		return nil, failure
	}
	if low.failed {
		return nil, errors.New("the expression could not be read")
	}
	p := &Program{
		tree:  celast.NewCheckedAST(celast.NewAST(root, nil), nil, low.refs),
		spans: low.spans, whole: x.Span(), want: o.Want, at: o.At,
	}
	var err error
	if p.code, err = running().NewInterpretable(p.tree, planning(low)...); err != nil {
		return nil, fmt.Errorf("plan the expression: %w", err)
	}
	return p, nil
}

// planning are the options that an expression needs; most need none but laziness.
func planning(low *lowerer) []interpreter.PlannerOption {
	var opts []interpreter.PlannerOption
	if low.lazy {
		opts = append(opts, interpreter.CustomDecoratorV2(lazily))
	}
	if len(low.sorted) > 0 {
		opts = append(opts, interpreter.CustomDecoratorV2(func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
			// what is read of a map has the map's id as well
			if _, read := i.(interpreter.InterpretableAttribute); read || !low.sorted[i.ID()] {
				return i, nil
			}
			return &sortedMap{i}, nil
		}))
	}
	if low.regex {
		opts = append(opts, interpreter.CompileRegexConstants(interpreter.MatchesRegexOptimization))
	}
	if low.loops {
		opts = append(opts, interpreter.CustomDecoratorV2(charge))
	}
	return opts
}

// lazily makes or and orValue evaluate their second operand only when it is needed.
func lazily(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || len(call.Args()) != 2 || call.Function() != "or" && call.Function() != "orValue" {
		return i, nil
	}
	return &fallback{InterpretableV2: i, first: call.Args()[0], second: call.Args()[1]}, nil
}

// fallback is x.or(y) and x.orValue(y).
type fallback struct {
	interpreter.InterpretableV2
	first, second interpreter.InterpretableV2
}

func (f *fallback) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	if v := f.first.Exec(frame); !isAbsent(v) {
		return runValue(v)
	}
	return f.second.Exec(frame)
}

func (f *fallback) Eval(vars interpreter.Activation) ref.Val {
	return f.Exec(interpreter.AsFrame(vars))
}

// sortedMap gives the map that a literal or a macro built an order.
type sortedMap struct{ interpreter.InterpretableV2 }

func (s *sortedMap) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := s.InterpretableV2.Exec(frame)
	if m, ok := v.(traits.Mapper); ok {
		return sorted(m)
	}
	return v
}

func (s *sortedMap) Eval(vars interpreter.Activation) ref.Val {
	return s.Exec(interpreter.AsFrame(vars))
}
