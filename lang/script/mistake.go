package script

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// Mistake is an error of syntax: the shell would not run the script at all, or not to its end.
type Mistake struct {
	At source.Span
	// Message is one lower-case line.
	Message string
	// Help is the way out; may be empty.
	Help string
	// Bash says that bash would read it: the script only asked for sh.
	Bash bool
	// Foreign says that it is another tool's `${{ … }}`.
	Foreign bool
	// Maybe says that another shell may read it all the same: which one it is, or all that it gets, is not known.
	Maybe bool
}

// mistakeOf tells a parser's error in our words. They say what the shell's grammar wants where it
// stopped, and point at what was opened where something is never closed.
func mistakeOf(err error, text string, d Dialect) Mistake {
	if lang := (syntax.LangError{}); errors.As(err, &lang) {
		return dialectMistake(lang, text, d)
	}
	parsed := syntax.ParseError{}
	errors.As(err, &parsed)
	at := offset(parsed.Pos, text)
	m := Mistake{At: tokenAt(text, at)}
	if op := text[at:]; d == Sh && (strings.HasPrefix(op, "<(") || strings.HasPrefix(op, ">(")) {
		m.Message, m.Bash = op[:2]+"…) is bash, not sh", true
		m.Help = "open the block with ```bash, or write to a file first"
		return m
	}
	if pasted, ok := expressionAt(text, at); ok {
		return pasted
	}
	m.Message, m.Help = reword(parsed.Text, shown(text[m.At.Start:m.At.End]), d)
	m.Message = oneLine(m.Message)
	if slip, ok := slipBefore(text, m); ok {
		return slip
	}
	return m
}

// expressionAt finds ${a.b} around an offset: an expression of pipe, which no script holds.
func expressionAt(text string, at int) (Mistake, bool) {
	start := strings.LastIndex(text[:at], "${")
	if start < 0 || at >= len(text) || text[at] != '.' || !syntax.ValidName(text[start+2:at]) {
		return Mistake{}, false
	}
	end := strings.IndexByte(text[at:], '}')
	if end < 0 || strings.IndexByte(text[at:at+end], '\n') >= 0 {
		return Mistake{}, false
	}
	inner := text[start+2 : at+end]
	name := strings.ToLower(inner[strings.LastIndexByte(inner, '.')+1:])
	m := Mistake{
		At:      source.Span{Start: int32(start), End: int32(at + end + 1)},
		Message: fmt.Sprintf("${%s} is no shell, and nothing is pasted into a script", shorten(inner)),
		Help:    "parameters and env entries reach a script as variables of the same name",
	}
	if syntax.ValidName(name) {
		m.Help = fmt.Sprintf(`env { %s = %s } hands it to the script as "$%s"`, name, inner, name)
	}
	return m, true
}

// glued are lines on which then or do has become an argument of what stands before it.
var glued = lazily(`(?m)^[ \t]*(?:if|elif|while|until|for)\b[^;\n#]*[^;&|\n#\s][ \t]+(then|do)[ \t]*$`)

// slipBefore finds the slip of the pen behind a word that stands without its partner.
func slipBefore(text string, m Mistake) (Mistake, bool) {
	found := text[m.At.Start:m.At.End]
	switch found {
	case "fi", "else", "elif", "done", "if", "while", "for", "until":
		// the last before what is out of place, or in what never ends
		before := text[:m.At.Start]
		if m.At.Start == 0 || !strings.Contains(m.Message, "without") {
			before = text
		}
		lines := glued().FindAllStringSubmatchIndex(before, -1)
		if len(lines) == 0 {
			break
		}
		at := lines[len(lines)-1]
		word := text[at[2]:at[3]]
		return Mistake{
			At:      source.Span{Start: int32(at[2]), End: int32(at[3])},
			Message: fmt.Sprintf("%s is only a word here: it belongs behind ; or on a line of its own", word), Help: "; " + word,
		}, true
	case ")":
		if head := strings.LastIndex(text[:m.At.Start], "case "); head >= 0 && strings.Contains(text[head:m.At.Start], " in") {
			m.Help = "in case, a branch ends with ;; before the next one begins"
			return m, true
		}
	}
	if opened, ok := openedBefore(text, m, found); ok {
		return opened, true
	}
	if found == "if" && elseIf().MatchString(text) {
		m.Help = "else if opens another if, with a fi of its own: elif goes on with this one"
		return m, true
	}
	return m, false
}

