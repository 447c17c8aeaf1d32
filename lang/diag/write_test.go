package diag

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/lang/source"
)

const sample = `/// Ships it.
pipeline ship(version: string) {
  unit = pytest(marker: "not integration")

  integration = pytest(marker: "integration") {
    require unti.failed == 0 else "unit tests failed"
    retry 2 every 5s
  }
	tabbed	= "日本語" + naïve
  long = image.build(context: ".", tag: "registry.example.test/team/application:${version}", target: "production", pull: alwys, labels: {})
}
`

// at is the place of the first occurrence of a text.
// TestTextEnds shows no more than anyone reads, and counts them all.
func TestTextEnds(t *testing.T) {
	f := source.NewFile("a.pipe", strings.Repeat("x\n", 3000))
	var list []Diagnostic
	for i := range 3000 {
		list = append(list, Diagnostic{Rule: Syntax, File: f, Span: source.Span{Start: int32(2 * i), End: int32(2*i + 1)}, Message: "wrong"})
	}
	var out strings.Builder
	if err := Write(&out, "text", list, Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "error[syntax]"); n != 1000 {
		t.Errorf("%d findings are shown, want 1000", n)
	}
	if !strings.Contains(out.String(), "2000 more are not shown") || !strings.HasSuffix(out.String(), "3000 errors\n") {
		t.Errorf("the end does not say how many there are: %q", out.String()[out.Len()-200:])
	}
}

func at(f *source.File, text string) source.Span {
	i := strings.Index(f.Text, text)
	if i < 0 {
		panic("no " + text)
	}
	return source.Span{Start: int32(i), End: int32(i + len(text))}
}

func cases() map[string][]Diagnostic {
	f := source.NewFile("ci/ship it.pipe", sample)
	odd := source.NewFile("odd\x1b[31m.pipe", "let a = \"\x1b]0;gotcha\x07\u202e\"\r\nlet b = \xff\u00a0\r\n")
	step := source.Span{Start: at(f, "  integration =").Start, End: at(f, "  }\n").End}
	whole := source.Span{Start: 0, End: int32(len(sample))}
	return map[string][]Diagnostic{
		"none": nil,
		"plain": {
			{Rule: UnknownName, File: f, Span: at(f, "unti"), Message: `nothing is called "unti"`, Help: `did you mean "unit"?`,
				Fixes: []Fix{{Message: `replace it by "unit"`, Edits: []Edit{{File: f, Span: at(f, "unti"), Text: "unit"}}}}},
			{Rule: UnusedParam, Severity: Warning, File: f, Span: at(f, "version"), Message: "nothing reads the parameter version"},
			{Rule: UnusedParam, Severity: Hint, File: f, Span: at(f, "unit"), Message: "nothing reads the parameter unit"},
		},
		"placeless": {{Rule: UnknownModule, Message: `folder "ci" has no .pipe files`, Help: "name a file,\nor a folder that has some"}},
		"related": {{Rule: MaybeSkipped, File: f, Span: at(f, "unti.failed"), Message: "unit may have been skipped",
			Related: []Related{{File: f, Span: at(f, "unit"), Message: "because of this"}, {Message: "and in general"}}}},
		"lines":     {{Rule: Cycle, File: f, Span: step, Message: "integration waits for itself"}},
		"manylines": {{Rule: Misplaced, File: f, Span: whole, Message: "all of it"}},
		"midline": {{Rule: TypeMismatch, File: f, Message: "from the middle",
			Span: source.Span{Start: at(f, "pytest(marker: \"i").Start, End: at(f, "retry 2").End}}},
		"wide": {
			{Rule: TypeMismatch, File: f, Span: at(f, "naïve"), Message: "after a tab and wide characters"},
			{Rule: TypeMismatch, File: f, Span: at(f, "日本語"), Message: "wide characters themselves"},
		},
		"long": {
			{Rule: UnknownName, File: f, Span: at(f, "alwys"), Message: "far to the right"},
			{Rule: UnknownArgument, File: f, Span: at(f, "image.build"), Message: "near the left"},
			{Rule: UnknownArgument, File: f, Span: at(f, `image.build(context: ".", tag: "registry.example.test/team/application:${version}"`), Message: "wider than a terminal"},
		},
		"hostile": {{Rule: Syntax, File: odd, Span: at(odd, "\x1b]0;gotcha\x07\u202e"), Message: "found \x1b[2J\r\n%0A, here", Help: "50% of\x00 it"},
			{Rule: Syntax, File: odd, Span: at(odd, "\xff\u00a0\r\n"), Message: "no text"}},
		"empty": {
			{Rule: Syntax, File: f, Span: source.Span{Start: int32(len(sample)), End: int32(len(sample))}, Message: "at the end of the file"},
			{Rule: Syntax, File: source.NewFile("empty.pipe", ""), Span: source.Span{Start: 5, End: 9}, Message: "outside of the text"},
		},
		"fixes": {{Rule: ReservedName, File: f, Span: at(f, "long"), Message: "several edits", Fixes: []Fix{
			{Message: "rename it everywhere", Edits: []Edit{{File: f, Span: at(f, "long"), Text: "long_"}, {File: f, Span: at(f, "unit "), Text: "first "}}},
			{Message: "add a line", Edits: []Edit{{File: f, Span: source.Span{Start: at(f, "    retry").Start, End: at(f, "    retry").Start}, Text: "    needs unit\n"}}},
			{Message: "take the step away", Edits: []Edit{{File: f, Span: step}}},
		}}},
	}
}

