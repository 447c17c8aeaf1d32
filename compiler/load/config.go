package load

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Language is the version of the language that this package reads.
const Language = "0.1"

// Config is pipe.toml.
type Config struct {
	// Path is the file's absolute path, "" when there is none.
	Path string
	// Pipe is the language version that the file asks for, "" when it asks for none.
	Pipe string `toml:"pipe"`
	// Check holds severities by rule name: "error", "warning", "hint", "off".
	Check map[string]string `toml:"check"`
	Run   RunDefaults       `toml:"run"`
	// Pools are the slots of each pool: how many attempts of its steps run at a time, over all
	// runs of a store.
	Pools map[string]int `toml:"pools"`
	Lock  LockExtra      `toml:"lock"`
}

// RunDefaults are defaults of flags of pipe run.
type RunDefaults struct {
	Jobs     int  `toml:"jobs"`
	FailFast bool `toml:"fail_fast"`
	// Locked is nil where the file says nothing of it.
	Locked *bool `toml:"locked"`
}

// Apply gives findings the severities that the file asks for and drops those that are off.
// A rule that is an error by nature stays one, since the program would have no meaning.
func (c Config) Apply(list []diag.Diagnostic) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, d := range list {
		switch word := c.Check[d.Rule]; {
		case d.Severity == diag.Error || word == "":
		case word == "off":
			continue
		default:
			d.Severity = severities[word]
		}
		out = append(out, d)
	}
	return out
}

// Hardens says that the file makes an error of what is none by nature.
func (c Config) Hardens() bool {
	for _, word := range c.Check {
		if word == "error" {
			return true
		}
	}
	return false
}

var severities = map[string]diag.Severity{"error": diag.Error, "warning": diag.Warning, "hint": diag.Hint}

// config reads pipe.toml; what is wrong in it is reported and left out.
func (l *loader) config() Config {
	path := filepath.Join(l.root, "pipe.toml")
	text, ok := l.opts.Overlay[path]
	if !ok {
		var err error
		if text, err = l.disk.text(path, true, l.opts.Cache.lastConfig().before()); isAbsent(err) {
			return Config{}
		} else if err != nil {
			p := l.unreadable("pipe.toml", err)
			l.diags.Add(diag.Diagnostic{Rule: p.rule, File: source.NewFile("pipe.toml", ""), Message: "pipe.toml " + p.message, Help: p.help})
			return Config{Path: path}
		}
	}
	c := l.opts.Cache.lastConfig().of(text, l.diags, func() Config {
		r := configReader{file: source.NewFile("pipe.toml", text), diags: l.diags}
		return r.read()
	})
	c.Path = path
	return c
}

// onlyVersion is a pipe.toml that asks for this version, and for nothing else.
const onlyVersion = `pipe = "` + Language + `"`

// configReader turns pipe.toml into a Config.
type configReader struct {
	file  *source.File
	diags *diag.List
}

func (r *configReader) add(rule string, at source.Span, help, format string, args ...any) {
	r.diags.Add(diag.Diagnostic{Rule: rule, File: r.file, Span: at, Message: fmt.Sprintf(format, args...), Help: help})
}

func (r *configReader) read() (c Config) {
	if strings.TrimSpace(r.file.Text) == onlyVersion {
		return Config{Pipe: Language} // as in most repositories, and for a small file TOML is a part of a check that one sees
	}
	var raw map[string]any
	if _, err := toml.Decode(r.file.Text, &raw); err != nil {
		r.syntax(err)
		return c
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		at := r.key("", key)
		switch key {
		case "pipe":
			if s, ok := r.text(raw[key], at, key); ok {
				c.Pipe = s
				r.version(s, r.value(at))
			}
		case "check":
			c.Check = r.check(raw[key], at)
		case "run":
			c.Run = r.run(raw[key], at)
		case "pools":
			c.Pools = r.pools(raw[key], at)
		case "lock":
			c.Lock = r.lock(raw[key], at)
		default:
			r.unknown(at, key, "", []string{"pipe", "check", "run", "pools", "lock"})
		}
	}
	return c
}

func (r *configReader) syntax(err error) {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		r.add(diag.Syntax, source.Span{}, "", "pipe.toml is no TOML: %v", err)
		return
	}
	start := int32(min(max(pe.Position.Start, 0), len(r.file.Text)))
	end := min(start+int32(max(pe.Position.Len, 1)), int32(len(r.file.Text)))
	r.add(diag.Syntax, source.Span{Start: start, End: end}, "", "pipe.toml is no TOML: %s", strings.TrimSuffix(pe.Message, "."))
}

func (r *configReader) unknown(at source.Span, key, table string, known []string) {
	where := "pipe.toml"
	if table != "" {
		where = "[" + table + "]"
	}
	help := diag.DidYouMean(key, known)
	if help == "" {
		help = "there are " + strings.Join(known, ", ")
	}
	r.add(diag.UnknownKeyword, at, help, "%s has no key %q", where, key)
}

func (r *configReader) text(v any, at source.Span, key string) (string, bool) {
	s, ok := v.(string)
	if !ok {
		r.add(diag.TypeMismatch, r.value(at), "", "%s: expected a string, found %s", key, tomlKind(v))
	}
	return s, ok
}

func (r *configReader) version(s string, at source.Span) {
	want, ok := numbers(s)
	if !ok {
		r.add(diag.InvalidValue, at, fmt.Sprintf("write pipe = %q", Language), "pipe: expected a version such as %q, found %q", Language, s)
		return
	}
	have, _ := numbers(Language)
	for i, w := range want {
		h := have[i]
		if w > h {
			r.add(diag.NewerLanguage, at, "install a newer pipe", "this repository is written in pipe %s, and this binary knows %s", s, Language)
		}
		if w != h {
			return
		}
	}
}

