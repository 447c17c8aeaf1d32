package engine

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// keptKeys is the folder in a run's state of the parts of the keys of steps that are cached, a file a
// step: a process that goes on with an attempt may find other files than it began with. Parts hold
// digests, and nothing in the plain.
const keptKeys = "keys"

func (w *opWork) keptKey() string {
	return filepath.Join(w.run.Run.State, keptKeys, target.OneName(w.path))
}

// keepParts writes the parts down for whoever goes on with the step. Where that fails, its result is
// not cached then.
func (w *opWork) keepParts() {
	if w.parts == nil || w.run.Journal == nil {
		return
	}
	raw, err := json.Marshal(w.parts)
	if err != nil || os.MkdirAll(filepath.Dir(w.keptKey()), 0o700) != nil {
		return
	}
	fresh := w.keptKey() + ".new"
	if os.WriteFile(fresh, raw, 0o600) == nil {
		_ = os.Rename(fresh, w.keptKey())
	}
}

// recallParts takes up the parts of an attempt that goes on.
func (w *opWork) recallParts() {
	if w.op.plan.Cached == nil || w.run.Cache == nil || isSecret(w.op.result) {
		return
	}
	raw, err := os.ReadFile(w.keptKey())
	var parts []store.Part
	if err == nil && json.Unmarshal(raw, &parts) == nil {
		w.parts = parts
	}
}
