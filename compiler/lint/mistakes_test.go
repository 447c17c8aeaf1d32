package lint_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

const (
	// What testdata/mistakes has to hold, the folder more left out.
	minMistakes = 120
	minRules    = 45
	maxPerRule  = 3

	columns  = 80 // of a terminal
	opening  = "«"
	closing  = "»"
	mistakes = "../../testdata/mistakes"
)

// mistake is one project with one mistake in it, marked by « and ».
type mistake struct {
	name   string
	files  map[string]string // by path, without marks
	entry  string
	marked string // the file that is marked
	at     source.Span
	want   string // the text of the terminal, as it is kept
}

// Each entry of testdata/mistakes has one mistake of the kind that people make, marked in its source. The terminal
// says exactly what stands below it, once, with the marks under the very text that is wrong.
func TestMistakes(t *testing.T) {
	perRule := map[string][]string{}
	total := 0
	for _, name := range archives(t, mistakes) {
		for _, r := range golden(t, name) {
			perRule[r.rule] = append(perRule[r.rule], r.name)
			total++
		}
	}
	for rule, names := range perRule {
		if len(names) > maxPerRule {
			t.Errorf("%d mistakes of %s, at most %d are wanted: %s", len(names), rule, maxPerRule, strings.Join(names, ", "))
		}
	}
	if total < minMistakes || len(perRule) < minRules {
		t.Errorf("%d mistakes over %d rules, at least %d over %d are wanted", total, len(perRule), minMistakes, minRules)
	}
	t.Logf("%d mistakes over %d rules", total, len(perRule))
}

// Further mistakes, whatever their rule: habits from other languages, and types.
func TestMoreMistakes(t *testing.T) {
	total := 0
	for _, name := range archives(t, mistakes+"/more") {
		total += len(golden(t, name))
	}
	t.Logf("%d further mistakes", total)
}

func archives(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(dir + "/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives in %s: %v", dir, err)
	}
	return names
}

// outcome is the rule that a mistake was found by.
type outcome struct{ name, rule string }

