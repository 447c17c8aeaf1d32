package value

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// FormatDuration is a duration as the language writes it: 1h30m, 1.5s, 250ms, 0s.
func FormatDuration(d time.Duration) string {
	s := strings.Replace(d.String(), "µ", "u", 1)
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// FormatFloat is a float in the fewest digits that read back the same, always with a point or an exponent.
func FormatFloat(f float64) string {
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	s := strconv.FormatFloat(f, format, -1, 64)
	if !strings.ContainsAny(s, ".eIN") {
		s += ".0"
	}
	return s
}

// formatSeconds is a duration in seconds: 600s, 0.25s.
func formatSeconds(d time.Duration) string {
	sign := ""
	n := uint64(d)
	if d < 0 {
		sign, n = "-", -n
	}
	s := sign + strconv.FormatUint(n/1e9, 10)
	if frac := n % 1e9; frac != 0 {
		s += "." + strings.TrimRight(strconv.FormatUint(1e9+frac, 10)[1:], "0")
	}
	return s + "s"
}

func formatTime(t Timestamp) string { return time.Time(t).UTC().Format(time.RFC3339Nano) }

// Env is how a value reaches a process as an environment variable, and how it stands in a
// string: text as it is, true and false, decimals, durations in seconds (600s, 0.25s), sizes in
// bytes, timestamps in RFC 3339, images as references, lists, maps, records and data as
// canonical JSON. It is false for None, which leaves the variable unset, and for files and
// folders, whose paths only a target knows.
func Env(v Value) (string, bool) {
	switch v := v.(type) {
	case String:
		return string(v), true
	case Int:
		return strconv.FormatInt(int64(v), 10), true
	case Float:
		return strconv.FormatFloat(float64(v), 'f', -1, 64), true
	case Bool:
		return strconv.FormatBool(bool(v)), true
	case Duration:
		return formatSeconds(time.Duration(v)), true
	case Size:
		return strconv.FormatInt(int64(v), 10), true
	case Timestamp:
		return formatTime(v), true
	case Bytes:
		return string(v), true
	case Image:
		return v.pinned(), true
	case JSON:
		return envJSON(v)
	case List, Map, Record:
		raw, err := Marshal(v)
		return string(raw), err == nil
	}
	return "", false
}

// envJSON gives a scalar as itself, and null as nothing.
func envJSON(v JSON) (string, bool) {
	switch d := v.Data.(type) {
	case nil:
		return "", false
	case string:
		return d, true
	case int64:
		return Env(Int(d))
	case float64:
		return Env(Float(d))
	}
	raw, err := Marshal(v)
	return string(raw), err == nil
}

// pinned is the reference with the digest, where there is one.
func (i Image) pinned() string {
	if i.Digest == "" || i.Ref == i.Digest || strings.Contains(i.Ref, "@") {
		return i.Ref
	}
	return i.Ref + "@" + i.Digest
}
