package settings

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/types"
)

// class is a way in which we differ from pydantic-settings on purpose. Each has a row in
// docs/settings.md.
type class struct {
	id string
	// has reports whether a case differs in this way, and in no other that its features allow.
	has func(c compared) bool
}

func (c compared) weAccept() bool   { return c.ours.ok && !c.theirs.ok }
func (c compared) weRefuse() bool   { return !c.ours.ok && c.theirs.ok }
func (c compared) bothAccept() bool { return c.ours.ok && c.theirs.ok }

func (c compared) typ() *types.Type { t, _ := c.typed(); return t }

func (c compared) valid(names ...string) bool { return slices.Contains(names, c.validity) }
func (c compared) kind(names ...string) bool  { return slices.Contains(names, c.leaf.kind) }
func (c compared) quoted(names ...string) bool {
	_, q, ok := strings.Cut(c.place, " ")
	return ok && strings.HasPrefix(c.place, ".env") && slices.Contains(names, q)
}

// jsonKind is our refusal of one kind of JSON for another.
var jsonKind = regexp.MustCompile(`expected \w+, found (string|int|float|bool|true|false|[-0-9.e]+)$`)

// normalised are the URLs and paths of the matrix as Python rewrites them.
var normalised = strings.NewReplacer(
	"http://localhost:80/a", "http://localhost/a", "HTTPS://Example.COM/X", "https://example.com/X", `"https://example.com"`, `"https://example.com/"`,
	"https://exämple.com/ä", "https://xn--exmple-cua.com/%C3%A4", "./a/../b", "a/../b", "a//b/", "a/b",
)

// spaced drops the white space that some quotings add.
var spaced = strings.NewReplacer(`a/b/\n"`, `a/b"`, `a/b/\t"`, `a/b"`, " a/b  ", "a/b", `\n"`, `"`, `\t"`, `"`)

// nobody is our answer to a name that belongs to no setting.
var nobody = regexp.MustCompile(`is the variable of no setting$| is missing$`)

// unused reports whether their side did not see the text at all.
func unused(o verdict) bool {
	return !o.ok && strings.Contains(o.why, "Field required") || o.value == "null"
}

