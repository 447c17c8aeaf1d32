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
	var text strings.Builder
	for i := 1; i < len(item) && kindOf(&item[i]) != token.EOF; i++ {
		if i > 1 && (start(&item[i]) != end(&item[i-1]) || endsItem(&item[i])) {
			break
		}
		text.WriteString(item[i].Value)
	}
	if text.Len() < 2 || strings.ContainsAny(text.String(), "(){}[],\"`") {
		return ""
	}
	return fmt.Sprintf(`text stands in quotes: %s "%s"`, item[0].Value, &text)
}
