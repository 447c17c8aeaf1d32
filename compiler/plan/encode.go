package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/internal/beside"
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

// digestLength is that of what DigestOf gives.
const digestLength = len("sha256:") + 2*sha256.Size

// DigestOf is the digest of bytes in the form that plans use: "sha256:" and hex.
func DigestOf(text []byte) string {
	const kind = "sha256:"
	sum := sha256.Sum256(text)
	return string(hex.AppendEncode(append(make([]byte, 0, len(kind)+2*len(sum)), kind...), sum[:]))
}

// canonical is the canonical form of a plan: what encoding/json gives, field by field. The fields are written at
// the same time, since ops and graph are each a good part of the whole.
func canonical(p *Plan) ([]byte, error) {
	v := reflect.ValueOf(p).Elem()
	texts, faults := make([]bytes.Buffer, v.NumField()), make([]error, v.NumField())
	beside.Each(len(texts), func(i int) { faults[i] = writeField(&texts[i], v.Type().Field(i), v.Field(i)) })
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	size := len("}")
	for i := range texts {
		size += texts[i].Len()
	}
	out := append(make([]byte, 0, size+digestLength), '{')
	for i := range texts {
		out = append(out, texts[i].Bytes()...)
	}
	out[len(out)-1] = '}' // in the place of the last comma
	return out, nil
}

// writeField writes a field with its name and a comma behind it, or nothing where it is left out.
func writeField(b *bytes.Buffer, f reflect.StructField, v reflect.Value) error {
	name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
	if option == "omitempty" && v.Len() == 0 {
		return nil
	}
	b.WriteString(`"` + name + `":`)
	write := func() error { return writeValue(b, v.Addr().Interface()) }
	if ops, ok := v.Interface().(map[string]Op); ok {
		write = func() error { return writeOps(b, ops) }
	}
	err := write()
	b.WriteByte(',')
	return err
}

// writeOps writes ops by ID, one half beside the other. They are written one by one, because encoding/json copies each
// value of a map.
func writeOps(b *bytes.Buffer, ops map[string]Op) error {
	ids := slices.Sorted(maps.Keys(ops))
	halves := [][]string{ids[:len(ids)/2], ids[len(ids)/2:]}
	texts, faults := make([]bytes.Buffer, len(halves)), make([]error, len(halves))
	beside.Each(len(halves), func(i int) { faults[i] = writeSome(&texts[i], ops, halves[i]) })
	b.WriteByte('{')
	for i := range texts {
		b.Write(texts[i].Bytes())
	}
	b.Bytes()[b.Len()-1] = '}' // in the place of the last comma
	return errors.Join(faults...)
}

// writeSome writes the ops of some IDs with a comma behind each.
func writeSome(b *bytes.Buffer, ops map[string]Op, ids []string) error {
	var op Op
	for _, id := range ids {
		op = ops[id]
		err := writeValue(b, id)
		b.WriteByte(':')
		if err = errors.Join(err, writeValue(b, &op)); err != nil {
			return err
		}
		b.WriteByte(',')
	}
	return nil
}

func writeValue(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	b.Truncate(b.Len() - len("\n"))
	return nil
}