// golden judges the entries of an archive, and writes it anew with UPDATE=1.
func golden(t *testing.T, archive string) []outcome {
	raw, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	a := txtar.Parse(raw)
	out := &txtar.Archive{Comment: a.Comment}
	var all []outcome
	for _, group := range grouped(a.Files) {
		m := read(t, group)
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar")+"/"+m.name, func(t *testing.T) {
			found := m.find(t)
			text := m.judge(t, found)
			if len(found) > 0 {
				all = append(all, outcome{m.name, found[0].Rule})
			}
			if os.Getenv("UPDATE") == "" {
				if d := gocmp.Diff(m.want, text); d != "" {
					t.Errorf("another text (-want +got):\n%s", d)
				}
			}
			out.Files = append(out.Files, group.sources...)
			out.Files = append(out.Files, txtar.File{Name: m.name + ".txt", Data: []byte(text)})
		})
	}
	if now := txtar.Format(out); os.Getenv("UPDATE") != "" && !bytes.Equal(raw, now) {
		if err := os.WriteFile(archive, now, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// group is what belongs to one entry: name.pipe, or files below name/, and name.txt.
type group struct {
	name    string
	sources []txtar.File
	text    string
}

func grouped(files []txtar.File) []group {
	var out []group
	for _, f := range files {
		name, _, below := strings.Cut(f.Name, "/")
		if !below {
			name = strings.TrimSuffix(f.Name, path.Ext(f.Name))
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, group{name: name})
		}
		g := &out[len(out)-1]
		if !below && path.Ext(f.Name) == ".txt" {
			g.text = string(f.Data)
			continue
		}
		g.sources = append(g.sources, f)
	}
	return out
}

// read takes the marks out of an entry.
func read(t *testing.T, g group) *mistake {
	t.Helper()
	m := &mistake{name: g.name, files: map[string]string{}, want: g.text, entry: "ci.pipe"}
	for _, f := range g.sources {
		name, text := strings.TrimPrefix(f.Name, g.name+"/"), string(f.Data)
		if name == f.Name {
			name = "ci.pipe"
		}
		if from := strings.Index(text, opening); from >= 0 {
			text = text[:from] + text[from+len(opening):]
			to := strings.Index(text, closing)
			if to < 0 || m.marked != "" {
				t.Fatalf("%s: one place is marked, by %s and %s", g.name, opening, closing)
			}
			m.marked, m.at = name, source.Span{Start: int32(from), End: int32(to)}
			text = text[:to] + text[to+len(closing):]
		}
		m.files[name] = text
	}
	if m.marked == "" {
		t.Fatalf("%s: no place is marked", g.name)
	}
	return m
}

// find is what the command line says about the entry's project.
func (m *mistake) find(t *testing.T) []diag.Diagnostic {
	dir := t.TempDir()
	m.files[".git/HEAD"] = ""
	for name, text := range m.files {
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var diags diag.List
	p, err := load.Load(filepath.Join(dir, m.entry), load.Options{Std: library}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	return linted(t, check.Check(p, &diags), lint.Options{Matches: matches(dir), Named: named(dir)}, &diags)
}

// judge renders what was found, and holds it to what every message is held to.
func (m *mistake) judge(t *testing.T, found []diag.Diagnostic) string {
	text := render(t, found, false)
	if len(found) != 1 {
		t.Errorf("one mistake has %d findings:\n%s", len(found), text)
	}
	if len(found) == 0 {
		return text
	}
	d := found[0]
	if d.File == nil || d.File.Name != m.marked || d.Span != m.at {
		t.Errorf("another place than the marked one: %v, want %v in %s\n%s", d.Span, m.at, m.marked, text)
	} else if thing := d.File.Slice(d.Span); !names(d, thing) && !unspeakable[d.Rule] {
		t.Errorf("nothing in the message names %q\n%s", thing, text)
	}
	for _, d := range found {
		within(t, d, text)
		for _, s := range sentences(d) {
			if word := internals.FindString(s); word != "" {
				t.Errorf("%q holds %q, a word of the machinery", s, word)
			}
		}
		if first, _ := utf8.DecodeRuneInString(d.Message); first >= 'A' && first <= 'Z' && !slices.Contains([]string{"PATH"}, strings.FieldsFunc(d.Message, notLetter)[0]) {
			t.Logf("%q starts with a capital", d.Message)
		}
		if strings.HasSuffix(d.Message, ".") || strings.Contains(d.Message, "\n") {
			t.Errorf("%q is no single line without a full stop", d.Message)
		}
	}
	fits(t, text)
	ascii := render(t, found, true)
	fits(t, ascii)
	for _, r := range ascii {
		if r > '~' {
			t.Errorf("the ASCII text holds %q:\n%s", r, ascii)
			break
		}
	}
	return text
}

func notLetter(r rune) bool { return r < 'A' || r > 'z' }

// internals are words of the libraries that pipe is made of, and of Go, which mean nothing to its users.
var internals = regexp.MustCompile(`(?i)<\w+>|\b(?:overload|token recognition|unexpected token|lexer|parser|lookahead|undeclared|google|protobuf|dyn|EOF|ident|identifier|AST|nil|interface|struct|goroutine|panic|runtime error|strconv|wrapper\(|list\(|map\(|optional_type|type\(|mismatched input|extraneous|no viable|syntax\.|syntax error|unsupported|declaration of|bool_|int64|uint64|float64|celgo|cel-go|CEL|participle|antlr|mvdan)\b|wrapper\(|list\(|map\(|_[=!&|]{1,2}_|@\w`)

// sentences are all that a finding says.
func sentences(d diag.Diagnostic) []string {
	out := []string{d.Message, d.Help}
	for _, r := range d.Related {
		out = append(out, r.Message)
	}
	for _, f := range d.Fixes {
		out = append(out, f.Message)
	}
	return out
}

// unspeakable are the rules about a text that is not repeated: a secret, and whole conditions and commands, which
// the message calls by their keyword or their kind.
var unspeakable = map[string]bool{diag.WrittenSecret: true, diag.ConstantGuard: true, "unwaited": true}

// names says that the text of a finding quotes what it is about, or a part of it that is a word.
func names(d diag.Diagnostic, thing string) bool {
	said := strings.Join(sentences(d), "\n")
	keyword := regexp.MustCompile(`^[a-z]+$`).MatchString(thing) && strings.Contains(d.Message, `"`) // of what is named
	if types := d.Rule == diag.TypeMismatch && strings.Contains(d.Message, ", found "); keyword || types {
		return true
	}
	if strings.Contains(said, strings.TrimSpace(thing)) {
		return true
	}
	for _, w := range regexp.MustCompile(`\w+|[^\w\s]`).FindAllString(thing, -1) {
		if strings.Contains(said, w) {
			return true
		}
	}
	return thing == ""
}

// render is the text of a terminal without colours.
func render(t *testing.T, found []diag.Diagnostic, ascii bool) string {
	t.Helper()
	var b strings.Builder
	if err := diag.Write(&b, "text", found, diag.Options{ASCII: ascii}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func fits(t *testing.T, text string) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if n := utf8.RuneCountInString(line); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
