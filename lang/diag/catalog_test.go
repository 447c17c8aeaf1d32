package diag

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every constant of rules.go has a page, every page a constant, and every page can be read.
func TestEveryRuleHasAPage(t *testing.T) {
	var constants []string
	f, err := parser.ParseFile(token.NewFileSet(), "rules.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			name, _ := strconv.Unquote(l.Value)
			constants = append(constants, name)
		}
		return true
	})
	slices.Sort(constants)
	if !slices.Equal(constants, Rules()) {
		t.Errorf("constants %v\npages     %v", constants, Rules())
	}
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for _, name := range Rules() {
		text, _ := pageOf(name)
		r, err := parseRule(name, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !kebab.MatchString(name) || !strings.HasSuffix(r.What, ".") || len(r.What) > 120 || r.Since != "0.1" {
			t.Errorf("%s since %s: %q", name, r.Since, r.What)
		}
		if s, ok := Natural(name); !ok || s != r.Severity {
			t.Errorf("%s is %s by nature and %s on its page", name, s, r.Severity)
		}
	}
}

func TestNoSuchRule(t *testing.T) {
	for _, name := range []string{"", "cycles", "Cycle", "../diag", "cycle.md", "cy/cle", "."} {
		if _, ok := Lookup(name); ok {
			t.Errorf("there is a rule %q", name)
		}
		if s, ok := Natural(name); ok || s != Error {
			t.Errorf("%q is %s, %v", name, s, ok)
		}
	}
}

func TestParseRule(t *testing.T) {
	head := "severity: hint\nsince: 0.2\nfix: yes\n\n"
	example := "\n```pipe-wrong\na\n  ```\nb\n```\n\n```pipe\nc\n```\n"
	r, err := parseRule("x", head+"What.\n\nWhy.\n\nMore.\n"+example)
	want := Rule{Name: "x", Severity: Hint, Since: "0.2", Fix: true, What: "What.", Why: "Why.\n\nMore.", Wrong: "a\n  ```\nb\n", Right: "c\n"}
	if err != nil || r != want {
		t.Errorf("%+v, %v", r, err)
	}
	for text, message := range map[string]string{
		"":                                    "expected severity",
		"severity: bad\nsince: 0.1\nfix: no":  `no severity "bad"`,
		"severity: hint\nfix: no\nsince: 0.1": "in this order",
		"severity: hint\nsince: 0.1\nfix: maybe\n\nWhat.": `found "maybe"`,
		"severity: hint\nsince: \nfix: no\n\nWhat.":       "since when",
		head:                                "one line",
		head + "Two\nlines.":                "one line",
		head + "What.\n\n```pipe\nc\n```\n": "one example of two",
	} {
		if _, err := parseRule("x", text); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v, expected %s", text, err, message)
		}
	}
}
