package engine

import (
	"encoding/json"
	"fmt"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// masked stands for a secret where its type says that it is one.
const masked = "***"

// visit walks a value beside its type: leaf gets every part without parts, with whether it is
// declared secret and where it stands.
func visit(v value.Value, t *types.Type, secret bool, at string, leaf func(v value.Value, secret bool, at string) error) error {
	t = t.Plain()
	secret = secret || t.Labels&types.Secret != 0
	switch v := v.(type) {
	case value.List:
		for i, e := range v {
			if err := visit(e, elem(t), secret, fmt.Sprintf("%s[%d]", at, i), leaf); err != nil {
				return err
			}
		}
		return nil
	case value.Map:
		for k, e := range v {
			if err := visitKey(k, secret, at, leaf); err != nil {
				return err
			}
			if err := visit(e, elem(t), secret, at+"."+k, leaf); err != nil {
				return err
			}
		}
		return nil
	case value.Record:
		for k, e := range v {
			if err := visit(e, fieldType(t, k), secret, at+"."+k, leaf); err != nil {
				return err
			}
		}
		return nil
	case value.JSON:
		return visitJSON(v.Data, secret, at, leaf)
	}
	return leaf(v, secret, at)
}

func elem(t *types.Type) *types.Type {
	if t.Elem == nil {
		return types.InvalidType
	}
	return t.Elem
}

func fieldType(t *types.Type, name string) *types.Type {
	if f, ok := t.Field(name); ok {
		return f.Type
	}
	return types.InvalidType
}

// visitKey shows a computed key. Those of a secret value are none themselves.
func visitKey(key string, secret bool, at string, leaf func(value.Value, bool, string) error) error {
	if secret {
		return nil
	}
	return leaf(value.String(key), false, at)
}

func visitJSON(data any, secret bool, at string, leaf func(value.Value, bool, string) error) error {
	switch d := data.(type) {
	case string:
		return leaf(value.String(d), secret, at)
	case []any:
		for i, e := range d {
			if err := visitJSON(e, secret, fmt.Sprintf("%s[%d]", at, i), leaf); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, e := range d {
			if err := visitKey(k, secret, at, leaf); err != nil {
				return err
			}
			if err := visitJSON(e, secret, at+"."+k, leaf); err != nil {
				return err
			}
		}
	}
	return nil
}

// reveal tells the masker of what a type declares secret.
func (r *run) reveal(v value.Value, t *types.Type) {
	if r.Reveal == nil || t.DeepLabels()&types.Secret == 0 {
		return
	}
	_ = visit(v, t, false, "", func(v value.Value, secret bool, _ string) error {
		if s, ok := v.(value.String); ok && secret && s != "" {
			r.Reveal(string(s))
		}
		return nil
	})
}

// secretError says where a result that is not secret holds a secret.
type secretError struct{ at string }

func (e *secretError) Error() string {
	if e.at == "" {
		return "the result holds a secret and is not declared secret"
	}
	return "the result holds a secret at " + e.at + ", which is not declared secret"
}

// seal reveals what a result declares secret, and fails where it holds another secret.
func (r *run) seal(v value.Value, t *types.Type) error {
	r.reveal(v, t)
	return visit(v, t, false, "", func(v value.Value, secret bool, at string) error {
		if s, ok := v.(value.String); ok && !secret && r.Bus.Hides(string(s)) {
			return &secretError{at}
		}
		return nil
	})
}

// encode is a result as events show it, nil when there is none.
func encode(v value.Value, t *types.Type) json.RawMessage {
	if v == nil || v == (value.None{}) {
		return nil
	}
	if t.DeepLabels()&types.Secret != 0 {
		v = redact(v, t)
	}
	raw, err := value.Marshal(v)
	if err != nil {
		return nil
	}
	return raw
}

// redact replaces what a type declares secret.
func redact(v value.Value, t *types.Type) value.Value {
	t = t.Plain()
	if t.Labels&types.Secret != 0 {
		return value.String(masked)
	}
	switch v := v.(type) {
	case value.List:
		out := make(value.List, len(v))
		for i := range v {
			out[i] = redact(v[i], elem(t))
		}
		return out
	case value.Map:
		out := value.Map{}
		for k, e := range v {
			out[k] = redact(e, elem(t))
		}
		return out
	case value.Record:
		out := value.Record{}
		for k, e := range v {
			out[k] = redact(e, fieldType(t, k))
		}
		return out
	}
	return v
}

// publishFinished tells how a step or an instance ended; one that waits has not.
func (r *run) publishFinished(path string, end ending, t *types.Type) {
	e := event.Event{Type: event.StepFinished, Step: path, Outcome: string(end.outcome), Allowed: end.allowed, Reason: end.reason,
		Cause: end.cause, ExitCode: end.exit, Duration: end.duration, Attempt: end.attempts}
	if end.outcome == Waiting {
		e.Type = event.StepWaiting
	} else {
		e.Value = encode(end.value, t)
	}
	r.Bus.Publish(e)
}
