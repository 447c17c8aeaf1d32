package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// keyVersion changes when a key of the same parts means something else.
const keyVersion = 1

// uncachedError says why a step that asks for caching runs all the same.
type uncachedError struct{ why string }

func (e *uncachedError) Error() string { return e.why }

// keyParts are what a result depends on, in order. A value that is declared secret is only there
// or not; any other text that holds a known secret enters as a fingerprint.
type keyParts struct {
	run   *run
	parts []store.Part
	err   error
}

// usualParts are as many as most steps have.
const usualParts = 12

// withheld stands for a value that enters no key.
const withheld = "secret"

// add adds a part of plain data.
func (k *keyParts) add(name string, data any) {
	raw, err := json.Marshal(data)
	k.raw(name, raw, err, false)
}

// alike adds a part of plain data that is the same for all that have the name and of in common.
func (k *keyParts) alike(name, of string, data func() any) {
	t, err := k.run.keyTexts.get(keyTextOf{name, of}, data)
	if err != nil || k.run.Bus.Hides(t.text) {
		k.raw(name, []byte(t.text), err, false)
		return
	}
	k.parts = append(k.parts, store.Part{Name: name, Digest: t.digest})
}

// keyTexts are what the keys of many steps have alike.
type keyTexts struct {
	mu   sync.Mutex
	have map[keyTextOf]keyText
}

type (
	keyTextOf struct{ part, of string }
	keyText   struct{ text, digest string }
)

func (t *keyTexts) get(what keyTextOf, data func() any) (keyText, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if have, ok := t.have[what]; ok {
		return have, nil
	}
	raw, err := json.Marshal(data())
	if err != nil {
		return keyText{}, err
	}
	if t.have == nil {
		t.have = map[keyTextOf]keyText{}
	}
	t.have[what] = keyText{string(raw), plan.DigestOf(raw)}
	return t.have[what], nil
}

// value adds a part that holds a value, or says only that it is there.
func (k *keyParts) value(name string, v value.Value, secret bool) {
	if secret {
		k.add(name, map[string]string{"withheld": withheld})
		return
	}
	raw, err := value.Marshal(v)
	k.raw(name, raw, err, false)
}

func (k *keyParts) raw(name string, raw []byte, err error, keyed bool) {
	digest := ""
	if err == nil && (keyed || k.run.Bus.Hides(string(raw))) {
		digest, err = k.run.fingerprint(raw)
	} else {
		digest = plan.DigestOf(raw)
	}
	if err != nil && k.err == nil {
		k.err = &uncachedError{name + ": " + err.Error()}
	}
	k.parts = append(k.parts, store.Part{Name: name, Digest: digest})
}

// keyParts are the parts of an attempt's key, all but what inputs select.
func (w *opWork) keyParts(ctx context.Context) ([]store.Part, error) {
	k := &keyParts{run: w.run, parts: make([]store.Part, 0, usualParts)}
	w.keyOp(k)
	w.keyValues(k)
	if err := w.keyReturn(ctx, k); err != nil {
		return nil, err
	}
	vary, err := w.run.vary(ctx, w.op.plan.Cached, w.scope)
	if err != nil {
		return nil, err
	}
	for i, part := range vary {
		k.raw(fmt.Sprintf("vary[%d]", i), []byte(part), nil, false)
	}
	return k.parts, k.err
}