// numbers are the two of a version.
func numbers(s string) (n [2]int, ok bool) {
	major, minor, dotted := strings.Cut(s, ".")
	return [2]int{number(major), number(minor)}, dotted && isDigits(major) && isDigits(minor)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return int(^uint(0) >> 1) // more digits than any version has
	}
	return n
}

func (r *configReader) check(v any, at source.Span) map[string]string {
	table, ok := v.(map[string]any)
	if !ok {
		r.add(diag.TypeMismatch, r.value(at), "write a table: [check]", "check: expected a table, found %s", tomlKind(v))
		return nil
	}
	out := map[string]string{}
	for _, rule := range slices.Sorted(maps.Keys(table)) {
		at := r.key("check", rule)
		natural, known := diag.Natural(rule)
		if !known {
			r.add(diag.UnknownKeyword, at, diag.DidYouMean(rule, diag.Rules()), "there is no rule %q", rule)
			continue
		}
		word, ok := r.text(table[rule], at, rule)
		if !ok {
			continue
		}
		_, valid := severities[word]
		switch {
		case !valid && word != "off":
			r.add(diag.InvalidValue, r.value(at), diag.DidYouMean(word, []string{"error", "warning", "hint", "off"}), "%s: expected error, warning, hint or off, found %q", rule, word)
		case natural == diag.Error && word != "error":
			r.add(diag.InvalidValue, at, "only warnings and hints can be changed", "%s is always an error", rule)
		default:
			out[rule] = word
		}
	}
	return out
}

func (r *configReader) run(v any, at source.Span) (d RunDefaults) {
	table, ok := v.(map[string]any)
	if !ok {
		r.add(diag.TypeMismatch, r.value(at), "write a table: [run]", "run: expected a table, found %s", tomlKind(v))
		return d
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		at := r.key("run", key)
		switch key {
		case "jobs":
			n, ok := table[key].(int64)
			if !ok || n < 1 || n > 1<<20 {
				r.add(diag.InvalidValue, r.value(at), "", "jobs: expected a whole number from 1 on, found %v", table[key])
				continue
			}
			d.Jobs = int(n)
		case "fail_fast":
			d.FailFast, _ = r.truth(table[key], at, key)
		case "locked":
			if b, ok := r.truth(table[key], at, key); ok {
				d.Locked = &b
			}
		default:
			r.unknown(at, key, "run", []string{"jobs", "fail_fast", "locked"})
		}
	}
	return d
}

// maxSlots of a pool: each is a file that whoever waits looks at.
const maxSlots = 256

func (r *configReader) pools(v any, at source.Span) map[string]int {
	table, ok := v.(map[string]any)
	if !ok {
		r.add(diag.TypeMismatch, r.value(at), "write a table: [pools]", "pools: expected a table, found %s", tomlKind(v))
		return nil
	}
	out := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		n, ok := table[name].(int64)
		if !ok || n < 1 || n > maxSlots {
			r.add(diag.InvalidValue, r.value(r.key("pools", name)), "", "%s: expected a number of slots from 1 to %d, found %v", name, maxSlots, table[name])
			n = 1
		}
		out[name] = int(n)
	}
	return out
}

func tomlKind(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case int64, float64:
		return "a number"
	case bool:
		return "true or false"
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date"
}

// key finds where a key stands: its line in its table, the table's head, or the file's start.
func (r *configReader) key(table, key string) source.Span {
	in := ""
	for n := 1; n <= r.file.Lines(); n++ {
		line := r.file.Line(n)
		trimmed := strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(trimmed, "["); ok {
			in = strings.Trim(head[:max(strings.IndexByte(head, ']'), 0)], `" []`)
			if table == "" && in == key {
				return r.within(n, line, in)
			}
			continue
		}
		name, rest, assigned := strings.Cut(trimmed, "=")
		name = strings.Trim(strings.TrimSpace(name), `"'`)
		if assigned && in == "" && table != "" && name == table && strings.Contains(rest, key) { // table = { key = … }
			start := r.file.LineStart(n) + int32(strings.Index(line, rest)+strings.Index(rest, key))
			return source.Span{Start: start, End: start + int32(len(key))}
		}
		if assigned && (in == table && name == key || in == "" && table != "" && name == table+"."+key || in == "" && table == "" && strings.HasPrefix(name, key+".")) {
			return r.within(n, line, strings.TrimPrefix(name, table+"."))
		}
	}
	return source.Span{}
}

// value is what stands behind the = of a key, on its line; of a table's head it is the head.
func (r *configReader) value(key source.Span) source.Span {
	rest, _, _ := strings.Cut(r.file.Text[key.End:], "\n")
	_, text, assigned := strings.Cut(rest, "=")
	start := key.End + int32(len(rest)-len(strings.TrimLeft(text, " \t")))
	text = strings.TrimSpace(text)
	if key.End == 0 || !assigned || text == "" {
		return key
	}
	n := len(text)
	switch quote := text[0]; quote {
	case '"', '\'':
		if end := strings.IndexByte(text[1:], quote); end >= 0 {
			n = end + 2
		}
	case '[', '{':
	default:
		if end := strings.IndexAny(text, " \t,#}"); end > 0 {
			n = end
		}
	}
	return source.Span{Start: start, End: start + int32(n)}
}

func (r *configReader) within(n int, line, word string) source.Span {
	start := r.file.LineStart(n) + int32(max(strings.Index(line, word), 0))
	return source.Span{Start: start, End: start + int32(len(word))}
}

// lazily compiles a pattern when it is first asked for: most commands of pipe never are.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