var classes = []class{
	{"broken-lines", func(c compared) bool {
		broken := c.quoted("broken line") || c.shape == listCommas && c.valid("quoted") // "a",b
		return c.weRefuse() && broken && strings.Contains(c.ours.why, " cannot be read: ")
	}},
	{"utf-16", func(c compared) bool {
		return c.quoted("utf-16") && !c.theirs.ok && strings.Contains(c.theirs.why, "codec can't decode byte 0xff") && c.ours.ok
	}},
	{"foreign-names", func(c compared) bool {
		return c.company == "foreign name" && c.weAccept() && strings.Contains(c.theirs.why, "compose_project_name")
	}},
	{"exact-names", func(c compared) bool {
		return c.company == "name in lower case" && c.place != "flag" && (c.ours.ok || nobody.MatchString(c.ours.why)) && !unused(c.theirs)
	}},
	{"named-files", func(c compared) bool {
		return c.place == "named file" && (unused(c.theirs) || c.company != "alone" || strings.Contains(c.theirs.value, `"key_file":"value0"`))
	}},
	{"comma-lists", func(c compared) bool {
		return c.shape == listCommas && c.weAccept() && strings.Contains(c.theirs.why, "the_value")
	}},
	{"unknown-fields", func(c compared) bool { return c.weRefuse() && strings.Contains(c.ours.why, " has no field ") }},
	{"durations", func(c compared) bool {
		return c.kind("duration") && c.weRefuse() && c.valid("other case", "as a number", "grouped")
	}},
	{"timestamps", func(c compared) bool {
		return c.kind("timestamp") && c.weRefuse() && c.valid("signed", "as a number", "grouped", "fraction", "other case")
	}},
	{"white-space", func(c compared) bool {
		if c.bothAccept() && c.kind("path") {
			return spaced.Replace(normalised.Replace(c.ours.value)) == spaced.Replace(c.theirs.value)
		}
		return c.weAccept() && c.kind("bool", "literals", "duration", "timestamp", "path") && (c.valid("spaces around", "blank") || c.quoted("lines", "escapes"))
	}},
	{"white-space-in-json", func(c compared) bool {
		return c.weRefuse() && c.kind("url", "size") && c.valid("spaces around") && !c.shape.scalar()
	}},
	{"secret-file-space", func(c compared) bool {
		return c.place == "secrets directory" && c.kind("string") && c.bothAccept() && strings.ReplaceAll(c.ours.value, " plain text  ", "plain text") == c.theirs.value
	}},
	{"secret-file-fields", func(c compared) bool {
		return c.place == "secrets directory" && slices.Contains([]shape{mapFields, recordParts, recordBoth, recordOver}, c.shape)
	}},
	{"null-texts", func(c compared) bool {
		return c.weAccept() && c.valid("null") && c.shape == optional && c.ours.value == "null"
	}},
	{"kinds-in-json", func(c compared) bool { return c.weRefuse() && jsonKind.MatchString(c.ours.why) }},
	{"spelling-of-numbers", func(c compared) bool {
		return c.weRefuse() && (c.kind("int", "float", "size") && c.valid("grouped", "unicode") || c.kind("int") && c.valid("fraction"))
	}},
	{"spelling-of-sizes", func(c compared) bool { return c.weRefuse() && c.kind("size") && c.valid("other case") }},
	{"64-bits", func(c compared) bool { return c.weRefuse() && c.kind("int", "size") && c.valid("overflow") }},
	{"finite-floats", func(c compared) bool {
		return c.weRefuse() && c.kind("float") && c.valid("overflow", "other case") && !strings.Contains(c.theirs.value, "null")
	}},
	{"as-written", func(c compared) bool {
		return c.bothAccept() && c.kind("url", "path") && normalised.Replace(c.ours.value) == c.theirs.value
	}},
	{"empty-paths", func(c compared) bool { return c.weRefuse() && c.kind("path") && c.valid("empty", "blank") }},
	{"maps-merge", func(c compared) bool {
		return c.bothAccept() && strings.HasPrefix(string(c.shape), "map") && (c.company == "default of the same" || c.place == "default") &&
			partOf(spaced.Replace(c.theirs.value), spaced.Replace(normalised.Replace(c.ours.value)))
	}},
	{"sources-before-fields", func(c compared) bool {
		return c.bothAccept() && c.company == "weaker in part" && strings.ReplaceAll(c.theirs.value, "in part", "from JSON") == c.ours.value
	}},
	{"hidden-sources", func(c compared) bool {
		return c.weAccept() && strings.Contains(c.theirs.why, "error parsing value for field") && !parted(c.typ()) &&
			(strings.HasPrefix(c.company, "weaker") || c.company == "stronger")
	}},
	{"every-part-counts", func(c compared) bool {
		return c.weRefuse() && parted(c.typ()) && (strings.HasPrefix(c.company, "weaker") || c.place == "default" && c.company == "stronger in part")
	}},
}

// partOf reports whether one object of JSON is part of another.
func partOf(part, whole string) bool {
	var a, b map[string]json.RawMessage
	if json.Unmarshal([]byte(part), &a) != nil || json.Unmarshal([]byte(whole), &b) != nil {
		return false
	}
	for k, v := range a {
		if string(b[k]) != string(v) {
			return false
		}
	}
	return true
}

// classOf is the way in which a case differs, "" when it is none of ours.
func classOf(c compared) string {
	for _, one := range classes {
		if one.has(c) {
			return one.id
		}
	}
	return ""
}

var row = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|")

