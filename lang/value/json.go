package value

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Marshal writes a value as canonical JSON: keys sorted, no white space, nothing escaped that
// need not be, floats in the fewest digits that read back the same and never looking like an
// int. Durations are text such as "1h30m", sizes bytes, timestamps RFC 3339 in UTC, bytes
// base64, None null; a file is {"file": name, "digest", "mode", "size"}, a folder {"dir": name,
// "digest", "files", "size"}, an image {"image": ref, "digest"}. A number that is not finite has no JSON.
func Marshal(v Value) (json.RawMessage, error) {
	var e encoder
	if err := e.value(v); err != nil {
		return nil, err
	}
	return e.Bytes(), nil
}

type encoder struct{ bytes.Buffer }

func (e *encoder) value(v Value) error {
	switch v := v.(type) {
	case String:
		e.str(string(v))
	case Int:
		e.int(int64(v))
	case Float:
		return e.float(float64(v))
	case Bool:
		e.WriteString(strconv.FormatBool(bool(v)))
	case Duration:
		e.str(FormatDuration(time.Duration(v)))
	case Size:
		e.int(int64(v))
	case Timestamp:
		e.str(formatTime(v))
	case Bytes:
		e.str(base64.StdEncoding.EncodeToString([]byte(v)))
	case List:
		return e.list(len(v), func(i int) error { return e.value(v[i]) })
	case Map:
		return e.object(slices.Sorted(maps.Keys(v)), func(k string) error { return e.value(v[k]) })
	case Record:
		return e.record(v)
	case File:
		fmt.Fprintf(e, `{"digest":%s,"file":%s,"mode":%d,"size":%d}`, quote(v.Digest), quote(v.Name), v.Mode, v.Size)
	case Dir:
		fmt.Fprintf(e, `{"digest":%s,"dir":%s,"files":%d,"size":%d}`, quote(v.Digest), quote(v.Name), v.Files, v.Size)
	case Image:
		fmt.Fprintf(e, `{"digest":%s,"image":%s}`, quote(v.Digest), quote(v.Ref))
	case None, nil:
		e.WriteString("null")
	case JSON:
		return e.data(v.Data)
	}
	return nil
}

// record leaves out fields that are None, as an absent field is written.
func (e *encoder) record(r Record) error {
	keys := make([]string, 0, len(r))
	for k, v := range r {
		if _, none := v.(None); !none {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return e.object(keys, func(k string) error { return e.value(r[k]) })
}

func (e *encoder) data(d any) error {
	switch d := d.(type) {
	case nil:
		e.WriteString("null")
	case bool:
		e.WriteString(strconv.FormatBool(d))
	case int64:
		e.int(d)
	case float64:
		return e.float(d)
	case string:
		e.str(d)
	case []any:
		return e.list(len(d), func(i int) error { return e.data(d[i]) })
	case map[string]any:
		return e.object(slices.Sorted(maps.Keys(d)), func(k string) error { return e.data(d[k]) })
	default:
		return fmt.Errorf("%T is no JSON data", d)
	}
	return nil
}

func (e *encoder) list(n int, elem func(int) error) error {
	e.WriteByte('[')
	for i := range n {
		if i > 0 {
			e.WriteByte(',')
		}
		if err := elem(i); err != nil {
			return err
		}
	}
	e.WriteByte(']')
	return nil
}

func (e *encoder) object(keys []string, field func(string) error) error {
	e.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			e.WriteByte(',')
		}
		e.str(k)
		e.WriteByte(':')
		if err := field(k); err != nil {
			return err
		}
	}
	e.WriteByte('}')
	return nil
}

func (e *encoder) int(n int64) {
	e.Write(strconv.AppendInt(e.AvailableBuffer(), n, 10))
}

func (e *encoder) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v has no JSON form", f)
	}
	e.WriteString(FormatFloat(f))
	return nil
}

const hex = "0123456789abcdef"

