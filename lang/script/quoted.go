package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// plainText are commands that give their words to nobody who would expand them.
var plainText = map[string]bool{"echo": true, "printf": true, "sed": true, "curl": true, "wget": true, "git": true, "gh": true, "grep": true, "cp": true, "mv": true, "mkdir": true, "cat": true, "export": true}

var named = lazily(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// runsByGit says that git has a shell run what a word holds, or the one behind it.
func runsByGit(w *syntax.Word) bool {
	switch w.Lit() {
	case "foreach", "filter-branch", "bisect", "--exec", "-x":
		return true
	}
	return false
}

// operation begins a GraphQL operation with variables.
var operation = lazily(`\b(query|mutation|subscription)\b[^{]*\(\s*\$`)

// readElsewhere says that a text is for a reader who puts variables in: the token's line of an .npmrc, and GraphQL.
func readElsewhere(text string) bool {
	return strings.Contains(text, ":_authToken=") || strings.Contains(text, ":_auth=") || operation().MatchString(text)
}

// literalNames keeps the words of a command that name variables in single quotes.
func (w *walker) literalNames(words []*syntax.Word, name string) {
	if !plainText[name] || name == "git" && slices.ContainsFunc(words, runsByGit) {
		return
	}
	for _, word := range words[1:] {
		for _, part := range word.Parts {
			q, ok := part.(*syntax.SglQuoted)
			if !ok || q.Dollar || strings.IndexByte(q.Value, '$') < 0 || name == "git" && strings.HasPrefix(q.Value, "!") { // which git has a shell run
				continue
			}
			if readElsewhere(q.Value) {
				continue
			}
			out := Quoted{At: spanOf(q), Plain: !strings.ContainsAny(q.Value, "\"`\\!") && !strings.Contains(q.Value, "$(")}
			for _, m := range named().FindAllStringSubmatch(q.Value, -1) {
				out.Names = append(out.Names, m[1])
			}
			if len(out.Names) > 0 {
				w.script.Literal = append(w.script.Literal, out)
			}
		}
	}
}
