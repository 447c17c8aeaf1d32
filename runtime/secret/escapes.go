package secret

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The characters that encoders of URLs leave alone, beside letters and digits.
var urlSafe = []string{
	"-_.~",                 // RFC 3986, Go's QueryEscape
	"-_.~/",                // Python's quote
	"-_.~$&+=:@",           // Go's PathEscape
	"-_.~$&+,;=",           // Go's user and password
	"-_.~$&+,/:;=@",        // Go's paths
	"-_.!~*'()",            // encodeURIComponent
	"-_.!~*'();/?:@&=+$,#", // encodeURI
	"-_.*",                 // HTML forms
	"-_.",                  // PHP's urlencode
	"",
}

func urlForms(s string) []string {
	var out []string
	for _, safe := range urlSafe {
		for _, digits := range []string{"0123456789ABCDEF", "0123456789abcdef"} {
			escaped := percent(s, safe, digits)
			out = append(out, escaped, strings.ReplaceAll(escaped, "%20", "+"))
		}
	}
	return out
}

func percent(s, safe, digits string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		c := s[i]
		if alphanumeric(c) || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// jsonStyle is how an encoder of JSON writes what it has a choice about.
type jsonStyle struct {
	html    bool   // <, > and & as Go does by default
	slashes bool   // \/ as PHP does
	short   string // control characters that have a letter: "bfnrt", or "nrt" in older Go
	above   rune   // from which character on all are escaped; see escapes for U+2028
	digits  string
	broken  string // what stands for a byte that is no UTF-8: `\udc%02x` in Python; "" is the byte
}

var jsonStyles = []jsonStyle{
	{short: "bfnrt", above: utf8.MaxRune + 1, digits: "%04x"},
	{short: "bfnrt", above: '\u2028', digits: "%04x", broken: `\ufffd`}, // Go's
	{short: "bfnrt", above: '\u2028', digits: "%04x", broken: `\ufffd`, html: true},
	{short: "nrt", above: '\u2028', digits: "%04x", broken: `\ufffd`, html: true},
	{short: "bfnrt", above: 0x7f, digits: "%04x", broken: `\udc%02x`}, // Python's
	{short: "bfnrt", above: 0x7f, digits: "%04X", broken: `\uDC%02X`},
	{short: "bfnrt", above: 0x80, digits: "%04x"},
	{short: "bfnrt", above: utf8.MaxRune + 1, digits: "%04x", slashes: true},
	{short: "bfnrt", above: 0x80, digits: "%04x", slashes: true}, // PHP's
	{short: "bfnrt", above: utf8.MaxRune, digits: "%04x"},        // jq's: DEL alone, see escapes
}

// jsonForms are the insides of JSON strings, as the encoders of several languages write
// them, and those of JSON in JSON.
func jsonForms(s string) []string {
	var out []string
	for _, style := range jsonStyles {
		out = append(out, style.inside(s))
	}
	plain, html, ascii := out[0], out[2], out[4]
	for _, style := range []jsonStyle{jsonStyles[0], jsonStyles[2]} {
		out = append(out, style.inside(plain), style.inside(html), style.inside(ascii))
	}
	return out
}

func (j jsonStyle) inside(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			j.invalid(&b, s[i])
		} else {
			j.rune(&b, r)
		}
		i += size
	}
	return b.String()
}

func (j jsonStyle) invalid(b *strings.Builder, c byte) {
	switch {
	case j.broken == "":
		b.WriteByte(c)
	case strings.Contains(j.broken, "%"):
		fmt.Fprintf(b, j.broken, c)
	default:
		b.WriteString(j.broken)
	}
}

func (j jsonStyle) rune(b *strings.Builder, r rune) {
	const letters, controls = "bfnrt", "\b\f\n\r\t"
	switch at := strings.IndexRune(controls, r); {
	case r == '"' || r == '\\' || r == '/' && j.slashes:
		b.WriteByte('\\')
		b.WriteRune(r)
	case at >= 0 && strings.IndexByte(j.short, letters[at]) >= 0:
		b.WriteByte('\\')
		b.WriteByte(letters[at])
	case r < ' ' || j.html && strings.ContainsRune("<>&", r) || j.escapes(r):
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(b, `\u`+j.digits, unit)
		}
	default:
		b.WriteRune(r)
	}
}

