package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// pieces are what generated .env files are made of.
var pieces = []string{
	"A", "B", "LONG_NAME", "é", "=", "=", "=", " = ", "'", "'", `"`, `"`, `\`, `\\`, `\'`, `\"`, `\n`, `\t`, `\q`, "#", " #", " # c", "\t#",
	" ", "\t", "\n", "\n", "\n", "\r\n", "\r", "export ", "export\t", "export", "$", "${", "}", "${A}", "${B:-x}", "${OUTSIDE}", "${NOWHERE:-d}", "${BOTH}", "$A", ":-",
	"1", "value", "two words", "[1, 2]", `{"k": "v"}`, ",", ":", "\v", "\f", "\u00a0", "\u0085", "\u2028", "\x1c", "✓", "-", "`", "\ufeff",
}

// randomFile is lines that are mostly bindings, or a heap of pieces.
func randomFile(r *rand.Rand) string {
	var b strings.Builder
	heap := func(n int) {
		for range r.IntN(n) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
	}
	if r.IntN(4) == 0 {
		heap(14)
		return b.String()
	}
	if r.IntN(20) == 0 {
		b.WriteString("\ufeff")
	}
	for range 1 + r.IntN(4) {
		b.WriteString([]string{"", "", "", "export ", " ", "# "}[r.IntN(6)])
		b.WriteString([]string{"A", "B", "C", "'A'", "BOTH", "OUTSIDE"}[r.IntN(6)])
		b.WriteString([]string{"=", "=", "=", " = ", "=\t", ""}[r.IntN(6)])
		quote := []string{"", "'", `"`}[r.IntN(3)]
		b.WriteString(quote)
		heap(6)
		b.WriteString(quote)
		b.WriteString([]string{"\n", "\n", "\n", "\r\n", " # c\n", "\r", " \n"}[r.IntN(7)])
	}
	return b.String()
}

// dotenvReading is what a reader makes of a file.
type dotenvReading struct {
	Values map[string]*string
	Faults []int
}

func readingOf(bindings []binding, faults []*dotenvError) dotenvReading {
	bindings, _ = expand(bindings, outsideOf)
	v := &variables{names: map[string]variable{}}
	v.bind(bindings, "file")
	out := dotenvReading{Values: map[string]*string{}}
	for name, x := range v.names {
		out.Values[name] = &x.value
	}
	for _, f := range faults {
		out.Faults = append(out.Faults, f.line)
	}
	return out
}

func (r dotenvReading) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Values)) {
		if v := r.Values[name]; v != nil { // python-dotenv lists names without a value
			fmt.Fprintf(&b, "%q=%q ", name, *v)
		}
	}
	return b.String() + fmt.Sprint(r.Faults)
}

type dotenvParser func([]byte) ([]binding, []*dotenvError)

// wrongDotenv are parsers with a fault put in on purpose.
var wrongDotenv = map[string]dotenvParser{
	"escapes are dropped": func(data []byte) ([]binding, []*dotenvError) {
		return parseDotenv([]byte(strings.NewReplacer(`\n`, "n", `\t`, "t").Replace(string(data))))
	},
	"a comment needs no space": func(data []byte) ([]binding, []*dotenvError) {
		return eachValue(data, func(v string) string { v, _, _ = strings.Cut(v, "#"); return v })
	},
	"values are trimmed": func(data []byte) ([]binding, []*dotenvError) {
		return eachValue(data, strings.TrimSpace)
	},
	"the first line wins": func(data []byte) ([]binding, []*dotenvError) {
		bindings, faults := parseDotenv(data)
		slices.Reverse(bindings)
		return bindings, faults
	},
	"a broken line is not told": func(data []byte) ([]binding, []*dotenvError) {
		bindings, _ := parseDotenv(data)
		return bindings, nil
	},
	"$NAME is a reference": func(data []byte) ([]binding, []*dotenvError) {
		return eachValue(data, func(v string) string { return strings.ReplaceAll(v, "$A", "${A}") })
	},
	"export is a name": func(data []byte) ([]binding, []*dotenvError) {
		return parseDotenv([]byte(strings.ReplaceAll(string(data), "export ", "export_")))
	},
	"only \\n is a line break": func(data []byte) ([]binding, []*dotenvError) {
		return parseDotenv([]byte(strings.ReplaceAll(string(data), "\r", "")))
	},
}

func eachValue(data []byte, change func(string) string) ([]binding, []*dotenvError) {
	bindings, faults := parseDotenv(data)
	for i := range bindings {
		bindings[i].value = change(bindings[i].value)
	}
	return bindings, faults
}

// Our reader of .env files agrees with python-dotenv on every file of its dialect: the same
// values, and the same lines that are no bindings. A reader with a fault does not.
func TestDotenvDifferential(t *testing.T) {
	t.Parallel()
	const seed = 20261123
	r := rand.New(rand.NewPCG(seed, seed))
	var texts []string
	for _, c := range dotenvCases(t) {
		texts = append(texts, c.In)
	}
	for len(texts) < 6000 {
		texts = append(texts, randomFile(r))
	}
	var questions []question
	for _, text := range texts {
		questions = append(questions, question{Dotenv: true, Data: []byte(text), Env: outside})
	}
	var theirs []dotenvReading
	for i, a := range ask(t, questions) {
		if !a.OK {
			t.Fatalf("%q: %s", texts[i], a.Error)
		}
		one := dotenvReading{Faults: a.Faults}
		if err := json.Unmarshal(a.Value, &one.Values); err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, one)
	}
	shown, faulty := 0, 0
	for i, q := range questions {
		if len(theirs[i].Faults) > 0 {
			faulty++
		}
		if got := readingOf(parseDotenv(q.Data)); got.String() != theirs[i].String() {
			if shown++; shown <= 10 {
				t.Errorf("%q:\n\tpipe   %v\n\tpython %v", q.Data, got, theirs[i])
			}
		}
	}
	t.Logf("%d .env files, %d of them with lines that are no bindings: %d differ", len(texts), faulty, shown)
	for name, parse := range wrongDotenv {
		caught := 0
		for i, q := range questions {
			if readingOf(parse(q.Data)).String() != theirs[i].String() {
				caught++
			}
		}
		t.Logf("fault on purpose, %s: %d files differ", name, caught)
		if caught <= shown {
			t.Errorf("a reader in which %s is not caught", name)
		}
	}
}
