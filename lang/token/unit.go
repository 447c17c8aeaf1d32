package token

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// durationUnits are the units of a duration, in nanoseconds.
var durationUnits = map[string]uint64{
	"ns": uint64(time.Nanosecond),
	"us": uint64(time.Microsecond),
	"ms": uint64(time.Millisecond),
	"s":  uint64(time.Second),
	"m":  uint64(time.Minute),
	"h":  uint64(time.Hour),
	"d":  24 * uint64(time.Hour),
}

// sizeUnits are the units of a size, in bytes: powers of ten, and of two with an i.
var sizeUnits = map[string]uint64{
	"B":   1,
	"kB":  1e3,
	"KB":  1e3,
	"MB":  1e6,
	"GB":  1e9,
	"TB":  1e12,
	"KiB": 1 << 10,
	"MiB": 1 << 20,
	"GiB": 1 << 30,
	"TiB": 1 << 40,
}

// ParseDuration reads one or more numbers with their units, glued together: 10m, 1h30m, 1.5s, 2d.
// A leading minus sign makes it negative. What lies under a nanosecond is cut off.
// It fails on any other text, and when the sum does not fit a time.Duration.
func ParseDuration(s string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(s, "-")
	if rest == "" {
		return 0, fmt.Errorf("%q is not a duration, such as 10m or 1h30m", s)
	}
	var total uint64
	for rest != "" {
		number, unit, tail := splitUnit(rest)
		factor, ok := durationUnits[unit]
		if number == "" || !ok {
			return 0, fmt.Errorf("%q is not a duration, such as 10m or 1h30m; units are ns, us, ms, s, m, h and d", s)
		}
		n, _, ok := scale(number, factor)
		total += n
		if !ok || total > math.MaxInt64 {
			return 0, fmt.Errorf("duration %s is too long: at most 106751 days fit", s)
		}
		rest = tail
	}
	if negative {
		return -time.Duration(total), nil
	}
	return time.Duration(total), nil
}

// ParseSize reads a number with its unit as bytes: 512MiB, 1GB, 1.5KiB. It fails on any other
// text, when the bytes are not whole, and when they do not fit an int64.
func ParseSize(s string) (int64, error) {
	number, unit, tail := splitUnit(s)
	factor, ok := sizeUnits[unit]
	if number == "" || tail != "" || !ok {
		return 0, fmt.Errorf("%q is not a size, such as 512MiB or 1GB; units are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB", s)
	}
	n, exact, ok := scale(number, factor)
	if !ok || n > math.MaxInt64 {
		return 0, fmt.Errorf("size %s is too large: at most 8388607TiB fit", s)
	}
	if !exact {
		return 0, fmt.Errorf("size %s is not a whole number of bytes", s)
	}
	return int64(n), nil
}

// splitUnit cuts a decimal number and the letters after it off the head of s.
func splitUnit(s string) (number, unit, tail string) {
	i := 0
	for i < len(s) && (isDigit(s[i]) || s[i] == '.') {
		i++
	}
	j := i
	for j < len(s) && isWordStart(s[j]) {
		j++
	}
	return s[:i], s[i:j], s[j:]
}

// scale multiplies a decimal number by a factor in whole numbers, so that 0.1GB is exact.
// It is not ok when the number is malformed or the product does not fit.
func scale(number string, factor uint64) (n uint64, exact, ok bool) {
	whole, fraction, dotted := strings.Cut(number, ".")
	if whole == "" && fraction == "" || dotted && fraction == "" {
		return 0, false, false
	}
	if whole != "" {
		w, err := strconv.ParseUint(whole, 10, 64)
		if err != nil {
			return 0, false, false
		}
		hi, lo := bits.Mul64(w, factor)
		if hi != 0 {
			return 0, false, false
		}
		n = lo
	}
	part, exact, ok := scaleFraction(strings.TrimRight(fraction, "0"), factor)
	if !ok || n+part < n {
		return 0, false, false
	}
	return n + part, exact, true
}

// scaleFraction is 0.digits × factor, rounded down.
func scaleFraction(digits string, factor uint64) (n uint64, exact, ok bool) {
	// nothing past 18 digits can reach a whole unit of the largest factor
	const limit = 18
	exact = len(digits) <= limit
	if digits = digits[:min(len(digits), limit)]; digits == "" {
		return 0, exact, true
	}
	f, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, false, false
	}
	power := uint64(1)
	for range digits {
		power *= 10
	}
	hi, lo := bits.Mul64(f, factor)
	quotient, remainder := bits.Div64(hi, lo, power)
	return quotient, exact && remainder == 0, true
}
