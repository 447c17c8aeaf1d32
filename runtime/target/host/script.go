package host

import (
	"fmt"
	"os"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
)

// maxArgument is the longest script that goes by argument; the kernel allows 128 KiB each.
const maxArgument = 100 << 10

// interpreters that take a program as an argument. For a shell that saves a file, and for
// the others modules are found from the working folder, as in a program that lies there.
var interpreters = map[string]struct{ before, inline []string }{
	"sh":      {before: []string{"-eu"}, inline: []string{"-c", "--"}},
	"bash":    {before: []string{"-euo", "pipefail"}, inline: []string{"-c", "--"}},
	"python3": {inline: []string{"-c"}},
	"node":    {inline: []string{"-e"}},
}

// argv is the command line for a script. It holds the script's text, never a value: texts
// are written in a .pipe file and values reach a process by its environment. Where the
// interpreter wants a file, it is written to path.
func argv(s target.Script, path string) ([]string, error) {
	name := s.Interpreter
	switch name {
	case "":
		name = "sh"
	case "python": // the name that every system and virtual environment has
		name = "python3"
	}
	if strings.ContainsRune(name, 0) || strings.ContainsRune(s.Text, 0) {
		return nil, fmt.Errorf("script %q holds a NUL byte", s.Title)
	}
	known, ok := interpreters[name]
	args := append([]string{name}, known.before...)
	if ok && len(s.Text) <= maxArgument {
		return append(append(args, known.inline...), s.Text), nil
	}
	if err := os.WriteFile(path, []byte(s.Text), 0o600); err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	return append(args, path), nil
}