// keyOp adds what the op says, evaluated where that can be: how it is written does not matter.
func (w *opWork) keyOp(k *keyParts) {
	op := &w.op.plan
	k.alike("version", "", func() any { return keyVersion })
	k.alike("platform", w.placeName, func() any { return []string{runtime.GOOS, runtime.GOARCH, w.placeName} })
	type script struct {
		Interpreter, Text string
		OnFailure         bool
	}
	var scripts []script
	for _, s := range w.job.Scripts {
		scripts = append(scripts, script{s.Interpreter, s.Text, s.OnFailure})
	}
	k.add("script", []any{scripts, w.job.Exec})
	said := func() any {
		return attributes{
			op.Capabilities, w.codes, text(op.CPU), w.job.Folder, w.job.Image, w.job.Inherit, w.job.Keep, text(op.Memory),
			text(op.Network), text(op.PIDs), op.Services, text(op.User), w.job.Workdir,
		}
	}
	if w.saysPlaceAlone() {
		k.alike("attributes", strings.Join([]string{w.job.Folder, w.job.Image, w.job.Workdir}, "\x00"), said)
	} else {
		k.add("attributes", said())
	}
	returns := func() any { return []any{text(op.Return), op.Result, w.run.shapes(w.op.result)} }
	if op.Return == nil {
		k.alike("return", string(op.Result), returns)
	} else {
		k.add("return", returns())
	}
}

// attributes are what an op says besides its scripts. The order is that of the names, as keys have
// always had it.
type attributes struct {
	Capabilities any      `json:"capabilities"`
	Codes        []int    `json:"codes"`
	CPU          any      `json:"cpu"`
	Folder       string   `json:"folder"`
	Image        string   `json:"image"`
	Inherit      []string `json:"inherit"`
	Keep         []string `json:"keep"`
	Memory       any      `json:"memory"`
	Network      any      `json:"network"`
	PIDs         any      `json:"pids"`
	Services     any      `json:"services"`
	User         any      `json:"user"`
	Workdir      string   `json:"workdir"`
}

// saysPlaceAlone reports that of its attributes the op says no more than the folder, the image and the workdir.
func (w *opWork) saysPlaceAlone() bool {
	op := &w.op.plan
	return op.Capabilities == nil && op.Services == nil && w.job.Inherit == nil && w.job.Keep == nil && op.SuccessCodes == nil &&
		op.CPU == nil && op.Memory == nil && op.Network == nil && op.PIDs == nil && op.User == nil
}

// text is an expression without its place.
func text(x *plan.Expr) any {
	if x == nil {
		return nil
	}
	return []any{x.Value, x.CEL}
}

// shapes are the records in a type, with what their fields ask, without places.
func (r *run) shapes(t *types.Type) map[string]any {
	out := map[string]any{}
	r.addShapes(t, out)
	return out
}

func (r *run) addShapes(t *types.Type, out map[string]any) {
	if t.Elem != nil {
		r.addShapes(t.Elem, out)
	}
	if t.Record == nil || out[t.Record.ID] != nil {
		return
	}
	fields := []any{}
	for _, f := range r.Plan.Types[t.Record.ID].Fields {
		fields = append(fields, []any{f.Name, f.Type, f.HasDefault, f.Default, text(f.Where), text(f.Else)})
	}
	out[t.Record.ID] = fields
	for _, f := range t.Record.Fields {
		r.addShapes(f.Type, out)
	}
}

// keyValues adds what the op is given.
func (w *opWork) keyValues(k *keyParts) {
	for _, p := range w.job.Params {
		k.value("parameter "+p.Name, p.Value, p.Secret)
	}
	given := map[string]string{}
	for _, e := range w.job.Env {
		given[e.Name] = e.Value
	}
	for i := range w.op.plan.Env {
		e := &w.op.plan.Env[i]
		if text, ok := given[e.Name]; ok {
			k.value("env "+e.Name, value.String(text), e.Type != "" && isSecret(w.run.typeOf(e.Type)))
		}
	}
	for _, m := range w.job.Mounts {
		w.keyMount(k, m)
	}
	environ := w.run.Run.Environ
	if environ == nil {
		environ = os.Environ()
	}
	for _, name := range w.job.Inherit {
		if text, ok := variable(environ, name); ok {
			// Nothing says what is secret in an environment.
			k.raw("inherit "+name, []byte(text), nil, true)
		}
	}
}

func (w *opWork) keyMount(k *keyParts, m target.Mount) {
	name := "mount " + m.Path
	if m.Cache != "" {
		k.add(name, map[string]string{"cache": m.Cache})
		return
	}
	k.value(name, value.List{value.Bool(m.List), value.List(m.Files)}, m.Secret || m.Text != nil)
}

