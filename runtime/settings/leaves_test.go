package settings

import (
	"encoding/json"
	"strings"

	"github.com/pipelang/pipe/lang/types"
)

// spelling is a text for a type, in our words and in Python's where they differ.
type spelling struct{ ours, theirs string }

func both(s string) spelling { return spelling{s, s} }

// leaf is a type without parts with a text for each validity; where there is none, the valid one serves.
type leaf struct {
	kind  string
	typ   *types.Type
	valid spelling
	other spelling // a valid one too, for what stands beside
	texts map[string]spelling
	where string // a condition that the text "out of range" breaks
	limit map[string]int
}

var validities = []string{
	"valid", "other spelling", "signed", "padded", "grouped", "fraction", "broken", "out of range", "empty", "blank",
	"spaces around", "null", "unicode", "overflow", "other case", "quoted", "as a number",
}

var leaves = []leaf{
	{kind: "string", typ: types.StringType, valid: both("plain text"), other: both("beside"), where: "size(self) <= 12", limit: map[string]int{"max_length": 12}, texts: map[string]spelling{
		"other spelling": both(`a,b;c=d:{e}#f`), "out of range": both("rather too long"), "unicode": both("pässwörd ✓"), "as a number": both("42"), "quoted": both(`"text"`)}},
	{kind: "int", typ: types.IntType, valid: both("42"), other: both("7"), where: "self >= 1 && self <= 65535", limit: map[string]int{"ge": 1, "le": 65535}, texts: map[string]spelling{
		"other spelling": both("0"), "signed": both("+5"), "padded": both("007"), "grouped": both("1_000"), "fraction": both("4.0"), "broken": both("4x"), "out of range": both("70000"),
		"unicode": both("４２"), "overflow": both("9223372036854775808"), "other case": both("0X2A"), "as a number": both("-9223372036854775808")}},
	{kind: "float", typ: types.FloatType, valid: both("1.5"), other: both("0.25"), where: "self >= 1.0 && self <= 65535.0", limit: map[string]int{"ge": 1, "le": 65535}, texts: map[string]spelling{
		"other spelling": both("15e-1"), "signed": both("-1.5"), "padded": both("01.50"), "grouped": both("1_0.5"), "fraction": both("0.1"), "broken": both("1.5.2"), "out of range": both("1e9"),
		"unicode": both("1٫5"), "overflow": both("1e999"), "other case": both("NaN"), "as a number": both("3")}},
	{kind: "bool", typ: types.BoolType, valid: both("true"), other: both("false"), texts: map[string]spelling{
		"other spelling": both("yes"), "signed": both("-1"), "padded": both("01"), "fraction": both("1.0"), "broken": both("tru"), "unicode": both("ｔrue"), "overflow": both("2"), "other case": both("OFF"), "as a number": both("1")}},
	{kind: "duration", typ: types.DurationType, valid: spelling{"1h30m", "PT1H30M"}, other: spelling{"10s", "PT10S"}, texts: map[string]spelling{
		"other spelling": spelling{"2d", "P2D"}, "signed": spelling{"-5s", "-PT5S"}, "padded": spelling{"05m", "PT05M"}, "fraction": spelling{"1.5s", "PT1.5S"}, "broken": both("10 apples"),
		"grouped": both("01:30:00"), "overflow": spelling{"99999999999d", "P99999999999D"}, "other case": both("PT10M"), "as a number": both("600"), "unicode": both("１０m")}},
	{kind: "size", typ: types.SizeType, valid: both("512MiB"), other: both("100"), texts: map[string]spelling{
		"other spelling": both("1GB"), "signed": both("-5"), "padded": both("010KiB"), "fraction": both("1.5GiB"), "broken": both("5 apples"), "grouped": both("1_000"), "overflow": both("99999999999TB"),
		"other case": both("512mib"), "as a number": both("4096"), "unicode": both("５MB")}},
	{kind: "timestamp", typ: types.TimestampType, valid: both("2025-01-02T03:04:05Z"), other: both("2024-12-31T00:00:00Z"), texts: map[string]spelling{
		"other spelling": both("2025-01-02T03:04:05+02:00"), "signed": both("-1"), "padded": both("2025-01-02T03:04:05.120Z"), "fraction": both("2025-01-02T03:04:05"), "broken": both("yesterday"),
		"out of range": both("2025-13-02T03:04:05Z"), "overflow": both("2025-02-30T03:04:05Z"), "other case": both("2025-01-02t03:04:05z"), "as a number": both("1735787045"), "grouped": both("2025-01-02")}},
	{kind: "url", typ: types.URLType, valid: both("https://example.com/x?y=1"), other: both("http://localhost:80/a"), texts: map[string]spelling{
		"other spelling": both("postgres://u:p%40@db:5432/app"), "broken": both("example.com"), "out of range": both("http://h:99999/"), "unicode": both("https://exämple.com/ä"), "overflow": both("https://"),
		"other case": both("HTTPS://Example.COM/X"), "padded": both("https://example.com"), "fraction": both("http://[::1"), "as a number": both("42"), "grouped": both("redis://localhost")}},
	{kind: "path", typ: types.PathType, valid: both("a/b"), other: both("/etc/x"), texts: map[string]spelling{
		"other spelling": both("./a/../b"), "padded": both("a//b/"), "unicode": both("ä/✓"), "as a number": both("42"), "other case": both(`C:\x`)}},
	{kind: "literals", typ: types.LiteralsOf("dev", "prod"), valid: both("prod"), other: both("dev"), texts: map[string]spelling{
		"broken": both("prd"), "other case": both("Prod"), "unicode": both("pröd"), "quoted": both(`"prod"`)}},
}

func (l leaf) text(validity string) spelling {
	switch validity {
	case "empty":
		return both("")
	case "blank":
		return both("  ")
	case "null":
		return both("null")
	case "spaces around":
		return spelling{" " + l.valid.ours + "  ", " " + l.valid.theirs + "  "}
	}
	if s, ok := l.texts[validity]; ok {
		return s
	}
	if validity == "quoted" {
		return spelling{`"` + l.valid.ours + `"`, `"` + l.valid.theirs + `"`}
	}
	return l.valid
}

// inJSON is a text as an element of JSON: a number or a truth value where it is one. A quoted
// text is one that JSON quotes although it is a number.
func (l leaf) inJSON(text, validity string) string {
	switch l.kind {
	case "int", "float", "bool", "size":
		if trimmed := strings.TrimSpace(text); json.Valid([]byte(trimmed)) {
			return trimmed
		}
	}
	if validity == "as a number" && json.Valid([]byte(text)) || validity == "null" {
		return text
	}
	raw, _ := json.Marshal(text)
	return string(raw)
}
