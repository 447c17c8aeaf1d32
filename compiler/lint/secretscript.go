package lint

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
)

// scriptSigns are those of scripts, whose headers tell, too.
var scriptSigns = append([]string{"authorization"}, tellingSigns...)

// scripted is NAME=value in a script, the value without an expansion.
var scripted = lazily("(?m)(?:^|[\\s;&|(.,:=])[\"']?([A-Za-z_][A-Za-z0-9_]*)=(?:\"([^\"$`\\n]+)\"|'([^'\\n]+)'|([^\\s\"'$`;&|()<>]+))")

// spelled is a value beside its name as other languages and files write it: password = "…", "token": "…",
// os.environ["API_KEY"] = '…', password: ….
var spelled = lazily("(?m)([A-Za-z_][A-Za-z0-9_-]*)[\"'\\]]{0,2}[ \\t]*(?:(?:=>?|:=)[ \\t]*[rbfu]?|:[ \\t]+)(?:\"([^\"\\n]+)\"|'([^'\\n]+)')|^[ \\t-]*([A-Za-z_][A-Za-z0-9_-]*):[ \\t]+([^\\s\"'$`{}\\[\\]<>,;]+)[ \\t]*(?:#.*)?$")

// header is a field of HTTP in quotes, as curl takes it: "X-Api-Key: value", the value without an expansion.
var header = lazily(`["']([A-Za-z][A-Za-z0-9-]*): *(?:(?:Bearer|Basic|token|Token) +)?([A-Za-z0-9+/=_.-]+)["']`)

// schemes stand before the credential in the header Authorization.
var schemes = []string{"Bearer ", "Basic ", "token ", "Token "}

// assignments finds credentials beside their names, in scripts of all languages.
func (c *credentialSearch) assignments(s *ast.Script) {
	if !containsAny(strings.ToLower(s.Text), scriptSigns) {
		return
	}
	for _, m := range scripted().FindAllStringSubmatchIndex(s.Text, -1) {
		for g := 4; g < len(m); g += 2 {
			c.named(s, m[2], m[3], m[g], m[g+1])
		}
	}
	for _, m := range spelled().FindAllStringSubmatchIndex(s.Text, -1) {
		if m[2] >= 0 {
			c.named(s, m[2], m[3], max(m[4], m[6]), max(m[5], m[7]))
		} else {
			c.named(s, m[8], m[9], m[10], m[11])
		}
	}
	for _, m := range header().FindAllStringSubmatchIndex(s.Text, -1) {
		if name := s.Text[m[2]:m[3]]; (tells(name) || strings.EqualFold(name, "authorization")) && random(s.Text[m[4]:m[5]]) {
			c.tell(s.Within(m[4], m[5]), fmt.Sprintf("the value of the header %s looks like a credential", name))
		}
	}
}

// named looks at a value of a script beside its name, both by their places; there is none before the text.
func (c *credentialSearch) named(s *ast.Script, from, to, start, end int) {
	if start < 0 {
		return
	}
	name, value := s.Text[from:to], s.Text[start:end]
	if strings.EqualFold(name, "authorization") {
		for _, scheme := range schemes {
			if rest, found := strings.CutPrefix(value, scheme); found && random(rest) {
				c.tell(s.Within(end-len(rest), end), fmt.Sprintf("the value of the header %s looks like a credential", name))
			}
		}
		return
	}
	if tells(name) && credible(name, value) && !strings.ContainsAny(value, "${}") {
		c.tell(s.Within(start, end), fmt.Sprintf("the value of %s looks like a credential", name))
	}
}
