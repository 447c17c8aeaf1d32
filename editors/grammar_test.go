package editors_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/types"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keywords of the language, and the second words of `on failure` and `in place`.
func keywords() []string {
	all := map[string]bool{"failure": true, "place": true}
	for _, list := range parser.Keywords() {
		for _, w := range list {
			all[w] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func typeNames() []string {
	all := append(slices.Collect(maps.Keys(types.Builtins)), expr.TestReport.Record.Name)
	slices.Sort(all)
	return all
}

var (
	escaped = regexp.MustCompile(`\\(?:zs|ze|.)`)
	class   = regexp.MustCompile(`\[[^]]*\]`)
	word    = regexp.MustCompile(`[A-Za-z_]{2,}`)
)

// wordsOf are the plain words of regular expressions, sorted and each once.
func wordsOf(patterns ...string) []string {
	all := map[string]bool{}
	for _, p := range patterns {
		p = escaped.ReplaceAllString(class.ReplaceAllString(p, " "), " ")
		for _, w := range word.FindAllString(p, -1) {
			all[w] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// matches are all regular expressions below a part of a grammar.
func matches(v any) (out []string) {
	switch v := v.(type) {
	case map[string]any:
		for key, x := range v {
			if s, ok := x.(string); ok && key == "match" {
				out = append(out, s)
			}
			out = append(out, matches(x)...)
		}
	case []any:
		for _, x := range v {
			out = append(out, matches(x)...)
		}
	}
	return out
}

func TestTextMateGrammar(t *testing.T) {
	var grammar struct {
		ScopeName  string
		Patterns   []map[string]string
		Repository map[string]map[string]any
	}
	text := read(t, "vscode/syntaxes/pipe.tmLanguage.json")
	if err := json.Unmarshal(text, &grammar); err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for _, part := range []string{"declarations", "items", "clauses"} {
		patterns = append(patterns, matches(grammar.Repository[part])...)
	}
	if diff := cmp.Diff(keywords(), wordsOf(patterns...)); diff != "" {
		t.Errorf("keywords (-language +grammar): %s", diff)
	}
	var storage []string
	for _, w := range wordsOf(matches(grammar.Repository["types"])...) {
		if w != "secret" && w != "untrusted" {
			storage = append(storage, w)
		}
	}
	if diff := cmp.Diff(typeNames(), storage); diff != "" {
		t.Errorf("types (-language +grammar): %s", diff)
	}
	for _, m := range regexp.MustCompile(`"include": "#(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		if grammar.Repository[m[1]] == nil {
			t.Errorf("the grammar includes #%s, which it does not have", m[1])
		}
	}
}

// The files that the extension names exist, and are JSON.
func TestExtension(t *testing.T) {
	var manifest struct {
		Contributes struct {
			Languages []struct{ ID, Configuration string }
			Grammars  []struct{ Language, Path, ScopeName string }
		}
	}
	if err := json.Unmarshal(read(t, "vscode/package.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{manifest.Contributes.Languages[0].Configuration, manifest.Contributes.Grammars[0].Path} {
		if !json.Valid(read(t, "vscode/"+path)) {
			t.Errorf("%s is no JSON", path)
		}
	}
	if l, g := manifest.Contributes.Languages[0].ID, manifest.Contributes.Grammars[0].Language; l != g {
		t.Errorf("the grammar is for %q, the language is %q", g, l)
	}
}

func TestVimSyntax(t *testing.T) {
	groups := map[string][]string{}
	for line := range strings.Lines(string(read(t, "vim/syntax/pipe.vim"))) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(fields) == 4 && fields[0] == "syntax" && (fields[1] == "match" || fields[1] == "keyword") {
			groups[fields[2]] = append(groups[fields[2]], fields[3])
		}
	}
	found := wordsOf(slices.Concat(groups["pipeDeclaration"], groups["pipeItem"], groups["pipeClause"])...)
	if diff := cmp.Diff(keywords(), found); diff != "" {
		t.Errorf("keywords (-language +syntax): %s", diff)
	}
	found = slices.DeleteFunc(wordsOf(groups["pipeType"]...), func(w string) bool { return w == "contained" })
	if diff := cmp.Diff(typeNames(), found); diff != "" {
		t.Errorf("types (-language +syntax): %s", diff)
	}
}
