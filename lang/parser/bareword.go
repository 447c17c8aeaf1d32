package parser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/token"
)

// named are the attributes whose values other languages write without quotes.
var named = []string{"image", "network", "user", "workdir"}

// unquoted is the way out where an item that did not end well is such an attribute, and its value stands
// there without quotes.
func unquoted(item []lexer.Token) string {
	if len(item) < 2 || !slices.Contains(named, item[0].Value) || startsLine(&item[1]) || kindOf(&item[1]) == token.String {
		return ""
	}
	words := []string{""}
	for i := 1; i < len(item) && kindOf(&item[i]) != token.EOF; i++ {
		if i > 1 && (endsItem(&item[i]) || kindOf(&item[i]) == token.Comment) {
			break
		}
		if i > 1 && start(&item[i]) != end(&item[i-1]) {
			words = append(words, "")
		}
		words[len(words)-1] += item[i].Value
	}
	text := asOne(item[0].Value, words)
	if len(text) < 2 || strings.ContainsAny(text, "(){}[],\"`") {
		return ""
	}
	return fmt.Sprintf(`text stands in quotes: %s "%s"`, item[0].Value, text)
}

// asOne is what several words without quotes were meant to be: of an image the second is its tag, as in
// ubuntu 22.04, and a folder may have spaces in its name.
func asOne(attribute string, words []string) string {
	switch {
	case attribute == "image" && len(words) > 1 && !strings.ContainsAny(words[0], ":@"):
		return words[0] + ":" + strings.TrimPrefix(words[1], ":")
	case attribute == "workdir":
		return strings.Join(words, " ")
	}
	return words[0]
}
