package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
)

// unshown are the rules that no short example shows.
var unshown = []string{diag.TooDeep, diag.TooManySteps, diag.UnreadableFile}

// Every rule has a section, in alphabetical order, with an example that breaks it and one that does not.
func TestEveryRuleHasASection(t *testing.T) {
	text := page(t, "rules.md")
	heading := regexp.MustCompile(`(?m)^## (.+)$`)
	var names []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	if !slices.Equal(names, diag.Rules()) {
		t.Errorf("sections %v\nrules    %v", names, diag.Rules())
	}
	lines := strings.Split(text, "\n")
	shown := map[string][]snippet{}
	for _, s := range snippets(t, "rules.md") {
		for i := s.line - 1; i >= 0; i-- {
			if m := heading.FindStringSubmatch(lines[i]); m != nil {
				shown[m[1]] = append(shown[m[1]], s)
				break
			}
		}
	}
	for _, rule := range diag.Rules() {
		if !slices.Contains(unshown, rule) {
			checkSection(t, rule, shown[rule])
		}
	}
}

func checkSection(t *testing.T, rule string, shown []snippet) {
	t.Helper()
	if len(shown) != 2 || shown[0].kind != "pipe-wrong" || shown[1].kind != "pipe" {
		t.Errorf("%s: expected a wrong and a right example", rule)
		return
	}
	broken := false
	for _, rules := range shown[0].wants() {
		broken = broken || slices.Contains(rules, rule)
	}
	if !broken {
		t.Errorf("%s: the wrong example does not show it", rule)
	}
}
