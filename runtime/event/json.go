package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// JSON gives a sink that writes one event a line. Fields that do not apply are left out; the text
// of an output, the number of instances and the duration of an attempt are there when they are
// empty or zero, too. What w cannot take is lost.
func JSON(w io.Writer) Sink {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	return func(e Event) {
		b.Reset()
		if enc.Encode(line(e)) == nil {
			_, _ = w.Write(EscapeJSON(b.Bytes()))
		}
		if b.Cap() > maxHold {
			b = bytes.Buffer{}
		}
	}
}

// EscapeJSON spells out what is printable in JSON but not on a terminal or in the log of a CI
// service: characters that reorder or hide text, C1 control characters, and the bracket of a
// command such as "##[group]". What the JSON means stays the same; white space between its
// parts stays too. raw is left alone, and given back when there is nothing to do.
func EscapeJSON(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("##")) && isASCII(raw) {
		return raw
	}
	out := make([]byte, 0, len(raw)+64)
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		switch {
		case r == '[' && commandAt(raw[:i]):
			out = append(out, `\u005b`...)
		case r < utf8.RuneSelf && r != 0x7f || unicode.IsPrint(r) && !(r == utf8.RuneError && size == 1):
			out = append(out, raw[i:i+size]...)
		case r > 0xFFFF:
			high, low := (r-0x10000)>>10, (r-0x10000)&0x3FF
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+high, 0xDC00+low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += size
	}
	return out
}

// commandAt reports whether a text ends as a command's name does: "##" and letters.
func commandAt(before []byte) bool {
	letters := bytes.TrimRightFunc(before, func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' })
	return bytes.HasSuffix(letters, []byte("##"))
}

func isASCII(raw []byte) bool {
	for _, c := range raw {
		if c > '~' {
			return false
		}
	}
	return true
}

// line is an event with the fields that its type always has.
func line(e Event) any {
	switch {
	case e.Type == StepOutput || e.Type == Notice:
		return struct {
			Event
			Text string `json:"text"`
		}{e, e.Text}
	case e.Type == StepFanout:
		return struct {
			Event
			Instances int `json:"instances"`
		}{e, e.Instances}
	case e.Type == RunFinished || e.Type == StepFinished && e.Attempt > 0:
		return struct {
			Event
			Seconds float64 `json:"seconds"`
		}{e, e.Seconds}
	}
	return e
}
