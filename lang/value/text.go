package value

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/lang/types"
)

// ParseText reads what stands in an environment variable, a .env file or on the command line,
// by type: true and false, decimals, 10m, 512MiB (or bytes), RFC 3339, URLs with a scheme, lists as JSON or
// separated by commas, maps and records as JSON. An empty text is the absent value of a T?.
// The error is a *MismatchError, which may quote the text.
func ParseText(t *types.Type, s string) (Value, error) {
	switch t.Kind {
	case types.Optional:
		if s == "" {
			return None{}, nil
		}
		return ParseText(t.Elem, s)
	case types.String, types.Invalid:
		return String(s), nil
	case types.List:
		return parseList(t, s)
	case types.Map, types.Record, types.JSON:
		return parseObject(t, s)
	case types.Image:
		return parseImage(s)
	}
	v, err := parseScalar(t, s)
	if err == nil {
		return v, nil
	}
	if _, ok := errors.AsType[*MismatchError](err); ok {
		return nil, err
	}
	return nil, unfit(plainName(t), s)
}

func unfit(want, s string) error {
	return &MismatchError{Want: want, Found: strconv.Quote(s), Kind: "other text"}
}

var errUnfit = errors.New("does not fit")

func parseScalar(t *types.Type, s string) (Value, error) {
	switch t.Kind {
	case types.Bool:
		if s == "true" || s == "false" {
			return Bool(s == "true"), nil
		}
		return nil, unfit("true or false", s)
	case types.Int:
		n, err := strconv.ParseInt(s, 10, 64)
		return Int(n), err
	case types.Float:
		f, err := strconv.ParseFloat(s, 64)
		return Float(f), err
	case types.Duration:
		d, err := token.ParseDuration(s)
		return Duration(d), describe(err, "a duration such as 10m or 1h30m", s)
	case types.Size:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return Size(n), nil
		}
		n, err := token.ParseSize(s)
		return Size(n), describe(err, "a size such as 512MiB or 1GB", s)
	case types.Timestamp:
		x, err := time.Parse(time.RFC3339, s)
		return Timestamp(x.UTC()), describe(err, "a timestamp such as 2006-01-02T15:04:05Z", s)
	case types.URL:
		return parseURL(s)
	case types.Path:
		if s == "" || strings.ContainsRune(s, 0) {
			return nil, unfit("a path", s)
		}
		return String(s), nil
	case types.Literals:
		return parseLiteral(t, s)
	case types.Bytes:
		return Bytes(s), nil
	case types.None:
		return None{}, nil
	}
	return nil, errUnfit
}

func describe(err error, want, s string) error {
	if err == nil {
		return nil
	}
	return unfit(want, s)
}

func parseURL(s string) (Value, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" && u.Path == "" {
		return nil, unfit("a URL such as https://example.com", s)
	}
	return String(s), nil
}

func parseLiteral(t *types.Type, s string) (Value, error) {
	v, err := scalar(String(s), t, nil)
	if err != nil {
		return nil, unfit(plainName(t), s)
	}
	return v, nil
}

func parseList(t *types.Type, s string) (Value, error) {
	if strings.HasPrefix(strings.TrimSpace(s), "[") {
		return parseObject(t, s)
	}
	out := List{}
	if strings.TrimSpace(s) == "" {
		return out, nil
	}
	for i, part := range strings.Split(s, ",") {
		v, err := ParseText(t.Elem, strings.TrimSpace(part))
		if err != nil {
			if e, ok := errors.AsType[*MismatchError](err); ok {
				e.Path = (&path{index: i}).String() + e.Path
			}
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func parseObject(t *types.Type, s string) (Value, error) {
	data, err := ParseJSON([]byte(s))
	if err != nil {
		return nil, unfit(plainName(t)+" as JSON", s)
	}
	v, err := Coerce(data, t)
	if err != nil {
		return nil, err
	}
	return v, nil
}

func parseImage(s string) (Value, error) {
	if s == "" || strings.ContainsAny(s, " \t\n") {
		return nil, unfit("an image such as alpine:3", s)
	}
	_, digest, _ := strings.Cut(s, "@")
	return Image{Ref: s, Digest: digest}, nil
}