// heads are the words that begin, go on with and end conditions and loops, where a command can stand.
var heads = lazily(`(?m)(?:^|[;&|({]|\b(?:then|do|else)[ \t])[ \t]*(if|elif|then|else|fi|while|until|for|select|do|done)\b`)

// partnerOf is the word that has to follow the head of a condition or a loop.
var partnerOf = map[string]string{"if": "then", "elif": "then", "while": "do", "until": "do", "for": "do", "select": "do"}

// openedBefore finds the if or the loop without its then or do, where the shell only stumbles over what ends it. The
// words are looked for by the line, so that it doubts: what has none that lacks its partner stays as it is.
func openedBefore(text string, m Mistake, found string) (Mistake, bool) {
	if m.At.Start == 0 || !strings.Contains(m.Message, "stands without") || (found != "fi" && found != "done" && found != "else" && found != "elif") {
		return m, false
	}
	type head struct {
		word string
		at   int
		met  bool
	}
	var open []head
	for _, at := range heads().FindAllStringSubmatchIndex(text[:m.At.Start], -1) {
		word := text[at[2]:at[3]]
		last := len(open) - 1
		switch {
		case word == "elif" && last >= 0:
			open[last] = head{word, at[2], false}
		case partnerOf[word] != "":
			open = append(open, head{word, at[2], false})
		case (word == "fi" || word == "done") && last >= 0:
			open = open[:last]
		case (word == "then" || word == "do") && last >= 0 && partnerOf[open[last].word] == word:
			open[last].met = true
		}
	}
	if len(open) == 0 || open[len(open)-1].met || (found == "done") != (partnerOf[open[len(open)-1].word] == "do") {
		return m, false
	}
	h := open[len(open)-1]
	partner := partnerOf[h.word]
	return Mistake{
		At:      source.Span{Start: int32(h.at), End: int32(h.at + len(h.word))},
		Message: fmt.Sprintf("the %s that starts here has no %s", h.word, partner), Help: partner + " stands on a line of its own or after ;",
	}, true
}

var elseIf = lazily(`(?m)\belse[ \t]+if\b`)

// shown is a piece of a script as a message names it.
func shown(s string) string {
	if strings.TrimSpace(s) == "" {
		return "the end of the line"
	}
	return shorten(s)
}

// oneLine keeps a message on its line, whatever it quotes.
func oneLine(s string) string {
	if strings.IndexByte(s, '\n') >= 0 {
		return strings.ReplaceAll(s, "\n", " ")
	}
	return s
}

func offset(p syntax.Pos, text string) int { return min(int(p.Offset()), len(text)) }

// tokenAt is the operator, quote or word at an offset; the last byte of a text that ended too early.
func tokenAt(text string, at int) source.Span {
	if at >= len(text) {
		at = len(strings.TrimRight(text, " \t\n")) - 1
		if at < 0 {
			return source.Span{}
		}
	}
	for at+1 < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	end := at + 1
	switch c := text[at]; {
	case strings.IndexByte("();&|<>$`\"'{}[]", c) >= 0:
		for end < len(text) && end < at+3 && (text[end] == c || c == '$' && strings.IndexByte("({", text[end]) >= 0) && c != '"' && c != '\'' && c != '`' {
			end++
		}
	default:
		for end < len(text) && !strings.ContainsRune(" \t\n;&|<>()$`\"'", rune(text[end])) {
			end++
		}
	}
	return source.Span{Start: int32(at), End: int32(end)}
}

