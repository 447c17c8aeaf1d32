package diag

import (
	"fmt"
	"io"
	"strings"
)

// Options of a rendering. The zero value is plain text for a file or a pipe.
type Options struct {
	// Color adds terminal colours to the text format.
	Color bool
	// ASCII keeps the text format to ASCII: other characters are written as \u{…}.
	ASCII bool
	// Width is how many columns the text format may take, from 40 to 80; 0 is 80.
	Width int
	// Version of the tool, for SARIF; may be empty.
	Version string
}

// Formats are the names that Write takes.
func Formats() []string { return []string{"text", "json", "github", "sarif"} }

// Write renders findings, in the order given, as one of Formats.
// The error is the writer's, or says that the format does not exist.
func Write(w io.Writer, format string, list []Diagnostic, o Options) error {
	var text string
	list = hidden(list)
	switch format {
	case "text":
		text = renderText(list, o)
	case "json":
		text = renderJSON(list)
	case "github":
		text = renderGitHub(list)
	case "sarif":
		text = renderSARIF(list, o)
	default:
		return fmt.Errorf("format %q does not exist: expected one of %s", format, strings.Join(Formats(), ", "))
	}
	_, err := io.WriteString(w, text)
	return err
}
