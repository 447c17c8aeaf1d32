package host

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxOutputs is how many bytes a step may write to $PIPE_OUTPUT.
const maxOutputs = 1 << 20

// parseOutputs reads what a script wrote to $PIPE_OUTPUT: lines of name=value, and blocks
//
//	name<<END
//	any lines
//	END
//
// whose value is the lines in between. Empty lines are skipped.
func parseOutputs(text string) (map[string]string, error) {
	out := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		at := i + 1
		line := strings.TrimSuffix(lines[i], "\r")
		if line == "" {
			continue
		}
		name, val, err := splitOutput(line)
		if err != nil {
			return nil, outputError(at, err)
		}
		if end, ok := strings.CutPrefix(val, "<<"); ok {
			val, i, err = readBlock(lines, i+1, end)
			if err != nil {
				return nil, outputError(at, err)
			}
		} else {
			val = val[1:]
		}
		if err := addOutput(out, name, val); err != nil {
			return nil, outputError(at, err)
		}
	}
	return out, nil
}

func outputError(line int, err error) error {
	return fmt.Errorf("$%s line %d: %w", outputVariable, line, err)
}

// splitOutput gives a line's name, and the rest from its "=" or "<<".
func splitOutput(line string) (name, rest string, err error) {
	i := strings.IndexAny(line, "=<")
	if i < 0 || line[i] == '<' && !strings.HasPrefix(line[i:], "<<") {
		return "", "", fmt.Errorf("expected name=value or name<<END, found %q", shorten(line))
	}
	name, rest = line[:i], line[i:]
	if !isOutputName(name) {
		return "", "", fmt.Errorf("%q is no name: expected letters, digits and _", shorten(name))
	}
	if rest == "<<" {
		return "", "", fmt.Errorf("%s<< lacks the word that ends the block", name)
	}
	return name, rest, nil
}

func isOutputName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// readBlock gives the lines from start to the one that is end, and the index of that one.
func readBlock(lines []string, start int, end string) (string, int, error) {
	for i := start; i < len(lines); i++ {
		if strings.TrimSuffix(lines[i], "\r") == end {
			return strings.Join(lines[start:i], "\n"), i, nil
		}
	}
	return "", 0, fmt.Errorf("the block is never closed: expected a line %q", shorten(end))
}

func addOutput(out map[string]string, name, val string) error {
	if _, twice := out[name]; twice {
		return fmt.Errorf("%s is written twice", name)
	}
	if !utf8.ValidString(val) {
		return fmt.Errorf("the value of %s is not UTF-8", name)
	}
	out[name] = val
	return nil
}

// shorten keeps a message to one line's length.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
