package expr

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestReads(t *testing.T) {
	for text, want := range map[string]string{
		`git.branch + git.commit`:                "git.branch git.commit",
		`settings.?a.orValue(b.c.d)`:             "b.c settings.a",
		`[1].map(x, x + y)`:                      "y",
		`{ "n": json("a.json").n, "s": stdout }`: "json() stdout",
		`git.changed(["a"])`:                     "git git.changed()",
		`(settings)["a"]`:                        "settings",
		`"${git.tag}-${git.tag}"`:                "git.tag",
		`succeeded(a) && 1 == 1`:                 "a",
	} {
		got := Reads(mustParse(t, text))
		slices.SortFunc(got, func(a, b Read) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Field, b.Field))
		})
		var words []string
		for _, r := range got {
			word := r.Name
			if r.Field != "" {
				word += "." + r.Field
			}
			if r.Call {
				word += "()"
			}
			words = append(words, word)
		}
		if diff := gocmp.Diff(want, strings.Join(words, " ")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
