package settings

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// What holds secret texts shows none of them, whatever verb, encoder or logger prints it: a
// debug log must be as safe as a message. Only Value and Secrets give them away.

// hidden stands for a secret value.
const hidden = "***"

// Format implements fmt.Formatter: the names of the settings, and how many problems there are.
func (s *Set) Format(f fmt.State, _ rune) { io.WriteString(f, s.summary()) }

// LogValue implements slog.LogValuer.
func (s *Set) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Set) summary() string {
	if s == nil {
		return "no settings"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	problems := len(s.loose)
	for _, x := range s.all {
		names = append(names, x.decl.Name)
		problems += len(x.problems)
	}
	return fmt.Sprintf("settings [%s], %s", strings.Join(names, " "), counted(problems))
}

// Format implements fmt.Formatter.
func (r Resolved) Format(f fmt.State, _ rune) { io.WriteString(f, r.summary()) }

// LogValue implements slog.LogValuer.
func (r Resolved) LogValue() slog.Value { return slog.StringValue(r.summary()) }

// MarshalJSON is the same summary as a JSON string.
func (r Resolved) MarshalJSON() ([]byte, error) { return json.Marshal(r.summary()) }

func (r Resolved) summary() string {
	text := hidden
	switch {
	case r.Problem != nil:
		text = "! " + r.Problem.Message
	case r.Value == nil:
		text = "(unknown)"
	case !r.Decl.Secret:
		text = shown(r.Value)
	}
	return fmt.Sprintf("%s: %s from %s", r.Decl.Name, text, r.Origin.short())
}

// Format implements fmt.Formatter: where values come from, and no values.
func (s Sources) Format(f fmt.State, _ rune) { io.WriteString(f, s.summary()) }

// LogValue implements slog.LogValuer.
func (s Sources) LogValue() slog.Value { return slog.StringValue(s.summary()) }

// MarshalJSON is the same summary as a JSON string.
func (s Sources) MarshalJSON() ([]byte, error) { return json.Marshal(s.summary()) }

func (s Sources) summary() string {
	return fmt.Sprintf("sources: %d flags, %d variables, folder %q, secrets directory %q, profile %q", len(s.Set), len(s.Environ), s.Dir, s.SecretsDir, s.Profile)
}

// Format implements fmt.Formatter: the name alone.
func (a Assignment) Format(f fmt.State, _ rune) { io.WriteString(f, a.Name+"="+hidden) }

// LogValue implements slog.LogValuer.
func (a Assignment) LogValue() slog.Value { return slog.StringValue(a.Name + "=" + hidden) }

// MarshalJSON is the same as a JSON string.
func (a Assignment) MarshalJSON() ([]byte, error) { return json.Marshal(a.Name + "=" + hidden) }

func counted(n int) string {
	if n == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", n)
}

// short is an origin as one cell: the place where there is one, else the kind.
func (o Origin) short() string {
	switch {
	case o.At != "":
		return o.At
	case o.Kind == Flag:
		return "--set"
	case o.Kind == Profile:
		return "profile " + o.Name
	case o.Kind == Unset:
		return "-"
	}
	return o.Kind
}
