package parser

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/token"
)

// inValue is what the words and signs of other languages are written as in a value.
var inValue = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"and":  `"and" is written "&&"`,
		"or":   `"or" is written "||"`,
		"xor":  `"xor" of two conditions is written "!="`,
		"is":   `"is" is written "=="`,
		"if":   `a choice is written: condition ? value : other`,
		"then": `a choice is written: condition ? value : other`,
		"else": `a choice is written: condition ? value : other`,
		"mod":  `the remainder is written "%"`,
		"as":   `a type is made by a function, as in int(x) or string(x)`,
	}
})

// byValue are signs that mean nothing in pipe, or something else.
var byValue = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"&":  `"and" is written "&&"`,
		"#":  `a comment starts with "//"`,
		"~":  `text is matched by x.matches(r"…")`,
		"$":  `a name is written without "$"; "${…}" stands in strings`,
		"“":  `write straight quotes: "…"`,
		"”":  `write straight quotes: "…"`,
		"„":  `write straight quotes: "…"`,
		"‘":  `write straight quotes: "…"`,
		"’":  `write straight quotes: "…"`,
		"«":  `write straight quotes: "…"`,
		"\\": `a line goes on after an operator, a comma or an open bracket, without "\"`,
	}
})

// habit is the way out where a token looks like another language's way to say something.
func habit(want string, t, before *lexer.Token) string {
	if h, ok := inValue()[t.Value]; ok && kindOf(t) == token.Word && valueMayEnd(want) {
		return h
	}
	if h := inBrief(want, t, before); h != "" {
		return h
	}
	if before != nil && isWord(before, "not") && valueMayEnd(want) && !startsLine(t) {
		return notHelp
	}
	switch k := kindOf(t); {
	case k == token.Assign && before != nil && kindOf(before) == token.Eq:
		return equalityHelp
	case k == token.Assign && want == commaOrParen:
		return "an argument is written name: value"
	case k == token.Word && t.Value == "for" && (want == commaOrParen || want == `"," or "]"`):
		return "one list is made of another by its method map, and a part of it by filter"
	case want == commaOrParen && wordOf(before) == "lambda":
		return arrowHelp
	case want == commaOrParen && (k == token.Word || k == token.String):
		return "put a comma between the two"
	case k == token.Assign && (want == theEndOfLine || want == `")"`):
		return equalityHelp
	case (k == token.Assign || k == token.Colon) && want == "a value":
		return fmt.Sprintf("the value follows without %q", t.Value)
	case k == token.Assign && want == `":"`:
		return "a type stands between: name: type = default"
	case k == token.Colon && want == `"="` && before != nil && kindOf(before) == token.String:
		return "it is written path = value"
	case k == token.Colon && want == `"="`:
		return "it is written name = value"
	case (k == token.CodeSpan || k == token.Fence) && (want == "the op to call" || strings.HasPrefix(want, `"(" and`)):
		return "a script stands in an op, declared or written in place: name = op { run … }"
	case k == token.Minus && before != nil && kindOf(before) == token.Word && end(before) == start(t) && (want == theEndOfLine || strings.HasPrefix(want, `"(" and`)):
		return noDashes
	case k == token.Colon && want == `"{"` && bodies[wordOf(before)] != "":
		return "write " + bodies[wordOf(before)]
	case k == token.Colon && want == `"{"` && before != nil && kindOf(before) == token.Word:
		return "what belongs to it stands in braces: { … }"
	case k == token.Colon && want == `"{"`:
		return `the type of a result follows "->"`
	case want == `"{"` && bodies[wordOf(before)] != "":
		return "write " + bodies[wordOf(before)]
	case want == theEndOfLine && (k == token.LBrace && wordOf(before) == "ready" || k == token.Int && (wordOf(before) == "tcp" || wordOf(before) == "http")):
		return `write ready tcp(8080), ready http(8080, "/path") or ready "script"`
	case (k == token.LBrack || k == token.Lt) && before != nil && valueMayEnd(want) && end(before) == start(t):
		return generic(before.Value)
	case (k == token.Colon || k == token.Assign) && want == "a step's name":
		return fmt.Sprintf("steps follow without %q: needs a, b", t.Value)
	case k == token.LBrack && want == "a step's name":
		return "steps are named without brackets: needs a, b"
	case k == token.LBrace && strings.HasPrefix(want, `"(" and`):
		return `write "()" where there are none`
	case k == token.String && (want == "a name" || want == "a field's name"):
		return "a name is written without quotes"
	case k == token.RBrace && strings.HasPrefix(want, "a declaration"):
		return `one "}" too many: everything before it is closed`
	}
	return ""
}

