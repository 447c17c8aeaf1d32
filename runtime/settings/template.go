package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// Template is a .env file to start from: every setting with its documentation, type, condition
// and default. A line that must be filled in stands as NAME=, any other is a comment. It
// depends on the declarations alone: no value from outside, and of a secret no default.
func Template(title string, d Declared) (string, error) {
	w := &templateWriter{Declared: d}
	w.comment(title + ": copy it to .env and fill in the lines without a value.")
	w.comment("Lines that are comments show what counts without them.")
	for _, s := range d.Settings {
		t, err := types.Parse(s.Type, func(id string) *types.Type { return d.Types[id] })
		if err != nil {
			return "", fmt.Errorf("setting %s: %w", s.Name, err)
		}
		w.out.WriteByte('\n')
		w.setting(s, t)
	}
	return w.out.String(), nil
}

type templateWriter struct {
	Declared
	out strings.Builder
}

// templateWidth is where comments are broken.
const templateWidth = 96

// comment writes text as comment lines; its own lines stay.
func (w *templateWriter) comment(text string) {
	for line := range strings.Lines(text) {
		for _, part := range wrap(printable(line), templateWidth-2) {
			w.out.WriteString(strings.TrimRight("# "+part, " ") + "\n")
		}
	}
}

func (w *templateWriter) setting(s plan.SettingDecl, t *types.Type) {
	if s.Doc != "" {
		w.comment(s.Doc)
	}
	must := needed(s, t)
	inner := t.Plain()
	parts := inner.Kind == types.Record && !recursive(inner)
	text := kind(t, s.Secret) + condition(s.Where, s.Else) + standing(must, t)
	if parts {
		text = s.Name + ": " + text
	}
	w.comment(text)
	w.sources(s)
	if parts {
		w.record(s.Variable, t, s, must)
		return
	}
	w.line(s.Variable, must, w.defaultOf(s, t))
}

// kind is a type in words of a person: with what JSON takes where text alone does not do.
func kind(t *types.Type, secret bool) string {
	text := expected(t)
	if secret {
		text = "secret " + text
	}
	switch inner := t.Plain(); inner.Kind {
	case types.List:
		if parted(inner.Elem) || inner.Elem.Plain().Kind == types.List {
			return text + " as JSON"
		}
		return text + ", JSON or parted by commas"
	case types.Map:
		return text + ` as JSON, or one variable a key`
	}
	return text
}

func standing(must bool, t *types.Type) string {
	switch {
	case must:
		return "; required"
	case t.Kind == types.Optional:
		return "; may be left out"
	}
	return ""
}

// condition is what `else` says, or the condition itself.
func condition(where, otherwise *plan.Expr) string {
	if where == nil {
		return ""
	}
	if said := withComplaint("", otherwise); said != "" {
		return said
	}
	if where.Text != "" {
		return ", must satisfy " + where.Text
	}
	return ", must satisfy " + where.String()
}

// sources notes what else may give the value.
func (w *templateWriter) sources(s plan.SettingDecl) {
	if s.Exec != nil {
		w.comment("comes from the program " + argv(s.Exec) + " unless it is set here")
	}
	if s.Secret {
		w.comment(s.Variable + "_FILE may name a file that holds it")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Profiles)) {
		x := s.Profiles[name]
		given := "gives another value"
		if !s.Secret {
			given = "gives " + written(&x)
		}
		w.comment(fmt.Sprintf("profile %s %s", name, given))
	}
	if x := s.Default; x != nil && x.Value == nil && !s.Secret {
		w.comment("default: " + written(x))
	} else if x != nil && s.Secret {
		w.comment("has a default, which is not shown")
	}
}

// argv is a program as people type it, as far as that is known.
func argv(x *plan.Expr) string {
	var words []string
	if x.Value == nil || json.Unmarshal(x.Value, &words) != nil {
		return written(x)
	}
	return "`" + strings.Join(words, " ") + "`"
}

// written is an expression as the file has it.
func written(x *plan.Expr) string {
	if x.Value != nil {
		return string(x.Value)
	}
	return x.String()
}

// defaultOf is a default that needs no computing, nil when there is none to show.
func (w *templateWriter) defaultOf(s plan.SettingDecl, t *types.Type) value.Value {
	if s.Secret || s.Default == nil || s.Default.Value == nil {
		return nil
	}
	v, err := value.Unmarshal(t, s.Default.Value)
	if err != nil {
		return nil
	}
	return v
}

// record writes a variable for each field, under the documentation of the field.
func (w *templateWriter) record(variable string, t *types.Type, s plan.SettingDecl, must bool) {
	of, given := w.defaultOf(s, t).(value.Record)
	if must && completed(t) {
		w.out.WriteString(variable + "={}\n") // something must ask for the defaults of its fields
	}
	w.fields(variable, t.Plain(), of, filling{needed: must, given: given || s.Default != nil, secret: s.Secret})
}

// filling is how the fields of a record stand.
type filling struct {
	needed bool // the record must be there
	given  bool // something else gives what fields lack
	secret bool
}

