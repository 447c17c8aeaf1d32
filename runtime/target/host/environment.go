package host

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
)

// basic are the variables that every process gets from pipe's own environment; names that
// end in * stand for all that start so.
var basic = []string{"PATH", "HOME", "USER", "LANG", "LC_*", "TZ", "TMPDIR", "TERM"}

// outputVariable names the file that a script writes its outputs to.
const outputVariable = "PIPE_OUTPUT"

func isBasic(name string) bool {
	return slices.ContainsFunc(basic, func(b string) bool {
		if start, ok := strings.CutSuffix(b, "*"); ok {
			return strings.HasPrefix(name, start)
		}
		return name == b
	})
}

// basicEnv is the part of the environment that all attempts share.
func basicEnv(own []string) []string {
	var out []string
	for _, kv := range own {
		if name, _, _ := strings.Cut(kv, "="); isBasic(name) {
			out = append(out, kv)
		}
	}
	return out
}

// lookup is the value of a variable, "" when it is unset. The last one wins.
func lookup(env []string, name string) string {
	v, _ := find(env, name)
	return v
}

func find(env []string, name string) (string, bool) {
	for _, kv := range slices.Backward(env) {
		if n, v, ok := strings.Cut(kv, "="); ok && n == name {
			return v, true
		}
	}
	return "", false
}

// environment is exactly what a process sees. What comes later wins: the basics, what the op
// inherits, its parameters, its env, and where its outputs go.
func (s *session) environment(job *target.Job, params []target.EnvVar, outputs string) ([]string, error) {
	env := slices.Clone(s.basic)
	for _, name := range job.Inherit {
		if v, ok := find(s.environ, name); ok {
			env = append(env, name+"="+v)
		}
	}
	for _, v := range params {
		env = append(env, v.Name+"="+v.Value)
	}
	for _, v := range job.Env {
		if err := checkVariable("env", v); err != nil {
			return nil, err
		}
		env = append(env, v.Name+"="+v.Value)
	}
	return lastWins(append(env, outputVariable+"="+outputs)), nil
}

// maxString is how long Linux lets one variable or argument be, with the zero byte at its
// end: 128 KiB on most machines.
var maxString = 32 * os.Getpagesize()

// checkVariable refuses what the kernel would cut off, misread or refuse; what says where the
// variable was given. The value is not shown: it may be a secret.
func checkVariable(what string, v target.EnvVar) error {
	switch {
	case v.Name == "" || strings.ContainsAny(v.Name, "=\x00"):
		return fmt.Errorf("%s: %q is no name of a variable", what, v.Name)
	case strings.ContainsRune(v.Value, 0):
		return fmt.Errorf("%s %s: the value holds a NUL byte, which no process can be given: hand it over as a file", what, v.Name)
	case len(v.Name)+len(v.Value)+2 > maxString:
		return fmt.Errorf("%s %s: the value has %d bytes, and a variable holds %d at most: hand it over as a file", what, v.Name, len(v.Value), maxString-len(v.Name)-2)
	}
	return nil
}

// checkArguments does for a command line what checkVariable does for the environment.
func checkArguments(argv []string) error {
	for i, arg := range argv {
		switch {
		case strings.ContainsRune(arg, 0):
			return fmt.Errorf("exec: argument %d holds a NUL byte, which no process can be given", i)
		case len(arg)+1 > maxString:
			return fmt.Errorf("exec: argument %d has %d bytes, and one holds %d at most: hand it over as a file", i, len(arg), maxString-1)
		}
	}
	return nil
}

// lastWins drops earlier values of a variable that is set again.
func lastWins(env []string) []string {
	at := make(map[string]int, len(env))
	out := env[:0]
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if i, ok := at[name]; ok {
			out[i] = kv
			continue
		}
		at[name] = len(out)
		out = append(out, kv)
	}
	return out
}
