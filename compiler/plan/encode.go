package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Encode is the plan as people store it: the canonical form, indented by two spaces, with a
// newline at its end. The canonical form is JSON with fields in the order of the structs,
// maps by key, nothing escaped for HTML and no white space; the digest is over that form.
func Encode(p *Plan) ([]byte, error) {
	text, err := canonical(p)
	if err != nil {
		return nil, err
	}
	return Indent(text)
}

// Indent makes of a canonical form what Encode gives.
func Indent(canonical []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(3 * len(canonical))
	if err := json.Indent(&b, canonical, "", "  "); err != nil {
		return nil, fmt.Errorf("indent plan: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Seal sets the plan's Digest and gives its canonical form, which is read on the way. Decode takes it, too.
func Seal(p *Plan) ([]byte, error) {
	p.Digest = ""
	text, err := canonical(p)
	if err != nil {
		return nil, err
	}
	p.Digest = DigestOf(text)
	open, last := bytes.CutSuffix(text, []byte(`""}`)) // the digest is the last field
	if !last {
		return nil, fmt.Errorf("seal plan: it does not end with its digest")
	}
	return append(open, `"`+p.Digest+`"}`...), nil
}

// Digest is "sha256:" and the hex digest of the canonical form with an empty Digest.
func Digest(p *Plan) (string, error) {
	q := *p
	q.Digest = ""
	text, err := canonical(&q)
	if err != nil {
		return "", err
	}
	return DigestOf(text), nil
}

// DigestOf is the digest of bytes in the form that plans use: "sha256:" and hex.
func DigestOf(text []byte) string {
	const kind = "sha256:"
	sum := sha256.Sum256(text)
	return string(hex.AppendEncode(append(make([]byte, 0, len(kind)+2*len(sum)), kind...), sum[:]))
}

func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode plan: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
