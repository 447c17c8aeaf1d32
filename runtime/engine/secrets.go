package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
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
	case int64:
		return leaf(value.Int(d), secret, at)
	case float64:
		return leaf(value.Float(d), secret, at)
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
		switch v.(type) {
		case value.String, value.Bytes, value.Int:
			if text, _ := value.Env(v); secret && text != "" {
				r.Reveal(text)
			}
		}
		return nil
	})
}

// secretError says where a result that is not secret holds a secret.
type secretError struct {
	at   string // in the value
	leak *target.LeakError
}

func (e *secretError) Error() string {
	switch {
	case e.leak != nil:
		return "artifact " + e.leak.Error() + " and is not declared secret"
	case e.at == "":
		return "the result holds a secret and is not declared secret"
	}
	return "the result holds a secret at " + e.at + ", which is not declared secret"
}

// seal reveals what a result declares secret, content that to took in included, and fails
// where the result holds another secret.
func (r *run) seal(ctx context.Context, v value.Value, t *types.Type, to target.Intake) error {
	r.reveal(v, t)
	if to != nil && r.Reveal != nil && t.DeepLabels()&types.Secret != 0 {
		err := visit(v, t, false, "", func(v value.Value, secret bool, _ string) error {
			if sum := content(v); secret && sum != "" {
				return r.revealContent(ctx, sum, to)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return visit(v, t, false, "", func(v value.Value, secret bool, at string) error {
		if secret {
			return nil
		}
		if r.holdsSecret(v) {
			return &secretError{at: at}
		}
		if sum := content(v); sum != "" && to != nil && r.Find != nil {
			return r.search(ctx, sum, name(v), to)
		}
		return nil
	})
}

// holdsSecret looks at what people would read of a value without parts. In numbers, as in
// files, a short secret stands by chance.
func (r *run) holdsSecret(v value.Value) bool {
	switch v := v.(type) {
	case value.String:
		return r.Bus.Hides(string(v))
	case value.Bytes:
		return r.Bus.Hides(string(v))
	case value.Image:
		return r.Bus.Hides(v.Ref)
	case value.File, value.Dir:
		return r.Bus.Hides(name(v))
	case value.Int, value.Float, value.Size:
		text, _ := value.Env(v)
		return r.finds(text)
	}
	return false
}

// finds reports whether a text holds a secret that is not short.
func (r *run) finds(text string) bool {
	if r.Find == nil {
		return false
	}
	f := r.Find()
	_, _ = io.WriteString(f, text)
	_, found := f.Found()
	return found
}

// content is the digest of a file or folder, "" for anything else.
func content(v value.Value) string {
	switch v := v.(type) {
	case value.File:
		return v.Digest
	case value.Dir:
		return v.Digest
	}
	return ""
}

func name(v value.Value) string {
	switch v := v.(type) {
	case value.File:
		return v.Name
	case value.Dir:
		return v.Name
	}
	return ""
}

// search looks for secrets in a file, or in the files, names and links of a folder.
func (r *run) search(ctx context.Context, digest, name string, to target.Intake) error {
	return to.Walk(ctx, digest, func(below string, content io.Reader) error {
		at := path.Join(name, below)
		if r.finds(at) {
			return &secretError{leak: &target.LeakError{Path: at}}
		}
		f := r.Find()
		if _, err := io.Copy(f, content); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if line, found := f.Found(); found {
			return &secretError{leak: &target.LeakError{Path: at, Line: line}}
		}
		return nil
	})
}

const (
	// mostRevealed is the size in bytes up to which a secret file is told to the masker, and
	// mostOfFolder that of all files of a folder together: keys and credentials are smaller.
	mostRevealed = 64 << 10
	mostOfFolder = 1 << 20
)

// revealStored tells the masker of secret files and folders that an earlier process stored. What
// cannot be read here reaches no step either.
func (r *run) revealStored(v value.Value, t *types.Type) {
	from, ok := r.Run.Artifacts.(target.Shower)
	if !ok || r.Reveal == nil || t.DeepLabels()&types.Secret == 0 {
		return
	}
	_ = visit(v, t, false, "", func(v value.Value, secret bool, _ string) error {
		if secret && content(v) != "" {
			_ = from.Show(v, r.revealing())
		}
		return nil
	})
}

// revealContent tells the masker of a secret file, or of the files in a folder.
func (r *run) revealContent(ctx context.Context, digest string, to target.Intake) error {
	return to.Walk(ctx, digest, r.revealing())
}

// revealing tells the masker of one file after the other of what belongs together.
func (r *run) revealing() func(name string, content io.Reader) error {
	total := 0
	return func(_ string, content io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(content, mostRevealed+1))
		if err != nil {
			return err
		}
		if total += len(text); len(text) <= mostRevealed && total <= mostOfFolder {
			r.Reveal(string(text))
		}
		return nil
	}
}

// sealed reports whether files or folders of a result are secret. Then all that its `return`
// reads is sealed: which field it ends up in is not known while it is evaluated.
func sealed(t *types.Type) bool { return holdsContent(t, t.Labels&types.Secret != 0, 0) }

// deepest is more than types nest; records may hold themselves.
const deepest = 32

func holdsContent(t *types.Type, secret bool, depth int) bool {
	secret = secret || t.Labels&types.Secret != 0
	t = t.Plain()
	secret = secret || t.Labels&types.Secret != 0
	switch {
	case depth > deepest:
		return false
	case t.Kind == types.File || t.Kind == types.Dir:
		return secret
	case t.Elem != nil:
		return holdsContent(t.Elem, secret, depth+1)
	case t.Record == nil:
		return false
	}
	for _, f := range t.Record.Fields {
		if holdsContent(f.Type, secret, depth+1) {
			return true
		}
	}
	return false
}

// contents are the digests of all files and folders in a value.
func contents(v value.Value) []string {
	var out []string
	_ = visit(v, types.InvalidType, true, "", func(v value.Value, _ bool, _ string) error {
		if sum := content(v); sum != "" {
			out = append(out, sum)
		}
		return nil
	})
	return out
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
		Cause: end.cause, ExitCode: end.exit, Duration: end.duration, Attempt: end.attempts, Cached: end.cached}
	if end.past {
		return
	}
	e.Element = end.element
	if end.outcome == Waiting {
		e.Type = event.StepWaiting
	} else {
		e.Value, e.Sealed = encode(end.value, t), r.sealed(end.value, t)
	}
	r.Bus.Publish(e)
	r.settle(end)
}

// sealed is a result, encrypted, where events do not show it whole; nil where they do.
func (r *run) sealed(v value.Value, t *types.Type) []byte {
	if r.Seal == nil || v == nil || v == (value.None{}) {
		return nil
	}
	raw, err := value.Marshal(v)
	if err != nil || t.DeepLabels()&types.Secret == 0 && !r.Bus.Hides(string(raw)) {
		return nil
	}
	out, err := r.Seal(raw)
	if err != nil {
		r.Bus.Publish(event.Event{Type: event.Notice, Text: "a result could not be sealed, so that its step runs again when the run is resumed: " + err.Error()})
		return nil
	}
	return out
}
