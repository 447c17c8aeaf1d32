package diag

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Rule is what people are told about a rule.
type Rule struct {
	Name     string
	Severity Severity // before pipe.toml has a say
	Since    string   // the version of the language that brought it
	Fix      bool     // findings carry an edit, if not every one of them
	What     string   // what it finds: one sentence of Markdown on one line
	Why      string   // why it matters and what to do; paragraphs of Markdown, may be empty
	// Wrong breaks the rule and Right does not. Each is one file, or a txtar archive of
	// several; both are empty where no short example shows the rule.
	Wrong, Right string
}

// pages hold one file a rule: lines `key: value`, then what, why, and the two examples as
// fenced blocks `pipe-wrong` and `pipe`. A page is read when somebody asks for it, so that
// a program that finds nothing reads none.
//
//go:embed rules/*.md
var pages embed.FS

// Rules are the names of all rules, sorted.
func Rules() []string {
	entries, err := pages.ReadDir("rules")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(path.Base(e.Name()), ".md")
	}
	slices.Sort(names)
	return names
}

// Lookup finds a rule by name.
func Lookup(name string) (Rule, bool) {
	text, ok := pageOf(name)
	if !ok {
		return Rule{}, false
	}
	r, err := parseRule(name, text)
	if err != nil {
		panic(fmt.Sprintf("the page of rule %s: %v", name, err)) // a test reads them all
	}
	return r, true
}

// Natural is a rule's severity before pipe.toml has a say, and whether there is such a rule.
// What is an error by nature stays one, since the program would have no meaning.
func Natural(name string) (Severity, bool) {
	text, ok := pageOf(name)
	if !ok {
		return Error, false
	}
	first, _, _ := strings.Cut(text, "\n")
	if i := severityOf(strings.TrimPrefix(first, "severity: ")); i >= 0 {
		return Severity(i), true
	}
	return Error, true
}

func pageOf(name string) (string, bool) {
	if name == "" || strings.ContainsAny(name, "/.") {
		return "", false
	}
	text, err := pages.ReadFile("rules/" + name + ".md")
	return string(text), err == nil
}

// severityOf is the index of a severity's word, -1 for what is none.
func severityOf(word string) int {
	return slices.Index([]string{Error.String(), Warning.String(), Hint.String()}, word)
}

// parseRule reads a page.
func parseRule(name, text string) (Rule, error) {
	r := Rule{Name: name}
	head, body, _ := strings.Cut(text, "\n\n")
	for i, line := range strings.Split(head, "\n") {
		key, word, _ := strings.Cut(line, ": ")
		if want := [...]string{"severity", "since", "fix"}; i >= len(want) || key != want[i] {
			return r, fmt.Errorf("line %d is %q: expected severity, since and fix, in this order", i+1, line)
		}
		if err := r.set(key, word); err != nil {
			return r, err
		}
	}
	prose, _, _ := strings.Cut(body, "\n```")
	r.What, r.Why, _ = strings.Cut(strings.TrimSpace(prose), "\n\n")
	r.Wrong, r.Right = block(body, "pipe-wrong"), block(body, "pipe")
	switch {
	case r.Since == "":
		return r, fmt.Errorf("it does not say since when")
	case r.What == "" || strings.Contains(r.What, "\n"):
		return r, fmt.Errorf("what it finds is not one line")
	case (r.Wrong == "") != (r.Right == ""):
		return r, fmt.Errorf("it has one example of two")
	}
	return r, nil
}

func (r *Rule) set(key, word string) error {
	switch key {
	case "severity":
		i := severityOf(word)
		if i < 0 {
			return fmt.Errorf("there is no severity %q", word)
		}
		r.Severity = Severity(i)
	case "since":
		r.Since = word
	case "fix":
		if word != "yes" && word != "no" {
			return fmt.Errorf("fix: expected yes or no, found %q", word)
		}
		r.Fix = word == "yes"
	}
	return nil
}

// block is what stands in a fenced block of a kind; "" when there is none. A fence within
// an example is indented, so that one at the head of a line ends it.
func block(text, kind string) string {
	_, after, found := strings.Cut("\n"+text, "\n```"+kind+"\n")
	if !found {
		return ""
	}
	inside, _, _ := strings.Cut("\n"+after, "\n```")
	return strings.TrimPrefix(inside, "\n") + "\n"
}

// Markdown is a section about the rule for a page of documentation.
func (r Rule) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n*%s%s, since %s.* %s\n", r.Name, title(r.Severity), choose(r.Fix, " with a fix", ""), r.Since, r.What)
	if r.Why != "" {
		fmt.Fprintf(&b, "\n%s\n", r.Why)
	}
	if r.Wrong != "" {
		fmt.Fprintf(&b, "\n```pipe-wrong\n%s```\n\n```pipe\n%s```\n", r.Wrong, r.Right)
	}
	return b.String()
}

func title(s Severity) string {
	return [...]string{Error: "Error", Warning: "Warning", Hint: "Hint"}[s]
}

// help is what to do in plain text: the wrong example, and the right one.
func (r Rule) help() string {
	if r.Wrong == "" {
		return "pipe rules " + r.Name
	}
	return "Instead of\n\n" + indent(r.Wrong) + "\nwrite\n\n" + indent(r.Right)
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