// escapes reports whether a character is escaped for where it stands in Unicode. Go escapes
// the two separators of lines and paragraphs alone, jq the character DEL.
func (j jsonStyle) escapes(r rune) bool {
	switch j.above {
	case '\u2028':
		return r == '\u2028' || r == '\u2029'
	case utf8.MaxRune:
		return r == 0x7f
	}
	return r >= j.above
}

// markupStyles are what encoders of XML and HTML write for ", ', line break, tab, carriage
// return and +, which some leave alone.
var markupStyles = [][6]string{
	{`"`, `'`, "\n", "\t", "\r", "+"},                    // text, Python's saxutils
	{"&#34;", "&#39;", "&#xA;", "&#x9;", "&#xD;", "+"},   // Go's encoding/xml
	{"&#34;", "&#39;", "\n", "\t", "\r", "+"},            // Go's html, Jinja
	{"&#34;", "&#39;", "\n", "\t", "\r", "&#43;"},        // Go's html/template
	{"&quot;", "&apos;", "\n", "\t", "\r", "+"},          // Java
	{"&quot;", "&apos;", "&#xA;", "&#x9;", "&#xD;", "+"}, // the same, for attributes
	{"&quot;", "&#39;", "\n", "\t", "\r", "+"},           // JavaScript
	{"&quot;", "&#x27;", "\n", "\t", "\r", "+"},          // Python's html
	{"&quot;", "&#039;", "\n", "\t", "\r", "+"},          // PHP
	{"&quot;", "'", "\n", "\t", "\r", "+"},               // double-quoted attributes
	{"&quot;", "'", "&#10;", "&#09;", "&#13;", "+"},      // Python's ElementTree
	{"&quot;", "'", "&#10;", "&#9;", "&#13;", "+"},       // libxml2
	{`"`, "'", "&#10;", "&#9;", "&#13;", "+"},            // single-quoted attributes
}

func markupForms(s string) []string {
	valid := strings.Map(markupRune, s)
	var out []string
	for _, m := range markupStyles {
		r := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;",
			`"`, m[0], `'`, m[1], "\n", m[2], "\t", m[3], "\r", m[4], "+", m[5])
		out = append(out, r.Replace(s), r.Replace(valid))
	}
	return out
}

// markupRune replaces what XML cannot hold, as Go's encoder does.
func markupRune(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		return utf8.RuneError
	}
	return r
}

// quotedForms are what programming languages show of a string: Go, Python and JavaScript.
func quotedForms(s string) []string {
	out := []string{inside(strconv.Quote(s)), inside(strconv.QuoteToASCII(s))}
	for _, quoted := range []string{"", "'"} {
		python := reprStyle{controls: "\n\r\t\\", letters: `nrt\`, quoted: quoted, digits: `\x%02x`, printable: unicode.IsPrint}
		out = append(out, python.inside(s))
		python.printable = isASCII
		out = append(out, python.inside(s), python.bytes(s))
		node := reprStyle{controls: "\b\f\n\r\t\\", letters: `bfnrt\`, quoted: quoted, digits: `\x%02X`, printable: noControl}
		out = append(out, node.inside(s))
	}
	return out
}

func isASCII(r rune) bool   { return ' ' <= r && r <= '~' }
func noControl(r rune) bool { return !unicode.IsControl(r) }

// reprStyle is how a language shows a string.
type reprStyle struct {
	controls, letters string // characters that have a letter of their own
	quoted            string // characters with a backslash before them
	digits            string // of a character below 256
	printable         func(rune) bool
}

func (p reprStyle) inside(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case p.byte(&b, s[i]):
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\udc%02x`, s[i])
		case p.printable(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, p.digits, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	return b.String()
}

// bytes is inside for a language that takes the string for bytes.
func (p reprStyle) bytes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch {
		case p.byte(&b, s[i]):
		case isASCII(rune(s[i])):
			b.WriteByte(s[i])
		default:
			fmt.Fprintf(&b, p.digits, s[i])
		}
	}
	return b.String()
}

// byte writes what has a letter of its own, or is quoted.
func (p reprStyle) byte(b *strings.Builder, c byte) bool {
	at := strings.IndexByte(p.controls, c)
	switch {
	case at >= 0:
		b.WriteByte('\\')
		b.WriteByte(p.letters[at])
	case strings.IndexByte(p.quoted, c) >= 0:
		b.WriteByte('\\')
		b.WriteByte(c)
	default:
		return false
	}
	return true
}

func inside(quoted string) string { return quoted[1 : len(quoted)-1] }
