package cli

import (
	"bytes"
	"encoding/json"

	"github.com/pipelang/pipe/runtime/event"
)

// writeJSON prints a value for scripts, indented, without HTML escapes, and inert where it is
// looked at on a terminal.
func (a *app) writeJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.Out.Write(event.EscapeJSON(b.Bytes()))
	return err
}

// indented lays JSON out for people; a short value stays on its line.
func indented(raw json.RawMessage) string {
	if len(raw) <= 72 {
		return string(raw)
	}
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}