// inBrief is the way out where a short form of another language stands.
func inBrief(want string, t, before *lexer.Token) string {
	switch k := kindOf(t); {
	case k == token.String && wordOf(before) == "f" && end(before) == start(t):
		return `any string takes values in: "…${name}…"`
	case k == token.Word && want == theEndOfLine && t.Value == "validation":
		return `a condition follows where: name: int where self > 0 else "message"`
	case want == `"failure"` && (k == token.LBrace || k == token.Word && diag.Suggest(t.Value, []string{"failure"}) != "" || strings.HasPrefix(t.Value, "fail") || strings.HasPrefix(t.Value, "err") || strings.HasPrefix(t.Value, "exc")):
		return "write on failure { … }"
	case want == `"failure"`:
		return startedHelp
	case k == token.Word && t.Value == "not" && want == theEndOfLine:
		return `"not in" is written !(x in list)`
	case want == `"in"` && k == token.Comma:
		return "a loop has one variable; positions are for i in lists.range(list.size())"
	case want == `"in"`:
		return "a loop is written: for x in list"
	case want == `"{"` && (wordOf(t) == "struct" || k == token.Assign):
		return "fields follow the name: type Name { field: type }"
	case k == token.Lt && want == "a value" && before != nil && kindOf(before) != token.Lt:
		return `text over several lines stands in """…"""`
	case want == "the op to call" && isPlainValue(k):
		return "a named value is declared by let: let name = value"
	case k == token.String && strings.HasPrefix(want, "a parameter's name"):
		return `one of several strings is written: "a" | "b"`
	case k == token.LParen && want == commaOrParen && (wordOf(before) == "enum" || wordOf(before) == "oneOf"):
		return `one of several strings is written: "a" | "b"`
	case k == token.LParen && want == commaOrParen && (wordOf(before) == "list" || wordOf(before) == "set" || wordOf(before) == "optional"):
		return "a list is written [T], and what may be missing T?"
	case k == token.Word && before != nil && kindOf(before) == token.Int && want == theEndOfLine:
		if better := withUnit(before.Value + t.Value); better != "" {
			return "write " + better
		}
	}
	return ""
}

// isPlainValue says that a token is a value by itself, and calls nothing.
func isPlainValue(k token.Kind) bool {
	switch k {
	case token.Int, token.Float, token.String, token.Duration, token.Size, token.LBrack, token.LBrace:
		return true
	}
	return false
}

// shapes are how items with one value are written.
var shapes = map[string]string{
	"approve": `a question stands behind it: approve "Deploy?"`, "lock": `a name stands behind it: lock "deploy"`,
	"timeout": "a duration stands behind it: timeout 10m", "retry": "a number stands behind it: retry 3 every 10s",
}

// generic is how a type is written that takes others, by its name elsewhere.
func generic(name string) string {
	switch strings.ToLower(name) {
	case "optional", "option", "maybe", "nullable":
		return "what may be missing is written type?"
	case "dict", "map", "record", "object":
		return "a map is written {string: type}"
	}
	return "a list of them is written [type]"
}

// bodies are how items with braces are written.
var bodies = map[string]string{"mount": `mount { "path" = value }`, "env": "env { NAME = value }"}

// wordOf is the text of a token, "" for none.
func wordOf(t *lexer.Token) string {
	if t == nil {
		return ""
	}
	return t.Value
}

// inItem is the way out where an item goes on with what it cannot have.
func inItem(keyword string, t *lexer.Token) string {
	switch keyword {
	case "needs", "after":
		if k := kindOf(t); k == token.Word && everywhere()[t.Value] == "" || k == token.And {
			return "steps are separated by commas: " + keyword + " a, b"
		}
	case "lock":
		if kindOf(t) == token.Word && everywhere()[t.Value] == "" && t.Value != "latest" && t.Value != "reject" {
			return `behind the name of a lock may stand "latest" or "reject"`
		}
	case "for":
		switch t.Value {
		case "if", "filter":
			return "elements are chosen by where: for x in list where condition"
		case "parallel", "concurrency", "limit", "at", "by":
			return "how many run at a time is said by max: for x in list max 4"
		}
	case "approve":
		if kindOf(t) == token.Colon || !startsLine(t) && t.Value != "when" {
			return `a question stands there, and a condition may: approve "Deploy?" when condition`
		}
	case "retry":
		switch {
		case kindOf(t) == token.Int:
			return "the number stands first: retry 3 every 10s"
		case slices.Contains([]string{"sleep", "delay", "interval", "wait", "after", "pause"}, t.Value):
			return "the pause is said by every: retry 3 every 10s"
		}
	case "run":
		if t.Value == "if" {
			return "a condition is said by when, and that an earlier script failed by on failure"
		}
	case "allow_failure":
		if !startsLine(t) {
			return "it stands alone, or with a condition: allow_failure when exit_code == 3"
		}
	}
	return ""
}

const equalityHelp = `equality is written "=="`

// noDashes is about a "-" within what was to be one name.
const noDashes = `names have no dashes: write "_"`

// notHelp is about the word before the one that was found.
const notHelp = `"not" is written "!"`

const (
	commaOrParen = `"," or ")"`
	theEndOfLine = "the end of the line"
)

// valueMayEnd says that a value has just ended where something else was expected.
func valueMayEnd(want string) bool {
	return want == theEndOfLine || strings.HasPrefix(want, `"`) || want == "the end of the expression"
}

// strangeUnits are those that other languages have for ours.
var strangeUnits = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"sec": "s", "secs": "s", "second": "s", "seconds": "s", "S": "s",
		"min": "m", "mins": "m", "minute": "m", "minutes": "m",
		"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "H": "h", "day": "d", "days": "d", "D": "d",
		"k": "KB", "K": "KB", "kb": "KB", "Kb": "KB", "kB": "KB", "Ki": "KiB", "ki": "KiB", "kib": "KiB",
		"M": "MB", "mb": "MB", "Mb": "MB", "Mi": "MiB", "mi": "MiB", "mib": "MiB",
		"G": "GB", "g": "GB", "gb": "GB", "Gb": "GB", "Gi": "GiB", "gi": "GiB", "gib": "GiB",
		"T": "TB", "tb": "TB", "Ti": "TiB", "tib": "TiB",
	}
})

// withUnit is how a number with a strange unit is written; "" for none that is known.
func withUnit(text string) string {
	digits := strings.TrimRightFunc(text, isLetter)
	unit, ok := strangeUnits()[text[len(digits):]]
	if !ok || digits == "" {
		return ""
	}
	if _, err := token.ParseSize(digits + unit); err == nil {
		return digits + unit
	}
	if _, err := token.ParseDuration(digits + unit); err == nil {
		return digits + unit
	}
	return ""
}
