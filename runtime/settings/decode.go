package settings

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeText makes a .env file text with \n as its line break: byte order marks are obeyed
// and dropped, and what is no text is a fault.
func decodeText(data []byte) (string, *dotenvError) {
	var text string
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		text = fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		text = fromUTF16(data[2:], binary.BigEndian)
	default:
		text = strings.TrimPrefix(string(data), "\uFEFF")
		if at := invalidAt(text); at >= 0 {
			return "", &dotenvError{lineOf(text, at), "bytes that are no UTF-8: save the file in UTF-8"}
		}
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return "", &dotenvError{lineOf(text, at), "a zero byte: the file is no text, or UTF-16 without a byte order mark"}
	}
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return text, nil
}

func fromUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
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
