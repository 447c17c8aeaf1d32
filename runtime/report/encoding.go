package report

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var errOddUTF16 = errors.New("the report is cut off in the middle of a UTF-16 character")

// decodeXML makes UTF-8 of what a byte order mark announces, and replaces characters that
// XML forbids and runners write all the same (colour codes above all) by U+FFFD.
func decodeXML(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fromUTF16(data[2:], binary.BigEndian)
	case bytes.HasPrefix(data, []byte("<\x00?\x00")):
		return fromUTF16(data, binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\x00<\x00?")):
		return fromUTF16(data, binary.BigEndian)
	}
	return replaceForbidden(data, declaresUTF8(data)), nil
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, errOddUTF16
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return replaceForbidden([]byte(string(utf16.Decode(units))), true), nil
}

var declaration = lazily(`^<\?xml[^>]*\sencoding\s*=\s*["']([^"']*)["']`)

// declaresUTF8 reports whether the bytes are meant as UTF-8: declared so, or nothing declared.
func declaresUTF8(data []byte) bool {
	m := declaration().FindSubmatch(data[:min(len(data), 200)])
	return m == nil || strings.EqualFold(string(m[1]), "utf-8") || strings.EqualFold(string(m[1]), "utf8")
}

var reference = lazily(`&#(?:x[0-9a-fA-F]+|[0-9]+);`)

func replaceForbidden(data []byte, utf bool) []byte {
	if utf && !utf8.Valid(data) {
		data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	if utf && bytes.ContainsFunc(data, forbiddenRune) {
		data = bytes.Map(replaceRune, data)
	}
	if !utf && bytes.ContainsFunc(data, forbiddenRune) {
		data = replaceControls(data)
	}
	if !bytes.Contains(data, []byte("&#")) {
		return data
	}
	return reference().ReplaceAllFunc(data, func(ref []byte) []byte {
		if forbiddenRune(referred(string(ref[2 : len(ref)-1]))) {
			return []byte("&#xFFFD;")
		}
		return ref
	})
}

func replaceRune(r rune) rune {
	if forbiddenRune(r) {
		return utf8.RuneError
	}
	return r
}

// replaceControls leaves bytes above ASCII to the encoding that the file declares.
func replaceControls(data []byte) []byte {
	out := bytes.Clone(data)
	for i, b := range out {
		if b < 0x20 && forbiddenRune(rune(b)) {
			out[i] = '?'
		}
	}
	return out
}

func referred(digits string) rune {
	base := 10
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil {
		return 0
	}
	return rune(n)
}

// forbiddenRune is the complement of XML 1.0's Char.
func forbiddenRune(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return false
	case r < 0x20, r == 0xFFFE, r == 0xFFFF, r > 0x10FFFF:
		return true
	}
	return r >= 0xD800 && r < 0xE000
}

// charsetReader serves a declared encoding. UTF-16 was decoded by its byte order before.
func charsetReader(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be":
		return in, nil
	case "iso-8859-1", "latin1", "latin-1":
		return newByteReader(in, latin1)
	case "iso-8859-15", "latin-9":
		return newByteReader(in, latin9)
	case "windows-1252", "cp1252":
		return newByteReader(in, windows1252)
	}
	return nil, fmt.Errorf("encoding %q is not supported: write the report in UTF-8", charset)
}

func newByteReader(in io.Reader, decode func(byte) rune) (io.Reader, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, b := range data {
		out = utf8.AppendRune(out, decode(b))
	}
	return bytes.NewReader(out), nil
}

func latin1(b byte) rune { return rune(b) }

func latin9(b byte) rune {
	switch b {
	case 0xA4:
		return '€'
	case 0xA6:
		return 'Š'
	case 0xA8:
		return 'š'
	case 0xB4:
		return 'Ž'
	case 0xB8:
		return 'ž'
	case 0xBC:
		return 'Œ'
	case 0xBD:
		return 'œ'
	case 0xBE:
		return 'Ÿ'
	}
	return rune(b)
}

var upper1252 = []rune("€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ")

func windows1252(b byte) rune {
	if b >= 0x80 && b < 0xA0 {
		return upper1252[b-0x80]
	}
	return rune(b)
}