// reword turns what the parser expected into a message, from the tokens that it names.
func reword(said, found string, d Dialect) (message, help string) {
	quoted := quotedWords(said)
	first := func(i int) string {
		if i < len(quoted) {
			return quoted[i]
		}
		return found
	}
	switch {
	case strings.Contains(said, "without closing quote"):
		return neverClosedQuote(found)
	case strings.Contains(said, "without matching"):
		n := len(quoted)
		if n < 2 {
			break
		}
		return fmt.Sprintf("the %s that opens here is never closed: expected %s", quoted[n-2], quoted[n-1]), ""
	case strings.Contains(said, "statement must end with"):
		return fmt.Sprintf("the %s that starts here never ends: expected %s", first(0), first(1)), ""
	case strings.HasPrefix(said, "unclosed here-document"):
		return fmt.Sprintf("the here-document is never closed: expected a line that is %s alone", first(0)),
			"the line may not be indented, unless the document opens with <<- and the indentation is tabs"
	case strings.Contains(said, "must be followed by"):
		return follow(said, first(0))
	case strings.Contains(said, "can only be used"), strings.Contains(said, "can only immediately follow"), strings.Contains(said, "not a valid start"):
		return outOfPlace(first(0))
	case strings.HasPrefix(said, "statements must be separated"):
		return fmt.Sprintf("expected ;, & or a new line before %s", found), ""
	case strings.HasPrefix(said, "a command can only contain words"):
		return fmt.Sprintf("%s cannot stand in a command", first(0)), "put quotes around text that holds it"
	case strings.Contains(said, "parameter expansion operator"):
		return fmt.Sprintf("%s does not fit into ${…}: expected }, or an operator such as :-", found), ""
	case strings.HasPrefix(said, "invalid parameter name"):
		return "${ is not followed by what sh can expand: expected the name of a variable", "write $$ or '${' where the text itself is meant"
	case strings.Contains(said, "invalid func name"):
		return "a function's name may hold letters, digits and _ alone", ""
	case strings.Contains(said, "arithmetic") || strings.Contains(said, "must follow") || strings.Contains(said, "ternary"):
		return fmt.Sprintf("the arithmetic cannot be read at %s", found), ""
	}
	return fmt.Sprintf("%s cannot read the script from here on: %s does not fit", d, found), ""
}

func neverClosedQuote(found string) (message, help string) {
	if found == "`" {
		return "the backquote that opens here is never closed", "$(…) does the same and can be nested"
	}
	if found == "'" {
		return "the quote that opens here is never closed", `an apostrophe in text needs double quotes: "it's"`
	}
	return "the quote that opens here is never closed", "close it with the same quote, or write \\\" for one that is text"
}

// wanted are the parser's words for what may come next, in ours.
var wanted = strings.NewReplacer(
	"a statement list", "a command", "a statement", "a command", "a literal", "a name",
	"names or assignments", "names, or names with values", "`", "",
)

func follow(said, left string) (message, help string) {
	_, right, _ := strings.Cut(said, "must be followed by ")
	left, _, _ = strings.Cut(left, " ")
	right = wanted.Replace(right)
	switch left {
	case "foo(", "foo()":
		return "expected " + right + " after the function's name", ""
	case "if", "elif", "while", "until":
		if right == "then" || right == "do" {
			return fmt.Sprintf("the %s that starts here has no %s", left, right), right + " stands on a line of its own or after ;"
		}
	case "for", "select":
		if right == "do" {
			return fmt.Sprintf("the %s that starts here has no do", left), "do stands on a line of its own or after ;"
		}
	}
	return fmt.Sprintf("expected %s after %s", right, left), ""
}

// partners are the words without which a closing one means nothing.
var partners = map[string]string{
	"}": "{", "fi": "then", "then": "if", "elif": "then", "else": "then", "do": "for, while or until", "done": "do",
	"esac": "case", ";;": "case", ")": "(", "]]": "[[",
}