func isSecret(t *types.Type) bool { return t.DeepLabels()&types.Secret != 0 }

func variable(environ []string, name string) (string, bool) {
	for _, e := range slices.Backward(environ) {
		if text, ok := strings.CutPrefix(e, name+"="); ok {
			return text, true
		}
	}
	return "", false
}

// ofAttempt are the names that an attempt gives to `return`, and the functions that it answers.
var ofAttempt = map[string]bool{"exit_code": true, "stdout": true, "stderr": true, "outputs": true,
	"file": true, "dir": true, "files": true, "text": true, "json": true, "yaml": true, "junit": true, "gotest": true}

// keyReturn adds what `return` reads beside what the attempt leaves.
func (w *opWork) keyReturn(ctx context.Context, k *keyParts) error {
	x := w.op.plan.Return
	if x == nil || x.CEL == "" {
		return nil
	}
	tree, err := expr.Parse(x.CEL)
	if err != nil {
		return fmt.Errorf("the plan's expression at %s cannot be read: %w", x.At, err)
	}
	reads := map[string]expr.Read{}
	for _, r := range expr.Reads(tree) {
		if !ofAttempt[r.Name] {
			reads["return reads "+strings.TrimSuffix(r.Name+"."+r.Field, ".")] = r
		}
	}
	for _, name := range slices.Sorted(maps.Keys(reads)) {
		r := reads[name]
		if r.Call {
			return &uncachedError{fmt.Sprintf("return calls %s, and nothing says what that depends on", r.Name)}
		}
		v, err := w.scope.read(ctx, r.Name)
		if err != nil {
			return w.unread(r, err)
		}
		if rec, ok := v.(value.Record); ok && r.Field != "" {
			if v, ok = rec[r.Field]; !ok {
				v = value.None{}
			}
		}
		k.value(name, v, v != value.None{} && w.secretName(r))
	}
	return nil
}

func (w *opWork) unread(r expr.Read, err error) error {
	if isUnknown(err) {
		return &uncachedError{fmt.Sprintf("return reads %s, which is not known before it runs", r.Name)}
	}
	return err
}

// secretName reports whether a name that `return` reads is declared secret.
func (w *opWork) secretName(r expr.Read) bool {
	if r.Name == "settings" {
		return slices.ContainsFunc(w.run.Plan.Settings, func(s plan.Setting) bool { return s.Secret && (s.Name == r.Field || r.Field == "") })
	}
	lets := w.op.module.plan.Lets
	if w.op.plan.Inline {
		lets = slices.Concat(lets, w.graph.info.plan.Lets)
	}
	for _, l := range lets {
		if l.Name == r.Name {
			return isSecret(w.run.typeOf(l.Type))
		}
	}
	for _, p := range w.op.plan.Params {
		if p.Name == r.Name {
			return isSecret(w.run.typeOf(p.Type))
		}
	}
	if id, ok := w.graph.info.index[r.Name]; ok && w.op.plan.Inline {
		return isSecret(w.graph.info.steps[id].typ)
	}
	return false
}

var errNoInputs = &uncachedError{"it has no inputs"}

// key completes the parts with what inputs select; the error is an *uncachedError where the step
// may run all the same.
func (w *opWork) key(ctx context.Context) ([]store.Part, error) {
	if w.job.AllTree {
		return nil, errNoInputs
	}
	looks, ok := w.session.(target.Surveyor)
	if !ok {
		return nil, &uncachedError{"target " + w.placeName + " cannot say what its inputs hold"}
	}
	parts, err := w.keyParts(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := looks.Survey(ctx, w.job)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, &uncachedError{"inputs: " + err.Error()}
	}
	return append(parts, store.Part{Name: "inputs", Digest: seen.Digest}), nil
}

func isUncached(err error) bool {
	var u *uncachedError
	return errors.As(err, &u)
}