func TestGoldens(t *testing.T) {
	for name, list := range cases() {
		t.Run(name, func(t *testing.T) {
			got := &txtar.Archive{}
			add := func(file, format string, o Options) {
				var b strings.Builder
				if err := Write(&b, format, list, o); err != nil {
					t.Fatal(err)
				}
				text := b.String()
				if text != "" && !strings.HasSuffix(text, "\n") {
					t.Errorf("%s does not end with a newline", file)
				}
				got.Files = append(got.Files, txtar.File{Name: file, Data: []byte(text)})
			}
			add("text", "text", Options{})
			add("ascii", "text", Options{ASCII: true})
			add("json", "json", Options{})
			add("github", "github", Options{})
			add("sarif", "sarif", Options{Version: "0.1"})
			golden(t, filepath.Join("testdata", name+".txtar"), txtar.Format(got))
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestUnknownFormat(t *testing.T) {
	err := Write(&strings.Builder{}, "xml", nil, Options{})
	if err == nil || !strings.Contains(err.Error(), `"xml"`) || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("error %v does not name the format and those that exist", err)
	}
}

func TestColor(t *testing.T) {
	list := cases()["plain"]
	plain, colored := renderText(list, Options{}), renderText(list, Options{Color: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("colours were not asked for")
	}
	for _, want := range []string{"\x1b[1;31merror[unknown-name]\x1b[0m", "\x1b[1;31m^^^^\x1b[0m", "\x1b[1;33mwarning"} {
		if !strings.Contains(colored, want) {
			t.Errorf("no %q in\n%q", want, colored)
		}
	}
}

// A terminal, and a log that GitHub reads, get no control characters but line breaks.
func TestControlCharacters(t *testing.T) {
	for name, list := range cases() {
		for _, format := range Formats() {
			var b strings.Builder
			if err := Write(&b, format, list, Options{}); err != nil {
				t.Fatal(err)
			}
			for _, r := range b.String() {
				if r != '\n' && (r < ' ' || r == 0x7f || r == '\u202e') {
					t.Errorf("%s of %s holds %q", format, name, r)
				}
			}
		}
	}
}

func TestLineWidth(t *testing.T) {
	for name, list := range cases() {
		for _, o := range []Options{{}, {ASCII: true}, {Width: 200}, {Width: 40}, {Width: 40, ASCII: true}, {Width: 3}} {
			limit := textWidth
			if o.Width > 0 && o.Width < textWidth {
				limit = narrowest
			}
			for line := range strings.Lines(renderText(list, o)) {
				if _, _, width := measure(glyphs(strings.TrimSuffix(line, "\n"), false), 0, 0); width > limit && strings.Contains(line, " |") {
					t.Errorf("%s has a line of %d columns: %s", name, width, line)
				}
			}
		}
	}
}

// A frame costs what it shows, not what the line holds.
func TestHugeLine(t *testing.T) {
	f := source.NewFile("huge.pipe", strings.Repeat("x", 10<<20))
	text := renderText([]Diagnostic{{Rule: Syntax, File: f, Span: source.Span{Start: 5 << 20, End: 6 << 20}, Message: "huge"}}, Options{})
	if len(text) > 1000 {
		t.Errorf("%d bytes for one finding", len(text))
	}
}

func TestJSONIsNeverNull(t *testing.T) {
	var got []record
	if text := renderJSON(nil); text != "[]\n" {
		t.Errorf("no findings give %q", text)
	}
	if err := json.Unmarshal([]byte(renderJSON(cases()["hostile"])), &got); err != nil {
		t.Fatal(err)
	}
	want := record{Rule: "syntax", Severity: "error", File: "odd\x1b[31m.pipe", Line: 1, Column: 10, EndLine: 1, EndColumn: 22,
		Message: "found \x1b[2J\r\n%0A, here", Help: "50% of\x00 it"}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
}

func TestSummary(t *testing.T) {
	e, w, h := Diagnostic{Severity: Error}, Diagnostic{Severity: Warning}, Diagnostic{Severity: Hint}
	for want, list := range map[string][]Diagnostic{
		"":                             nil,
		"1 error":                      {e},
		"2 errors, 1 warning":          {e, w, e},
		"1 error, 2 warnings, 3 hints": {h, w, h, e, w, h},
	} {
		if got := Summary(list); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestApply(t *testing.T) {
	span := func(a, b int32) source.Span { return source.Span{Start: a, End: b} }
	for want, edits := range map[string][]Edit{
		"abcdef":   nil,
		"aXdef":    {{Span: span(1, 3), Text: "X"}},
		"ZabcdefY": {{Span: span(6, 6), Text: "Y"}, {Span: span(0, 0), Text: "Z"}},
		"Xef":      {{Span: span(0, 4), Text: "X"}, {Span: span(2, 5), Text: "overlaps"}, {Span: span(5, 99), Text: "outside"}},
	} {
		if got := Apply("abcdef", edits); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
