package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

// vary gives what `vary` adds to a cache key, a part for each element: its canonical JSON, or
// the fingerprint of that where one of them is secret. A key is then good only with the
// identity that made it, and tells nothing about the secret.
func (r *run) vary(ctx context.Context, c *plan.Cached, sc *scope) ([]string, error) {
	if c.Vary == nil {
		return nil, nil
	}
	v, err := r.eval(ctx, c.Vary, nil, sc)
	if err != nil {
		return nil, fmt.Errorf("vary: %w", err)
	}
	var out []string
	for _, e := range parts(v) {
		raw, err := value.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("vary: %w", err)
		}
		part := string(raw)
		if c.Secret {
			if part, err = r.fingerprint(raw); err != nil {
				return nil, fmt.Errorf("vary: %w", err)
			}
		}
		out = append(out, part)
	}
	return out, nil
}

// parts are the elements of a list, in data too.
func parts(v value.Value) []value.Value {
	switch v := v.(type) {
	case value.List:
		return v
	case value.JSON:
		list, _ := v.Data.([]any)
		out := make([]value.Value, len(list))
		for i, e := range list {
			out[i] = value.JSON{Data: e}
		}
		return out
	}
	return []value.Value{v}
}

func (r *run) fingerprint(raw []byte) (string, error) {
	if r.Fingerprint == nil {
		return "", errors.New("a secret cannot enter a key here: there is no identity to make a fingerprint with")
	}
	return r.Fingerprint(raw)
}
