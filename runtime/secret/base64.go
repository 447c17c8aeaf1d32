package secret

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

var (
	alphabets = []*base64.Encoding{base64.StdEncoding, base64.URLEncoding}
	// wraps are the widths at which tools break base64: PEM and openssl, MIME and coreutils.
	wraps = []int{64, 76}
)

const (
	// leastBase64 is how many characters of base64 hold Strong bytes.
	leastBase64 = (Strong*8 + 5) / 6
	// longestBroken is the length in bytes up to which a secret within a larger text is known
	// wherever a tool breaks the text's base64: every place is a form of its own.
	longestBroken = 512
	// leastHead is how many characters stand before a line break in such a form. Fewer tell
	// nothing, and every other line would seem to end with them.
	leastHead = 4
)

// settled are the characters that a secret has in an encoding when it starts at one of the
// three places in a group: the first ones hold bits of what stands before it, the last of
// what follows.
func settled(enc *base64.Encoding, s string, shift int) string {
	text := enc.EncodeToString(append(make([]byte, shift, shift+len(s)), s...))
	return text[[...]int{0, 2, 3}[shift] : (shift+len(s))*8/6]
}

// base64Forms are the settled characters, and the whole encoding with its last bits, also
// line by line where tools break it.
func base64Forms(s string) []string {
	var out []string
	for _, enc := range alphabets {
		full := enc.EncodeToString([]byte(s))
		out = append(out, full, strings.TrimRight(full, "="))
		for shift := range 3 {
			out = append(out, settled(enc, s, shift))
		}
		for _, width := range wraps {
			out = append(out, lines(full, width)...)
			out = append(out, lines(settled(enc, s, 0), width)...) // something follows, if only a line break
		}
	}
	return out
}

// lines are the lines of a text that is broken at a width, but for a last one that is too
// short to tell anything; none when it stays on one line.
func lines(s string, width int) []string {
	if len(s) <= width {
		return nil
	}
	var out []string
	for ; len(s) >= leastBase64; s = s[min(width, len(s)):] {
		out = append(out, s[:min(width, len(s))])
	}
	return out
}

// brokenBase64 are the encodings of a secret that stands within a larger text, with line
// breaks wherever they may fall.
func brokenBase64(s string) []string {
	if len(s) > longestBroken {
		return nil
	}
	var out []string
	for _, enc := range alphabets {
		for shift := range 3 {
			text := settled(enc, s, shift)
			first := [...]int{4, 2, 1}[shift] // characters up to the end of the first group
			for _, width := range wraps {
				for head := first % 4; head < min(width, len(text)); head += 4 {
					out = append(out, broken(text, head, width)...)
				}
			}
		}
	}
	return out
}

// broken is a text with a line break after its head and after every width characters more.
func broken(text string, head, width int) []string {
	if head < leastHead {
		text, head = text[head:], width
	}
	if len(text) <= head {
		return []string{text}
	}
	var b strings.Builder
	for len(text) > head {
		b.WriteString(text[:head])
		b.WriteByte('\n')
		text, head = text[head:], width
	}
	b.WriteString(text)
	return []string{b.String(), strings.ReplaceAll(b.String(), "\n", "\r\n")}
}

func hexForms(s string) []string {
	lower := hex.EncodeToString([]byte(s))
	return []string{lower, strings.ToUpper(lower)}
}
