package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// longestEscaped is the length in bytes up to which a secret is masked in all its forms. A
// larger one is masked as it stands, and its lines in all forms.
const longestEscaped = 64 << 10

// forms are the texts that give a secret away. Line breaks at its ends are no part of it.
func forms(s string) []string {
	whole := strings.Trim(s, "\r\n")
	if Short(whole) {
		return []string{whole, strings.TrimSpace(whole)}
	}
	var out []string
	for _, unit := range units(whole) {
		out = append(out, unit)
		if len(unit) > longestEscaped {
			continue
		}
		out = append(out, base64Forms(unit)...)
		out = append(out, hexForms(unit)...)
		out = append(out, urlForms(unit)...)
		out = append(out, jsonForms(unit)...)
		out = append(out, markupForms(unit)...)
		out = append(out, shellForms(unit)...)
	}
	return out
}

// units are the parts of a secret that are secrets of their own.
func units(whole string) []string {
	out := []string{whole}
	add := func(s string) {
		if s = strings.TrimSpace(s); s != whole && !Short(s) {
			out = append(out, s)
		}
	}
	add(whole)
	if unix := strings.ReplaceAll(whole, "\r\n", "\n"); strings.Contains(unix, "\n") {
		out = append(out, unix, strings.ReplaceAll(unix, "\n", "\r\n"))
		for line := range strings.SplitSeq(unix, "\n") {
			add(line)
		}
	}
	for _, p := range passwords(whole) {
		add(p)
	}
	return out
}

// passwords is the password in a URL, as it stands there and decoded.
func passwords(s string) []string {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return nil
	}
	plain, ok := u.User.Password()
	if !ok {
		return nil
	}
	_, written, _ := strings.Cut(strings.SplitN(strings.TrimPrefix(s, u.Scheme+"://"), "@", 2)[0], ":")
	return []string{plain, written}
}

// base64Forms are the characters that a secret has in an encoding whichever of the three
// places in a group it starts at, and the whole encoding with its last bits, also wrapped
// at the widths that tools use.
func base64Forms(s string) []string {
	var out []string
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		full := enc.EncodeToString([]byte(s))
		out = append(out, full, strings.TrimRight(full, "="))
		for shift := range 3 {
			text := enc.EncodeToString(append(make([]byte, shift), s...))
			// The first characters hold bits of what stands before, the last of what follows.
			from, to := [...]int{0, 2, 3}[shift], (shift+len(s))*8/6
			out = append(out, text[from:to])
		}
		for _, width := range []int{64, 76} {
			out = append(out, wrapped(full, width)...)
		}
	}
	return out
}

func wrapped(s string, width int) []string {
	var out []string
	for len(s) > width {
		out = append(out, s[:width])
		if s = s[width:]; len(s) >= 2*Strong {
			out = append(out, s[:min(width, len(s))])
		}
	}
	return out
}

func hexForms(s string) []string {
	lower := hex.EncodeToString([]byte(s))
	return []string{lower, strings.ToUpper(lower)}
}

// The characters that encoders of URLs leave alone, beside letters and digits.
var urlSafe = []string{
	"-_.~",                 // RFC 3986, Go's QueryEscape
	"-_.~/",                // Python's quote
	"-_.~$&+=:@",           // Go's PathEscape
	"-_.!~*'()",            // encodeURIComponent
	"-_.!~*'();/?:@&=+$,#", // encodeURI
	"-_.*",                 // HTML forms
	"",
}

func urlForms(s string) []string {
	var out []string
	for _, safe := range urlSafe {
		for _, format := range []string{"%%%02X", "%%%02x"} {
			escaped := percent(s, safe, format)
			out = append(out, escaped, strings.ReplaceAll(escaped, "%20", "+"))
		}
	}
	return out
}

func percent(s, safe, format string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, format, c)
		}
	}
	return b.String()
}

// jsonForms are the insides of JSON strings: Go's with and without care for HTML, with all
// but ASCII escaped as Python does, with escaped slashes as PHP does, and JSON in JSON.
func jsonForms(s string) []string {
	plain := jsonInside(s, false)
	out := []string{plain, jsonInside(s, true), asciiOnly(plain, `\u%04x`), asciiOnly(plain, `\u%04X`), strings.ReplaceAll(plain, "/", `\/`)}
	return append(out, jsonInside(plain, false), jsonInside(out[1], false))
}

func jsonInside(s string, html bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	if e.Encode(s) != nil {
		return s
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

func asciiOnly(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteByte(byte(r))
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, format, unit)
		}
	}
	return b.String()
}

func markupForms(s string) []string {
	var b strings.Builder
	if xml.EscapeText(&b, []byte(s)) != nil {
		return nil
	}
	named := strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(b.String())
	return []string{b.String(), named, strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)}
}

// shellForms are the insides of quotes, and what printf %q and traces of shells print.
func shellForms(s string) []string {
	return []string{
		strings.ReplaceAll(s, `'`, `'\''`),
		strings.ReplaceAll(s, `'`, `'"'"'`),
		strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s),
		strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s),
		backslashed(s),
		inside(strconv.Quote(s)),
		inside(strconv.QuoteToASCII(s)),
	}
}

func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

func backslashed(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= utf8.RuneSelf
		if !plain && !strings.ContainsRune("%+,-./:=@_", rune(c)) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
