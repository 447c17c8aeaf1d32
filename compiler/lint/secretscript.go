package lint

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// scriptSigns are those of scripts, whose headers tell, too.
var scriptSigns = append([]string{"authorization"}, tellingSigns...)

// scripted is NAME=value in a script, the value without an expansion.
var scripted = lazily("(?m)(?:^|[\\s;&|(.,:=?])[\"']?(?:-[DP])?([A-Za-z_][A-Za-z0-9_]*)=(?:\"([^\"$`\\n]+)\"|'([^'\\n]+)'|([^\\s\"'$`;&|()<>]+))")

// spelled is a value beside its name as other languages and files write it: password = "…", "token": "…",
// os.environ["API_KEY"] = '…', {\"token\":\"…\"}, password: ….
var spelled = lazily("(?m)([A-Za-z_][A-Za-z0-9_-]*)(?:\\\\?[\"'\\]]{0,2}[ \\t]*(?:(?:=>?|:=)[ \\t]*[rbfu]?|:[ \\t]+)|\\\\?[\"']:)(?:\\\\?\"([^\"\\n]+?)\\\\?\"|'([^'\\n]+)')|^[ \\t-]*([A-Za-z_][A-Za-z0-9_-]*):[ \\t]+([^\\s\"'$`{}\\[\\]<>,;]+)[ \\t]*(?:#.*)?$")

// header is a field of HTTP in quotes, as curl takes it: "X-Api-Key: value", the value without an expansion.
var header = lazily(`["']([A-Za-z][A-Za-z0-9-]*): *(?:(?:Bearer|Basic|token|Token) +)?([A-Za-z0-9+/=_.-]+)["']`)

// schemes stand before the credential in the header Authorization.
var schemes = []string{"Bearer ", "Basic ", "token ", "Token "}

// fed is a text that a program takes for a password from its standard input.
var fed = lazily("\\b(?:echo|printf)(?: +-n| +'?%s(?:\\\\n)?'?)* +[\"']?([^\\s\"'$`|]+)[\"']? *\\| *[^|;\\n]*--(?:password-stdin|token-stdin|with-token)\\b")

func (c *credentialSearch) piped(text string, place func(start, end int) source.Span) {
	if !containsAny(text, []string{"-stdin", "--with-token"}) {
		return
	}
	for _, m := range fed().FindAllStringSubmatchIndex(text, -1) {
		if serious(text[m[2]:m[3]]) {
			c.tell(place(m[2], m[3]), "the password that a program is fed is written out here")
		}
	}
}

// words finds credentials beside their names in the words of a program that is run without a shell, the first of which
// may be one that only a shell would take for an assignment.
func (c *credentialSearch) words(cmd shell.Command) {
	for _, a := range append(cmd.Args[:len(cmd.Args):len(cmd.Args)], shell.Arg{Text: cmd.Name, Static: cmd.Name != "", At: cmd.At}) {
		if a.Static {
			place := c.inside(a.At, a.Text)
			c.assignments(a.Text, place)
			c.headers(`"`+a.Text+`"`, func(start, end int) source.Span { return place(start-1, end-1) })
		}
	}
}

// assignments finds credentials beside their names, in texts of all languages.
func (c *credentialSearch) assignments(text string, place func(start, end int) source.Span) {
	if !containsAny(strings.ToLower(text), scriptSigns) {
		return
	}
	for _, m := range scripted().FindAllStringSubmatchIndex(text, -1) {
		for g := 4; g < len(m); g += 2 {
			if g == 8 && m[g] >= 0 && isCode(text[m[g]:m[g+1]]) {
				continue
			}
			c.named(text, m[2:4], m[g:g+2], place)
		}
	}
	for _, m := range spelled().FindAllStringSubmatchIndex(text, -1) {
		c.named(text, m[2:4], m[4:6], place)
		c.named(text, m[2:4], m[6:8], place)
		c.named(text, m[8:10], m[10:12], place)
	}
	c.headers(text, place)
}

// constants finds credentials with a $ beside their names, in single quotes where the shell expands nothing.
func (c *credentialSearch) constants(s *script) {
	text := s.src.Text
	if !strings.Contains(text, "$") || !strings.Contains(text, "='") || !containsAny(strings.ToLower(text), tellingSigns) {
		return
	}
	for _, m := range scripted().FindAllStringSubmatchIndex(text, -1) {
		if m[6] < 0 {
			continue
		}
		name, value := text[m[2]:m[3]], text[m[6]:m[7]]
		expanded := slices.ContainsFunc(s.read.Reads, func(v shell.Variable) bool { return int(v.At.Start) >= m[6] && int(v.At.End) <= m[7] })
		if strings.Contains(value, "$") && !expanded && !positional().MatchString(value) && asItIs(value) && tells(name) && credible(name, value) {
			c.tell(s.span(source.Span{Start: int32(m[6]), End: int32(m[7])}), fmt.Sprintf("the value of %s looks like a credential", name))
		}
	}
}

// positional is an argument of a script, which stands in the single quotes of a text in double ones.
var positional = lazily(`\$[0-9]`)

// object is how an expression of a programming language begins that reads something of another.
var object = lazily(`^(?:self|this|os|process|args|config|conf|cfg|settings|options|opts|env|ctx|context|request|req|credentials|creds|secrets|params|data|var|local|module|each)\.[A-Za-z_]|^[A-Za-z_]\w*\[`)

// isCode says that a value without quotes is an expression of another language: token=self.token, password=parts[1].
func isCode(value string) bool {
	value = strings.TrimRight(value, ",")
	i := strings.LastIndexByte(value, '.')
	return object().MatchString(value) || i > 0 && tells(value[i+1:])
}

// easyPair says that a text is a user and a password that protects nothing, in base64 as in the header of HTTP.
func easyPair(s string) bool {
	text, err := base64.StdEncoding.DecodeString(s)
	_, password, found := strings.Cut(string(text), ":")
	return err == nil && found && utf8.Valid(text) && !serious(password)
}

func (c *credentialSearch) headers(text string, place func(start, end int) source.Span) {
	for _, m := range header().FindAllStringSubmatchIndex(text, -1) {
		if name := text[m[2]:m[3]]; (tells(name) || strings.EqualFold(name, "authorization")) && random(text[m[4]:m[5]]) && !easyPair(text[m[4]:m[5]]) {
			c.tell(place(m[4], m[5]), fmt.Sprintf("the value of the header %s looks like a credential", name))
		}
	}
}

// named looks at a value beside its name, both by where they begin and end in a text; there is no value before it.
func (c *credentialSearch) named(text string, of, at []int, place func(start, end int) source.Span) {
	if at[0] < 0 {
		return
	}
	name, value := text[of[0]:of[1]], text[at[0]:at[1]]
	if strings.EqualFold(name, "authorization") {
		for _, scheme := range schemes {
			if rest, found := strings.CutPrefix(value, scheme); found && random(rest) && !easyPair(rest) {
				c.tell(place(at[1]-len(rest), at[1]), fmt.Sprintf("the value of the header %s looks like a credential", name))
			}
		}
		return
	}
	if tells(name) && credible(name, value) && !strings.ContainsAny(value, "${}") {
		c.tell(place(at[0], at[1]), fmt.Sprintf("the value of %s looks like a credential", name))
	}
}