// fields writes those of one record; of holds their defaults.
func (w *templateWriter) fields(variable string, t *types.Type, of value.Record, how filling) {
	for _, f := range t.Record.Fields {
		name, lacks := variable+"__"+strings.ToUpper(f.Name), mustGive(f) && !how.given
		hidden := how.secret || f.Type.DeepLabels()&types.Secret != 0
		w.out.WriteByte('\n')
		w.describe(f, t, lacks, how.needed)
		if inner := f.Type.Plain(); inner.Kind == types.Record {
			below, given := of[f.Name].(value.Record)
			w.fields(name, inner, below, filling{needed: how.needed && lacks, given: given || how.given && of == nil, secret: how.secret})
			continue
		}
		w.line(name, lacks && how.needed, fieldDefault(f, of, hidden))
	}
}

func (w *templateWriter) describe(f types.Field, record *types.Type, lacks, needed bool) {
	if f.Doc != "" {
		w.comment(f.Doc)
	}
	text := kind(f.Type, f.Type.DeepLabels()&types.Secret != 0)
	if c := w.Conditions.Of(record, f.Name); c != nil {
		text += condition(c.Where, c.Else)
	}
	switch {
	case lacks && !needed:
		text += "; required where one of these is set"
	default:
		text += standing(lacks, f.Type)
	}
	w.comment(f.Name + ": " + text)
}

func fieldDefault(f types.Field, of value.Record, hidden bool) value.Value {
	if v := of[f.Name]; v != nil || hidden || f.Default == "" {
		if hidden {
			return nil
		}
		return v
	}
	v, err := value.Unmarshal(f.Type, []byte(f.Default))
	if err != nil {
		return nil
	}
	return v
}

// line writes NAME= where a value must be filled in, and else a comment with the default.
func (w *templateWriter) line(name string, must bool, v value.Value) {
	if must {
		w.out.WriteString(name + "=\n")
		return
	}
	text, ok := envText(v)
	if !ok && v != nil {
		w.comment("default: " + shown(v))
	}
	w.out.WriteString("# " + name + "=" + text + "\n")
}

// Text is a value as --set, the environment and files may give it: texts as they are, 1h30m,
// 512MiB, lists and records as JSON. It is false for no value, and for what only a run has.
func Text(v value.Value) (string, bool) {
	switch v := v.(type) {
	case nil, value.None:
		return "", false
	case value.Duration:
		return value.FormatDuration(time.Duration(v)), true
	case value.Size:
		return sizeText(int64(v)), true
	}
	return value.Env(v)
}

// sizeText is a size in the largest unit that leaves a whole number.
func sizeText(n int64) string {
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if of := int64(1) << (40 - 10*i); n >= of && n%of == 0 {
			return strconv.FormatInt(n/of, 10) + unit
		}
	}
	for i, unit := range []string{"TB", "GB", "MB", "kB"} {
		if of := [...]int64{1e12, 1e9, 1e6, 1e3}[i]; n >= of && n%of == 0 {
			return strconv.FormatInt(n/of, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// envText is a value as a .env file holds it; false where that dialect cannot.
func envText(v value.Value) (string, bool) {
	text, ok := Text(v)
	// Names in ${…} are replaced whatever the quotes, and a file is UTF-8: the rest cannot be written.
	if !ok || strings.Contains(text, "${") || !utf8.ValidString(text) {
		return "", false
	}
	if text != "" && !strings.ContainsFunc(text, needsQuotes) {
		return text, true
	}
	if !strings.ContainsAny(text, `'\`) && printable(text) == text {
		return "'" + text + "'", true
	}
	return doubleQuoted(text)
}

func needsQuotes(c rune) bool {
	return isSpace(c) || strings.ContainsRune("'\"#\\`", c) || !strconv.IsPrint(c)
}

func doubleQuoted(text string) (string, bool) {
	escape := map[rune]string{'\\': `\\`, '"': `\"`, '\a': `\a`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\v': `\v`}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch e, known := escape[c]; {
		case known:
			b.WriteString(e)
		case !strconv.IsPrint(c):
			return "", false
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String(), true
}

// printable makes what is no text for the eye visible: it would move a terminal's cursor.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if strconv.IsPrint(c) {
			return c
		}
		return ' '
	}, s)
}

// recursive reports whether a record holds itself, so that its fields have no end.
func recursive(t *types.Type) bool {
	var open []*types.RecordInfo
	var in func(t *types.Type) bool
	in = func(t *types.Type) bool {
		t = t.Plain()
		if t.Kind != types.Record {
			return false
		}
		if slices.Contains(open, t.Record) {
			return true
		}
		open = append(open, t.Record)
		defer func() { open = open[:len(open)-1] }()
		return slices.ContainsFunc(t.Record.Fields, func(f types.Field) bool { return in(f.Type) })
	}
	return in(t)
}

// wrap breaks a text at spaces, and within words that are longer than a line.
func wrap(s string, width int) []string {
	var lines []string
	line := []rune{}
	for word := range strings.FieldsSeq(s) {
		r := []rune(word)
		if len(line) > 0 && len(line)+1+len(r) <= width {
			line = append(append(line, ' '), r...)
			continue
		}
		if len(line) > 0 {
			lines = append(lines, string(line))
		}
		for len(r) > width {
			lines = append(lines, string(r[:width]))
			r = r[width:]
		}
		line = r
	}
	return append(lines, string(line))
}