// documentedClasses are the ways that docs/settings.md lists.
func documentedClasses(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## Differences from pydantic-settings\n")
	if !ok {
		t.Fatal("docs/settings.md has no list of differences")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var out []string
	for _, m := range row.FindAllStringSubmatch(section, -1) {
		out = append(out, m[1])
	}
	return out
}

// Every case gives what pydantic-settings gives, or differs in a way that docs/settings.md
// lists; every way listed there occurs; and a fault put in on purpose is noticed.
func TestDifferential(t *testing.T) {
	t.Parallel()
	all := compareAll(t, matrix())
	if len(all) < 600 {
		t.Errorf("%d cases are too few", len(all))
	}
	agree, shown, listed := 0, map[string]int{}, documentedClasses(t)
	for _, c := range all {
		if c.ours.agrees(c.theirs) {
			agree++
			continue
		}
		id := classOf(c)
		if shown[id]++; id == "" || !slices.Contains(listed, id) {
			t.Errorf("a difference that is not listed, %q: %v", id, c)
		}
	}
	for _, id := range listed {
		if shown[id] == 0 {
			t.Errorf("docs/settings.md lists %s, which no case shows", id)
		}
	}
	t.Logf("%d cases: %d agree, %d differ in %d listed ways: %v", len(all), agree, len(all)-agree, len(shown), shown)
	for _, f := range faultsOnPurpose() {
		if how := noticed(t, f, all, shown); how == "" {
			t.Errorf("nothing notices that %s", f.name)
		} else {
			t.Logf("fault on purpose, %s: %s", f.name, how)
		}
	}
}

// What stands in files that variables or the secrets directory name is read as a variable is.
func TestFilesReadAsVariables(t *testing.T) {
	n := 0
	for _, c := range matrix() {
		// The file's last line break is dropped, and blank lines of companies are beside the point.
		if c.place != "named file" && c.place != "secrets directory" || c.company != "alone" && c.company != "default of the same" {
			continue
		}
		direct := c
		direct.place = "environment"
		dir, other := t.TempDir(), t.TempDir()
		writeContent(t, dir, c.content(inPipe))
		writeContent(t, other, direct.content(inPipe))
		got, want := c.ourOutcome(t, dir, nil), direct.ourOutcome(t, other, nil)
		if n++; !got.agrees(want) {
			t.Errorf("%v: %v, from the environment %v", c, got, want)
		}
	}
	if n < 20 {
		t.Errorf("%d cases are too few", n)
	}
}

// faultOnPurpose is a way to be wrong, done to the sources once they are open.
type faultOnPurpose struct {
	name  string
	spoil func(*resolver)
}

func faultsOnPurpose() []faultOnPurpose {
	out := []faultOnPurpose{
		{".env is stronger than .env.prod", func(r *resolver) { slices.Reverse(r.variables[1:]) }},
		{"the environment is the weakest", func(r *resolver) { r.variables = append(r.variables[1:], r.variables[0]) }},
		{"integers are read as octal", eachVariable(func(s string) string {
			if n, err := strconv.ParseInt(s, 8, 64); err == nil && strings.HasPrefix(s, "0") {
				return strconv.FormatInt(n, 10)
			}
			return s
		})},
		{"strings are trimmed", eachVariable(strings.TrimSpace)},
		{"yes is no truth value", eachVariable(func(s string) string { return strings.ReplaceAll(s, "yes", "yes!") })},
		{"floats lose their sign", eachVariable(func(s string) string { return strings.TrimPrefix(s, "-") })},
		{"the whole is stronger than its fields", func(r *resolver) {
			for _, v := range r.variables {
				if _, ok := v.names[strings.ToUpper(matrixName)]; ok {
					v.order = []string{strings.ToUpper(matrixName)}
				}
			}
		}},
	}
	for name, parse := range wrongDotenv {
		if name == "$NAME is a reference" { // no text of the matrix has one
			continue
		}
		out = append(out, faultOnPurpose{name + " in .env", func(r *resolver) { r.reread(parse) }})
	}
	return out
}

func eachVariable(change func(string) string) func(*resolver) {
	return func(r *resolver) {
		for _, v := range r.variables {
			for name, x := range v.names {
				v.names[name] = variable{change(x.value), x.origin}
			}
		}
	}
}

// reread reads the .env files with another parser.
func (r *resolver) reread(parse dotenvParser) {
	r.loose = nil
	names := []string{".env"}
	if r.sources.Profile != "" {
		names = []string{".env." + r.sources.Profile, ".env"}
	}
	for i, name := range names {
		data, err := os.ReadFile(filepath.Join(r.sources.Dir, name))
		if err != nil {
			continue
		}
		v := r.variables[i+1]
		v.names, v.order = map[string]variable{}, nil
		bindings, faults := parse(data)
		bindings, _ = expand(bindings, r.variables[0].lookup)
		v.bind(bindings, name)
		for _, f := range faults {
			r.loose = append(r.loose, dotenvProblem(name, f))
		}
	}
}

// noticed says what fails under a fault, "" when nothing does: an unlisted difference, or else
// a listed one that does not occur any more.
func noticed(t *testing.T, f faultOnPurpose, all []compared, listed map[string]int) string {
	t.Helper()
	shown := map[string]int{}
	for _, c := range all {
		c.ours = c.ourOutcome(t, c.dir, f.spoil)
		if c.ours.agrees(c.theirs) {
			continue
		}
		id := classOf(c)
		if id == "" {
			return "such as " + c.matrixCase.String()
		}
		shown[id]++
	}
	for _, id := range slices.Sorted(maps.Keys(listed)) {
		if shown[id] == 0 {
			return "nothing shows " + id
		}
	}
	return ""
}
