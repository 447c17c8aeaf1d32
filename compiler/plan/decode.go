package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNotPlan is wrapped by every error of Decode.
var ErrNotPlan = errors.New("this is no plan that can be run")

// Decode reads what Encode wrote, whatever its white space. It is strict: another schema,
// an unknown or repeated field, a digest that does not fit and a reference to nothing are errors.
func Decode(text []byte) (*Plan, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return nil, notPlan("%s", syntax(text))
	}
	if err := checkSchema(b.Bytes()); err != nil {
		return nil, err
	}
	p, err := decodeStrict(b.Bytes())
	if err != nil {
		return nil, err
	}
	if err := checkDigest(p, b.Bytes()); err != nil {
		return nil, err
	}
	if err := Validate(p); err != nil {
		return nil, notPlan("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return p, nil
}

func decodeStrict(compact []byte) (*Plan, error) {
	p := &Plan{}
	d := json.NewDecoder(bytes.NewReader(compact))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, notPlan("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	again, err := canonical(p)
	if err != nil {
		return nil, notPlan("%v", err)
	}
	// A repeated key, or one in other letters, would be shown by one reader and run by another.
	if !bytes.Equal(again, compact) {
		return nil, notPlan("it is not in canonical form near byte %d of %d without white space", common(again, compact), len(compact))
	}
	return p, nil
}

func checkSchema(text []byte) error {
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Schema == nil {
		return notPlan("it has no schema; expected %q", Version)
	}
	if *head.Schema != Version {
		return notPlan("its schema is %q, this version reads %q; make the plan again", *head.Schema, Version)
	}
	return nil
}

// checkDigest takes the canonical form of p, which ends with the digest, and with an empty one is what that is of.
func checkDigest(p *Plan, canonical []byte) error {
	open, last := bytes.CutSuffix(canonical, []byte(p.Digest+`"}`))
	want := DigestOf(append(slices.Clip(open), `"}`...))
	if !last || p.Digest != want {
		return notPlan("it was changed after it was made: its digest says %q, its content has %q", p.Digest, want)
	}
	return nil
}

func notPlan(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrNotPlan}, args...)...)
}

// syntax says what is no JSON in a text, with its line.
func syntax(text []byte) string {
	var any json.RawMessage
	err := json.Unmarshal(text, &any)
	bad := (*json.SyntaxError)(nil)
	if !errors.As(err, &bad) {
		return fmt.Sprint(err)
	}
	at := min(max(int(bad.Offset), 0), len(text))
	return fmt.Sprintf("line %d: %v", bytes.Count(text[:at], []byte("\n"))+1, err)
}

// common is how many bytes two texts start with in common.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
