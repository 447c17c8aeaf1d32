package host

import (
	"fmt"
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
	for _, vars := range [][]target.EnvVar{params, job.Env} {
		for _, v := range vars {
			if err := checkVariable(v); err != nil {
				return nil, err
			}
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return lastWins(append(env, outputVariable+"="+outputs)), nil
}

// checkVariable refuses what the kernel would cut off or misread. The value is not shown:
// it may be a secret.
func checkVariable(v target.EnvVar) error {
	switch {
	case v.Name == "" || strings.ContainsAny(v.Name, "=\x00"):
		return fmt.Errorf("environment: %q is no name of a variable", v.Name)
	case strings.ContainsRune(v.Value, 0):
		return fmt.Errorf("environment: the value of %s holds a NUL byte, which no process can be given", v.Name)
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
