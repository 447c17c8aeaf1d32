package expr

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// failure puts an error of a run into our words, at the node that failed.
func (p *Program) failure(ctx context.Context, in Input, e *celtypes.Err) error {
	id := e.NodeID()
	if id <= 0 {
		id = p.trace(ctx, in)
	}
	return &EvalError{Span: p.place(id), Message: spell(e, p.discreet())}
}

// discreet reports a program that may have been given a secret. Every other one was not: a check
// accepts no secret where the result has none, unless it is moved without a chance to fail.
func (p *Program) discreet() bool {
	return p.want == nil || p.want.DeepLabels()&types.Secret != 0
}

// dataError is a failure of an operation that may be given a secret.
type dataError struct {
	said   string // without anything of the data
	quoted string
}

func (e *dataError) Error() string { return e.said }

// newDataError is a *dataError as CEL has it; said is for where a secret may be in the data.
func newDataError(said, format string, args ...any) ref.Val {
	return celtypes.WrapErr(&dataError{said: said, quoted: fmt.Sprintf(format, args...)})
}

// maxQuoted is how much of a text an error repeats, in bytes.
const maxQuoted = 80

// cut shortens a text that an error repeats.
func cut(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	n := maxQuoted
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// trace runs a program once more, watching every node, to find the innermost that fails: some
// of CEL's errors come without a place.
func (p *Program) trace(ctx context.Context, in Input) (id int64) {
	defer func() {
		if recover() != nil {
			id = nowhere
		}
	}()
	state := interpreter.NewEvalState()
	code, err := running().NewInterpretable(p.tree, interpreter.CustomDecoratorV2(lazily),
		interpreter.EvalStateObserver(interpreter.EvalStateFactory(func() interpreter.EvalState { return state })))
	if err != nil {
		return nowhere
	}
	frame, err := interpreter.NewExecutionFrame(&activation{ctx: ctx, in: in})
	if err != nil {
		return nowhere
	}
	code.Exec(frame)
	best := int64(nowhere)
	for _, n := range state.IDs() {
		v, ok := state.Value(n)
		if !ok || !celtypes.IsError(v) || n <= 0 || n >= int64(len(p.spans)) {
			continue
		}
		if best < 0 || p.spans[n].Len() < p.spans[best].Len() {
			best = n
		}
	}
	return best
}

// wording turns CEL's sentences into ours.
var wording = sync.OnceValue(func() []rewording {
	return []rewording{
		{regexp.MustCompile(`^index (-?\d+) out of bounds in list size (\d+)$`), "index $1 is out of range for a list of $2"},
		{regexp.MustCompile(`^index out of bounds: (-?\d+)$`), "index $1 is out of range"},
		{regexp.MustCompile(`^no such key: (.*)$`), `there is no field "$1"`},
		{regexp.MustCompile(`^(?:division|modulus) by zero$`), "division by zero"},
		{regexp.MustCompile(`^(?:integer|unsigned integer|duration|timestamp) overflow$`), "the result is too large"},
		{regexp.MustCompile(`^no such overload(?:: .*)?$`), "the operation does not work on what the data turned out to be"},
		{regexp.MustCompile(`^strconv\.(?:ParseInt|ParseUint): parsing (".*"): .*$`), "expected an int, found $1"},
		{regexp.MustCompile(`^strconv\.ParseFloat: parsing (".*"): .*$`), "expected a float, found $1"},
		{regexp.MustCompile(`^strconv\.ParseBool: parsing (".*"): .*$`), "expected true or false, found $1"},
		{regexp.MustCompile(`^time: invalid duration (".*")$`), "expected a duration, found $1"},
		{regexp.MustCompile(`^parsing time (".*") as .*$`), "expected a timestamp, found $1"},
		{regexp.MustCompile(`^invalid duration (".*"): .*$`), "expected a duration, found $1"},
		{regexp.MustCompile(`(?s)^got '.*', expected iterable type$`), "expected a list or a map"},
		{regexp.MustCompile(`^error parsing regexp: (.*)$`), "no regular expression: $1"},
		{regexp.MustCompile(`^type conversion error from '(.*)' to '(.*)'$`), "$1 cannot be made into $2"},
		{regexp.MustCompile(`(?s)^unsupported index (?:value|type)\b.*$`), "a list's index is a whole number"},
		{regexp.MustCompile(`(?s)^insert failed: key .* already exists$`), "a key is given twice"},
	}
})

type rewording struct {
	pattern *regexp.Regexp
	say     string
}

func spell(e *celtypes.Err, discreet bool) string {
	err := errors.Unwrap(e)
	if data, ok := errors.AsType[*dataError](err); ok {
		if discreet {
			return data.said
		}
		return data.quoted
	}
	if host, ok := errors.AsType[*hostError](err); ok {
		return host.Error()
	}
	if misfit, ok := errors.AsType[*value.MismatchError](err); ok {
		return misfit.Error()
	}
	message := strings.TrimSpace(e.String())
	for _, w := range wording() {
		if w.pattern.MatchString(message) {
			return w.pattern.ReplaceAllString(message, w.say)
		}
	}
	return message
}
