package secret

import (
	"net/url"
	"strings"
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
		for _, encode := range []func(string) []string{base64Forms, hexForms, urlForms, jsonForms, markupForms, quotedForms, shellForms} {
			out = append(out, encode(unit)...)
		}
		out = append(out, nestedForms(unit)...)
	}
	return append(out, brokenBase64(whole)...)
}

// nestedForms are the secret in JSON that is encoded once more: as a shell quotes it in a
// trace of curl, and in base64 as registries and clusters store credentials.
func nestedForms(s string) []string {
	var out []string
	for _, style := range []jsonStyle{jsonStyles[0], jsonStyles[2], jsonStyles[4]} {
		if text := style.inside(s); text != s {
			out = append(out, strings.ReplaceAll(text, `'`, `'\''`), quoteRuns(text))
			out = append(out, base64Forms(text)...)
		}
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
	if !utf8.ValidString(whole) {
		// As programs that know only UTF-8 pass it on, if enough of it is left to be told by.
		if mended := strings.Map(func(r rune) rune { return r }, whole); !Short(strings.ReplaceAll(mended, "\uFFFD", "")) {
			add(mended)
		}
	}
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
	_, rest, _ := strings.Cut(s, "://")
	authority := rest[:strings.IndexAny(rest+"/", "/?#")]
	_, written, _ := strings.Cut(authority[:max(0, strings.LastIndexByte(authority, '@'))], ":")
	return []string{plain, written}
}
