package event

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// What is escaped means the same, and nothing of it acts on a terminal or on a CI service.
func TestEscapeJSON(t *testing.T) {
	for _, text := range []string{"", "plain # [x]", "é 日本 💩", "##[add-mask]x", "##vso[a]b ##[", "\u202ea\u2066\u200b", "\u009b31m\x7f", "\U000e0041", "\x1b]0;t\x07\n", "\\##[x]"} {
		raw, err := json.Marshal(map[string][]string{"k": {text}})
		if err != nil {
			t.Fatal(err)
		}
		got := EscapeJSON(raw)
		var back map[string][]string
		if err := json.Unmarshal(got, &back); err != nil || back["k"][0] != text {
			t.Errorf("%q: %v, %s", text, err, got)
		}
		acts := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
		if strings.ContainsFunc(string(got), acts) || strings.Contains(string(got), "##[") || strings.Contains(string(got), "##vso[") {
			t.Errorf("%q: %q acts", text, got)
		}
	}
}
