package docs_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/diag"
)

// unshown are the rules that no short example shows.
var unshown = []string{diag.TooDeep, diag.TooManySteps, diag.UnreadableFile}

const aboutRules = `# Rules

What ` + "`pipe check`" + ` says: what each rule finds, why that matters, an example that breaks it and one that does not. ` + "`pipe rules NAME`" + ` says the
same in a terminal. The names are stable.

Errors cannot be silenced, since the program would have no meaning. A warning or a hint is silenced on its line, or in what begins below it, by
` + "`// pipe:ignore rule-name reason`" + `, or ` + "`# pipe:ignore rule-name reason`" + ` within a script; several rules are separated by commas.
` + "`pipe.toml`" + ` changes it for the whole repository:

` + "```toml" + `
[check]
unquoted = "error"
unnamed-path = "off"
` + "```" + `

` + "`pipe check --fix`" + ` applies the fixes of rules that have one. A fix that changes what the program does says so, and needs ` + "`--unsafe`" + `.
The comments in the examples name the rule that the line breaks.

| rule | severity | fix | what it finds |
|---|---|---|---|
`

// rulesPage is rules.md as the table of rules has it.
func rulesPage() []byte {
	var b bytes.Buffer
	b.WriteString(aboutRules)
	for _, name := range diag.Rules() {
		r, _ := diag.Lookup(name)
		fix := ""
		if r.Fix {
			fix = "yes"
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", name, name, r.Severity, fix, strings.ReplaceAll(r.What, "|", `\|`))
	}
	for _, name := range diag.Rules() {
		r, _ := diag.Lookup(name)
		b.WriteString("\n" + r.Markdown())
	}
	return b.Bytes()
}

// The page about the rules is generated; UPDATE=1 rewrites it.
func TestRulesPage(t *testing.T) {
	want := rulesPage()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("rules.md", want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(want), page(t, "rules.md")); diff != "" {
		t.Errorf("rules.md is not what lang/diag/rules has; UPDATE=1 rewrites it (-want +got):\n%s", diff)
	}
}

// Every rule has an example that breaks it, and nothing else, and one that is right.
func TestRuleExamples(t *testing.T) {
	for _, name := range diag.Rules() {
		r, _ := diag.Lookup(name)
		if r.Wrong == "" {
			if !slices.Contains(unshown, name) {
				t.Errorf("%s has no example", name)
			}
			continue
		}
		wrong := snippet{page: name + ".md", kind: "pipe-wrong", text: r.Wrong}
		if len(wrong.wants()) == 0 {
			t.Errorf("%s: no comment says what is wrong", name)
		}
		for at, rules := range wrong.wants() {
			for _, other := range rules {
				if other != name {
					t.Errorf("%s: the example breaks %s in line %d", name, other, at.line)
				}
			}
		}
		wrong.check(t)
		snippet{page: name + ".md", kind: "pipe", text: r.Right}.check(t)
	}
}
