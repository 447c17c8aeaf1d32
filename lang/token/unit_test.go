package token

import (
	"math"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"10m":                   10 * time.Minute,
		"1h30m":                 90 * time.Minute,
		"250ms":                 250 * time.Millisecond,
		"2d":                    2 * day,
		"1d12h":                 36 * time.Hour,
		"1.5d":                  36 * time.Hour,
		"0.1s":                  100 * time.Millisecond,
		".5s":                   500 * time.Millisecond,
		"7us":                   7 * time.Microsecond,
		"0s":                    0,
		"-5m":                   -5 * time.Minute,
		"1.0000000009s":         time.Second,
		"9223372036854775807ns": math.MaxInt64,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "10", "m", "10x", "10 m", "1h30", "1..5s", "1.s", ".s", "5M", "+5m",
		"9223372036854775808ns", "106752d", "99999999999999999999s", "100000d100000d", "1e3s"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0B":       0,
		"7B":       7,
		"1kB":      1e3,
		"1KB":      1e3,
		"3MB":      3e6,
		"1GB":      1e9,
		"2TB":      2e12,
		"1KiB":     1024,
		"512MiB":   512 << 20,
		"1.5GiB":   3 << 29,
		"0.1GB":    1e8,
		"1TiB":     1 << 40,
		"0.0010kB": 1,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "B", "1b", "1K", "1.5B", "0.0001kB", "1 GB", "-1GB", "1GB1MB",
		"8388608TiB", "99999999999999999999B", "1.GB", "1.2.3GB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %v, want an error", text, got)
		}
	}
}