func outOfPlace(token string) (message, help string) {
	if open := partners[token]; open != "" {
		return fmt.Sprintf("%s stands without %s before it", token, open), ""
	}
	return fmt.Sprintf("expected a command, found %s", token), ""
}

// quotedWords are the tokens that a parser's message names, between backquotes or, where the
// token is a backquote, double quotes.
func quotedWords(said string) (out []string) {
	for i := 0; i < len(said); i++ {
		if c := said[i]; c == '`' || c == '"' {
			end := strings.IndexByte(said[i+1:], c)
			if end < 0 {
				break
			}
			out = append(out, said[i+1:i+1+end])
			i += end + 1
		}
	}
	return out
}

// bashOnly are the parser's names of what sh lacks, in the words of a message.
var bashOnly = map[string]string{
	"arrays": "arrays are", "herestrings": "<<< is", "c-style fors": "for ((…)) is", "search and replace": "${x/a/b} is",
	"slicing": "${x:1:2} is", "this expansion operator": "this kind of ${…} is", "extended globs": "patterns such as @(a|b) are",
	"regex tests": "=~ is", "for loops with braces": "for … { } is", "`{varname}` redirects": "{name}> is",
	"`${!foo}`": "${!x} is", "`&>` redirects": "&> is", "`&>>` redirects": "&>> is", "`>&|` redirects": ">&| is",
	"`${ stmts;}`": "${ …; } is", "`${|stmts;}`": "${| …; } is",
}

func dialectMistake(e syntax.LangError, text string, d Dialect) Mistake {
	at := offset(e.Pos, text)
	m := Mistake{At: tokenAt(text, at)}
	for _, l := range e.Langs {
		m.Bash = m.Bash || l == syntax.LangBash && d == Sh
	}
	found := shown(text[m.At.Start:m.At.End])
	switch {
	case strings.HasPrefix(text[at:], "${{"):
		m.Message = "${ is not followed by the name of a variable"
	case !m.Bash:
		m.Message = fmt.Sprintf("%s cannot read the script from here on: %s does not fit", d, found)
	default:
		what := bashOnly[e.Feature]
		if words := quotedWords(e.Feature); what == "" && len(words) > 0 && strings.HasPrefix(e.Feature, "the ") {
			what = "arrays are"
			if words[0] == "function" || words[0] == "[[" {
				what = words[0] + " is"
			}
		}
		if what == "" {
			what = found + " is"
		}
		m.Message, m.Help = what+" bash, not sh", "open the block with ```bash, where it can be read"
		if what == "function is" {
			m.Help += "; in sh, name() { … } defines one"
		}
	}
	m.Message = oneLine(m.Message)
	return m
}

// foreignAt finds another tool's expression where the shell stopped reading.
func foreignAt(text string, at int) (start, end int, ok bool) {
	if start = strings.LastIndex(text[:min(at+3, len(text))], "${{"); start < 0 || start < at-3 {
		return 0, 0, false
	}
	n := strings.Index(text[start:], "}}")
	if line := strings.IndexByte(text[start:], '\n'); n < 0 || line >= 0 && line < n {
		return 0, 0, false
	}
	return start, start + n + 2, true
}

func foreignMistake(text string, start, end int) Mistake {
	inner := strings.TrimSpace(text[start+3 : end-2])
	m := Mistake{
		At:      source.Span{Start: int32(start), End: int32(end)},
		Message: "${{ … }} is no shell, and nothing is pasted into a script", Foreign: true,
		Help: "parameters and env entries reach a script as variables of the same name",
	}
	name := inner[strings.LastIndexByte(inner, '.')+1:]
	if len(inner) <= 60 {
		m.Message = fmt.Sprintf("${{ %s }} is no shell, and nothing is pasted into a script", inner)
	}
	if syntax.ValidName(name) {
		m.Help = fmt.Sprintf(`a parameter or env entry %s reaches the script as "$%s"`, name, name)
	}
	return m
}

// lazily compiles a pattern when it is first asked for: most commands of pipe never are.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
