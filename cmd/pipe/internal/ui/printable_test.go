package ui

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"plain: text # 1":                "plain: text # 1",
		"é 日本 💩 e\u0301":                 "é 日本 💩 e\u0301",
		"a\nb\r\tc":                      `a\nb\r\tc`,
		"\x1b[31mred\x1b[0m\x1b]0;t\x07": `\x1b[31mred\x1b[0m\x1b]0;t\x07`,
		"\u009b2J\x7f":                   `\u{9b}2J\x7f`,
		"\u202egnp\u2066\u200b\ufeff":    `\u{202e}gnp\u{2066}\u{200b}\u{feff}`,
		"a\u00a0b\u3164":                 `a\u{a0}b\u{3164}`,
		"\xff":                           `\xff`,
		"::set-env name=x::y":            `\::set-env name=x::y`,
		"  ::add-mask::y":                `  \::add-mask::y`,
		"a::b::c":                        "a::b::c",
		"::1 is refused":                 "::1 is refused",
		"a ##[add-mask]b ##vso[c]d":      `a ##\[add-mask]b ##vso\[c]d`,
		"## title":                       "## title",
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
	if got, want := Lines("a\n::error::x\n\x1b"), "a\n\\::error::x\n\\x1b"; got != want {
		t.Errorf("Lines: %q, want %q", got, want)
	}
}

// A process keeps its colours and its scripts; it moves no cursor and names no window.
func TestOutput(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[1;31mred\x1b[0m":                   "\x1b[1;31mred\x1b[0m",
		"\x1b[38;5;208mlong":                     "\x1b[38;5;208mlong\x1b[0m",
		"\x1b[01;31m\x1b[Kfound\x1b[m\x1b[K x":   "\x1b[01;31m\x1b[Kfound\x1b[m\x1b[K x",
		"col\tumn":                               "col\tumn",
		"\x1b[2J\x1b[1;1Hx":                      `\x1b[2J\x1b[1;1Hx`,
		"\x1b[2Kx":                               `\x1b[2Kx`,
		"\x1b[1A":                                `\x1b[1A`,
		"\x1b]0;title\x07":                       `\x1b]0;title\x07`,
		"\x1b]52;c;eA==\x1b\\":                   `\x1b]52;c;eA==\x1b\`,
		"10%\r20%":                               `10%\r20%`,
		"\u200dزبان\u200c":                       "\u200dزبان\u200c",
		"\u202ex\u2028\u0085":                    `\u{202e}x\u{2028}\u{85}`,
		"##[group]x":                             `##\[group]x`,
		"\x1b":                                   `\x1b`,
		"\x1b[" + strings.Repeat("1;", 99) + "m": `\x1b[` + strings.Repeat("1;", 99) + "m",
	} {
		if got := Output(text); got != want {
			t.Errorf("Output(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzPrintable lets nothing through that acts on a terminal, and loses no printable text.
func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"a", "\x1b[31m", "\x1b[2J", "##[x]", "::a::b", "\xff\x1b", "\u202e", "a\x1b[0m\x1b[Kb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := color().ReplaceAllString(Output(s), "")
		for strings.Contains(out, "\x1b") { // those that are not at the start
			at := strings.Index(out, "\x1b")
			code := color().FindString(out[at:])
			if code == "" {
				t.Fatalf("Output(%q) holds a sequence", s)
			}
			out = out[:at] + out[at+len(code):]
		}
		for what, text := range map[string]string{"Output": out, "Line": Line(s)} {
			for _, r := range text {
				if (r != '\t' || what == "Line") && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
					t.Fatalf("%s(%q) holds U+%04X", what, s, r)
				}
			}
			if inlineCommand().MatchString(text) || lineCommand().MatchString(text) {
				t.Fatalf("%s(%q) holds a command: %q", what, s, text)
			}
		}
		if !strings.ContainsFunc(s, func(r rune) bool { return !isShown(r) || r == '#' || r == ':' || r == unicode.ReplacementChar }) && Line(s) != s {
			t.Fatalf("Line(%q) changes it", s)
		}
	})
}

// What a stranger chose stands in names, reasons, titles and paths.
func TestNothingActsFromTheLogAndTheTable(t *testing.T) {
	const evil = "x\n::add-mask::y\r\x1b[2J\x1b]0;t\x07\u202e ##[z]"
	var out bytes.Buffer
	log := NewLog(&out, Style{}, nil)
	for _, e := range []event.Event{
		{Type: event.StepOutput, Step: "a", Stream: event.Stdout, Section: evil, Text: strings.ReplaceAll(evil, "\n", "")},
		{Type: event.StepWaiting, Step: "a", Reason: evil}, {Type: event.Notice, Text: evil},
		{Type: event.StepAttempt, Step: "a", Attempt: 2, Reason: evil}, {Type: event.StepFinished, Step: "a", Outcome: "failed", Reason: evil},
	} {
		log.Sink(e)
	}
	for _, width := range []int{0, 60} {
		Table(&out, Style{Width: width}, []engine.StepResult{{Path: "a", Outcome: engine.Failed, Reason: evil + strings.Repeat(" ::add-mask::y", 9)}})
	}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsAny(line, "\r\x1b\x07\u202e") || strings.Contains(line, "##[") || strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%q acts", line)
		}
	}
}
