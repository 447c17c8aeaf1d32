package cli

import (
	"bytes"
	"encoding/json"
)

// writeJSON prints a value for scripts, indented, without HTML escapes.
func (a *app) writeJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
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
