package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// variable is one NAME=value of the environment or of a .env file.
type variable struct {
	value  string
	origin Origin
}

// variables are those of one source.
type variables struct {
	kind  string
	dir   string // that names of files are relative to
	names map[string]variable
	order []string // in the order of the source
}

func (v *variables) set(name, value string, o Origin) {
	if _, known := v.names[name]; !known {
		v.order = append(v.order, name)
	}
	v.names[name] = variable{value, o}
}

func (v *variables) unset(name string) {
	if _, known := v.names[name]; known {
		delete(v.names, name)
		v.order = slices.DeleteFunc(v.order, func(n string) bool { return n == name })
	}
}

func environmentOf(environ []string, dir string) *variables {
	v := &variables{kind: Environment, dir: dir, names: map[string]variable{}}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			v.set(name, value, Origin{Kind: Environment, Name: name})
		}
	}
	return v
}

// lookup gives a variable's value.
func (v *variables) lookup(name string) (string, bool) {
	x, ok := v.names[name]
	return x.value, ok
}

// readDotenv reads a .env file of a folder; a file that is not there has no variables.
func readDotenv(dir, name string, environ func(string) (string, bool)) (*variables, []Problem) {
	v := &variables{kind: Dotenv, dir: dir, names: map[string]variable{}}
	if dir == "" {
		return v, nil
	}
	data, err := readSource(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return v, []Problem{unreadable(name, err)}
	}
	bindings, faults := parseDotenv(data)
	bindings, grown := expand(bindings, environ)
	var problems []Problem
	for _, f := range append(faults, grown...) {
		problems = append(problems, dotenvProblem(name, f))
	}
	v.bind(bindings, name)
	return v, problems
}

func unreadable(file string, err error) Problem {
	return Problem{
		Setting: file, Origin: Origin{Kind: Dotenv, At: file}, Expected: "a file of NAME=value lines", Always: true,
		Message: fmt.Sprintf("%s cannot be read: %v", file, bare(err)), Help: "make it a text file that pipe may read, or remove it",
	}
}

// bind takes over what a .env file says, the last line for a name, even if it has no value.
func (v *variables) bind(bindings []binding, file string) {
	for _, b := range bindings {
		if b.hasVal {
			v.set(b.name, b.value, Origin{Kind: Dotenv, Name: b.name, At: fmt.Sprintf("%s:%d", file, b.line)})
		} else {
			v.unset(b.name)
		}
	}
}

func dotenvProblem(file string, f *dotenvError) Problem {
	at := fmt.Sprintf("%s:%d", file, f.line)
	return Problem{
		Setting: file, Origin: Origin{Kind: Dotenv, At: at}, Expected: "NAME=value", Always: true,
		Message: fmt.Sprintf("%s cannot be read: %s", at, f.message),
		Help:    "values with spaces around quotes, or of several lines, stand in quotes; comments start with #",
	}
}

// secretFiles reads the names of a folder of one file a setting; contents are read when asked for.
func secretFiles(dir string) (map[string]string, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the secrets directory %s: %w", dir, bare(err))
	}
	out := map[string]string{}
	for _, e := range slices.Backward(entries) {
		// Kubernetes links each file through a folder ..data, which it swaps.
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			continue
		}
		out[strings.ToLower(e.Name())] = path // a broken link too: reading it says so
	}
	return out, nil
}
