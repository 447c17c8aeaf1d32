package settings

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeText makes a .env file text with \n as its line break.
func decodeText(data []byte) (string, *dotenvError) {
	text, fault := plainText(data)
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return text, fault
}

// plainText makes a file text: byte order marks are obeyed and dropped, and what is no text is
// a fault.
func plainText(data []byte) (string, *dotenvError) {
	var text string
	var fault *dotenvError
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		text, fault = fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		text, fault = fromUTF16(data[2:], binary.BigEndian)
	default:
		text = strings.TrimPrefix(string(data), "\uFEFF")
		if at := invalidAt(text); at >= 0 {
			fault = &dotenvError{lineOf(text, at), "bytes that are no UTF-8: save the file in UTF-8"}
		}
	}
	if fault != nil {
		return "", fault
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return "", &dotenvError{lineOf(text, at), "a zero byte: the file is no text, or UTF-16 without a byte order mark"}
	}
	return text, nil
}

func fromUTF16(data []byte, order binary.ByteOrder) (string, *dotenvError) {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	var b strings.Builder
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			next := rune(-1)
			if i+1 < len(units) {
				next = rune(units[i+1])
			}
			if r = utf16.DecodeRune(r, next); r == utf8.RuneError {
				return "", &dotenvError{lineOf(b.String(), b.Len()), "half a character of UTF-16: save the file in UTF-8"}
			}
			i++
		}
		b.WriteRune(r)
	}
	if len(data)%2 != 0 {
		return "", &dotenvError{lineOf(b.String(), b.Len()), "half a character of UTF-16 at its end: the file is cut off"}
	}
	return b.String(), nil
}

// invalidAt is where a text stops being UTF-8, or -1.
func invalidAt(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func lineOf(s string, at int) int { return 1 + strings.Count(s[:at], "\n") }
