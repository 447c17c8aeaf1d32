package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"

	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/repo"
	"github.com/pipelang/pipe/runtime/secret"
)

// reads are the answers of the repository that a run has had: it gets the same again when it
// goes on, whatever has become of the files.
type reads struct {
	facts  *repo.Repo
	write  *journal.Journal
	sealer *secret.Sealer
	masker *secret.Masker
	mu     sync.Mutex
	known  map[string][]byte // by name of the attachment
}

// mostRead is the longest answer that is kept, in bytes: a larger one is asked for again.
const mostRead = 1 << 20

func (x *execution) reads(sealer *secret.Sealer, masker *secret.Masker) *reads {
	r := &reads{facts: x.facts, write: x.written, sealer: sealer, masker: masker}
	if x.past != nil {
		r.known = x.past.journal.Attached
	}
	return r
}

// in answers for the expressions of a folder.
func (r *reads) in(folder string) expr.Host { return readsIn{r, folder} }

type readsIn struct {
	*reads
	folder string
}

// Call implements expr.Host.
func (r readsIn) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	name, err := readName(r.folder, function, args)
	if err != nil {
		return nil, err
	}
	if v, ok, err := r.recalled(name); ok || err != nil {
		return v, err
	}
	v, err := r.facts.Host(r.folder).Call(ctx, function, args)
	if err != nil {
		return nil, err
	}
	return v, r.keep(name, v)
}

func readName(folder, function string, args []value.Value) (string, error) {
	raw, err := value.Marshal(value.List(append([]value.Value{value.String(folder), value.String(function)}, args...)))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return attachedRead + hex.EncodeToString(sum[:16]), nil
}

// answer is a value of the repository as it is written down.
type answer struct {
	Kind   string          `json:"kind"` // text, list or json
	Value  json.RawMessage `json:"value,omitempty"`
	Sealed []byte          `json:"sealed,omitempty"` // where it holds a secret
}

func (r *reads) recalled(name string) (value.Value, bool, error) {
	r.mu.Lock()
	text, ok := r.known[name]
	r.mu.Unlock()
	if !ok {
		return nil, false, nil
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, false, err
	}
	if a.Sealed != nil {
		plain, err := r.sealer.Open(a.Sealed)
		if err != nil {
			return nil, false, err
		}
		a.Value = plain
	}
	v, err := value.Unmarshal(kinds[a.Kind], a.Value)
	return v, err == nil, err
}

var kinds = map[string]*types.Type{"text": types.StringType, "list": types.ListOf(types.StringType), "json": types.JSONType}

func (r *reads) keep(name string, v value.Value) error {
	a := answer{Kind: "json"}
	switch v.(type) {
	case value.String:
		a.Kind = "text"
	case value.List:
		a.Kind = "list"
	}
	raw, err := value.Marshal(v)
	if err != nil || len(raw) > mostRead {
		return err
	}
	a.Value = raw
	if r.masker.Mask(string(raw)) != string(raw) {
		sealed, sealing := r.sealer.Seal(raw)
		a.Value, a.Sealed, err = nil, sealed, sealing
	}
	text, encoding := json.Marshal(a)
	if err := errors.Join(err, encoding); err != nil {
		return err
	}
	r.write.Attach(name, text)
	return nil
}