// str escapes quotes, backslashes and control characters, and nothing else; what is no UTF-8
// becomes U+FFFD, as JSON holds text.
func (e *encoder) str(s string) {
	e.WriteByte('"')
	from := 0
	for i := 0; i < len(s); {
		if s[i] >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				e.WriteString(s[from:i])
				e.WriteString("\ufffd")
				from = i + n
			}
			i += n
			continue
		}
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] == 0x7f {
			e.WriteString(s[from:i])
			e.escape(s[i])
			from = i + 1
		}
		i++
	}
	e.WriteString(s[from:])
	e.WriteByte('"')
}

func (e *encoder) escape(c byte) {
	switch c {
	case '"', '\\':
		e.WriteByte('\\')
		e.WriteByte(c)
	case '\n':
		e.WriteString(`\n`)
	case '\r':
		e.WriteString(`\r`)
	case '\t':
		e.WriteString(`\t`)
	default:
		e.WriteString(`\u00`)
		e.WriteByte(hex[c>>4])
		e.WriteByte(hex[c&15])
	}
}

func quote(s string) string {
	var e encoder
	e.str(s)
	return e.String()
}

// ParseJSON reads one JSON text as data whose type only the run knows. Numbers become int64 when
// they are written without a fraction or exponent and fit, float64 else.
func ParseJSON(raw []byte) (JSON, error) {
	if text, ok := plainText(raw); ok {
		return NewJSON(text)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var data any
	if err := d.Decode(&data); err != nil {
		return JSON{}, notJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) { // More takes a closing bracket for the end
		return JSON{}, errors.New("not JSON: more than one value")
	}
	return NewJSON(data)
}

// plainText reads the text of a JSON string that is written as it is, which most are and a decoder takes
// much longer for.
func plainText(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c == '"' || c == '\\' || c < ' ' {
			return "", false
		}
	}
	return string(inner), utf8.Valid(inner)
}

// syntaxError is a text that is no JSON, in words for people.
type syntaxError struct {
	words string
	cause error
}

func (e *syntaxError) Error() string { return "not JSON: " + e.words }
func (e *syntaxError) Unwrap() error { return e.cause }

func notJSON(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return &syntaxError{"there is nothing", err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &syntaxError{"it is cut off", err}
	}
	return &syntaxError{err.Error(), err}
}

// NewJSON makes JSON of what a decoder of JSON, YAML or TOML gives: keys become strings, numbers
// int64 or float64, times RFC 3339 text. Anything else is an error.
func NewJSON(data any) (JSON, error) {
	d, err := normal(data, 0)
	return JSON{d}, err
}

// maxDepth is how deep data may be nested.
const maxDepth = 1000

func normal(data any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("data is nested more than %d deep", maxDepth)
	}
	switch d := data.(type) {
	case nil, bool, int64, float64, string:
		return d, nil
	case json.Number:
		return number(string(d))
	case int:
		return int64(d), nil
	case uint64:
		if d > math.MaxInt64 {
			return float64(d), nil
		}
		return int64(d), nil
	case time.Time:
		return d.UTC().Format(time.RFC3339Nano), nil
	case []any:
		out := make([]any, len(d))
		for i, x := range d {
			var err error
			if out[i], err = normal(x, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		return normalMap(d, depth)
	case map[any]any:
		keyed := make(map[string]any, len(d))
		for k, x := range d {
			keyed[fmt.Sprint(k)] = x
		}
		return normalMap(keyed, depth)
	}
	return nil, fmt.Errorf("%T is no data", data)
}

func normalMap(m map[string]any, depth int) (any, error) {
	out := make(map[string]any, len(m))
	for k, x := range m {
		n, err := normal(x, depth+1)
		if err != nil {
			return nil, err
		}
		out[k] = n
	}
	return out, nil
}

func number(s string) (any, error) {
	if !strings.ContainsAny(s, ".eE") {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("number %s is out of range", s)
	}
	return f, nil
}
