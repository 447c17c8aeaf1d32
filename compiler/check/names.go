package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// place is where a name was declared.
type place struct {
	file *source.File
	at   source.Span
	what string
}

// scope holds the names of one scope; scopes those of a module by kind of declaration.
type (
	scope  map[string]place
	scopes map[string]scope
)

func (s scopes) of(kind string) scope {
	if s[kind] == nil {
		s[kind] = scope{}
	}
	return s[kind]
}

// declare takes a name in; false for one that is missing, and for one that is there already,
// which is reported.
func (f *file) declare(s scope, n ast.Name, what string) bool {
	if n.Text == "" {
		return false
	}
	if old, ok := s[n.Text]; ok {
		f.report(finding{
			rule: diag.DuplicateName, at: n.Range,
			message: fmt.Sprintf("%s %q is declared twice", what, n.Text),
			help:    "give one of them another name",
			related: []diag.Related{{File: old.file, Span: old.at, Message: old.what + " " + n.Text + " is declared here"}},
		})
		return false
	}
	s[n.Text] = place{file: f.src, at: n.Range, what: what}
	return true
}

// reserved words of CEL, which no expression can name.
var reservedWords = strings.Fields(`as break const continue else false for function if import in let loop
	namespace null package return true var void while`)

// globals are in scope everywhere.
var globals = []string{"settings", "git", "run", "ci", "self"}

// nicer names for the reserved words that people reach for most.
var renamed = map[string]string{
	"package": "packaged", "import": "imported", "function": "func_name", "namespace": "name_space",
	"run": "ran", "settings": "config", "return": "returned",
}

// reservedName refuses a name that expressions could not tell from another.
func (f *file) reservedName(n ast.Name, what string, fix func(name string) []diag.Edit) bool {
	if imp := f.uses[n.Text]; imp != nil {
		f.refuseName(n, what, "is a namespace in use here", fix, diag.Related{File: f.src, Span: imp.Decl.Range, Message: "in use here"})
		return true
	}
	return f.reservedWord(n, what, fix)
}

// reservedWord refuses the names that are reserved in every file.
func (f *file) reservedWord(n ast.Name, what string, fix func(name string) []diag.Edit) bool {
	switch {
	case slices.Contains(reservedWords, n.Text):
		f.refuseName(n, what, "is reserved", fix)
	case slices.Contains(globals, n.Text):
		f.refuseName(n, what, "always names something else", fix)
	default:
		return false
	}
	return true
}

func (f *file) refuseName(n ast.Name, what, why string, fix func(string) []diag.Edit, related ...diag.Related) {
	better := renamed[n.Text]
	if better == "" {
		better = n.Text + "_"
	}
	edits := []diag.Edit{{File: f.src, Span: n.Range, Text: better}}
	if fix != nil {
		edits = fix(better)
	}
	f.report(finding{
		rule: diag.ReservedName, at: n.Range,
		message: fmt.Sprintf("%q cannot name a %s: it %s", n.Text, what, why),
		help:    fmt.Sprintf("call it %q, for instance", better),
		related: related,
		fixes:   []diag.Fix{{Message: "rename the declaration to " + better, Edits: edits}},
	})
}

var camelBorder = lazily(`([a-z0-9])([A-Z])`)

func isSnake(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && name != "" && (name[0] < '0' || name[0] > '9')
}

// snakeName refuses a parameter's name that is not lower snake case.
func (f *file) snakeName(n ast.Name, what string) {
	if isSnake(n.Text) {
		return
	}
	better := strings.ToLower(camelBorder().ReplaceAllString(n.Text, "${1}_$2"))
	f.report(finding{
		rule: diag.ReservedName, at: n.Range,
		message: fmt.Sprintf("%q cannot name a %s: expected lower snake case", n.Text, what),
		help:    fmt.Sprintf("call it %q", better),
		fixes:   []diag.Fix{{Message: "rename the declaration to " + better, Edits: []diag.Edit{{File: f.src, Span: n.Range, Text: better}}}},
	})
}

// processName refuses a name that a process gets as an environment variable and would obey.
func (f *file) processName(n ast.Name, what string) {
	if !isSteering(n.Text) {
		return
	}
	better := n.Text + "_value"
	if isSteering(better) {
		better = "my_" + n.Text // they obey all that begins like this
	}
	f.report(finding{
		rule: diag.ReservedName, at: n.Range,
		message: fmt.Sprintf("%q cannot name a %s: programs obey an environment variable of this name", n.Text, what),
		help:    fmt.Sprintf("call it %q, for instance", better),
		fixes: []diag.Fix{{
			Message: "rename the declaration to " + better,
			Edits:   []diag.Edit{{File: f.src, Span: n.Range, Text: better}},
		}},
	})
}

// unknown reports a name that nothing declares, with a near miss or what there is.
func (f *file) unknown(rule string, n ast.Name, what string, among []string) {
	help := diag.DidYouMean(n.Text, among)
	if len(among) <= 8 {
		among = slices.Compact(slices.Sorted(slices.Values(among)))
	}
	if help == "" && rule == diag.UnknownOp && what == "op" {
		help = fmt.Sprintf("declare it, op %s() { … }, or use a module that has it", n.Text)
	}
	if help == "" && len(among) > 0 && len(among) <= 8 {
		help = "there " + plural(len(among), "is ", "are ") + strings.Join(among, ", ")
	}
	f.report(finding{rule: rule, at: n.Range, message: fmt.Sprintf("unknown %s %q", what, n.Text), help: help})
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
