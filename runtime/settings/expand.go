package settings

import (
	"regexp"
	"strings"
	"sync"
)

var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([^}:]*)(:-([^}]*))?\}`) })

// expand replaces ${NAME} and ${NAME:-value} in all values, in order.
func expand(bindings []binding, environ func(string) (string, bool)) ([]binding, []*dotenvError) {
	known := map[string]string{}
	out := make([]binding, 0, len(bindings))
	var faults []*dotenvError
	total := 0
	for _, b := range bindings {
		if b.hasVal && strings.Contains(b.value, "${") {
			b.value = expandValue(b.value, known, environ, maxFile-total)
			total += len(b.value)
		}
		if total >= maxFile {
			return out, append(faults, &dotenvError{b.line, "values grow beyond 16 MiB by ${…}"})
		}
		known[b.name] = b.value // a name without a value hides the environment's
		out = append(out, b)
	}
	return out, faults
}

// expandValue gives at most about limit bytes; whoever calls it counts them.
func expandValue(s string, known map[string]string, environ func(string) (string, bool), limit int) string {
	var b strings.Builder
	at := 0
	for _, m := range reference().FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[at:m[0]])
		at = m[1]
		b.WriteString(lookup(s[m[2]:m[3]], part(s, m[6], m[7]), known, environ))
		if b.Len() >= limit {
			return b.String()
		}
	}
	b.WriteString(s[at:])
	return b.String()
}

func part(s string, from, to int) string {
	if from < 0 {
		return ""
	}
	return s[from:to]
}

func lookup(name, otherwise string, known map[string]string, environ func(string) (string, bool)) string {
	if v, ok := known[name]; ok {
		return v
	}
	if v, ok := environ(name); ok {
		return v
	}
	return otherwise
}
