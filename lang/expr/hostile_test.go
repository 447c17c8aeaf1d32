package expr

import (
	"strings"
	"testing"
)

// Expressions that would take for ever or fill the memory are stopped, and say which limit they met and, where it
// can be known before, what they would have come to.
func TestHostileEvaluation(t *testing.T) {
	nest := func(depth int, inner string) string {
		return strings.Repeat("lists.range(1000).map(x, ", depth) + inner + strings.Repeat(")", depth)
	}
	text := `"` + strings.Repeat("a", 10_000) + `"`
	double := func(times int) string { // binds a text twice as long, over and over
		out := "t"
		for range times {
			out = "cel.bind(t, t + t, " + out + ")"
		}
		return `cel.bind(t, "aaaaaaaaaaaaaaaa", ` + out + ")"
	}
	for _, c := range []struct{ name, text, want string }{
		{"three loops over a thousand", nest(3, "x"), "may do 3000000 operations"},
		{"a loop that makes text", "lists.range(100000).map(x, " + text + " + string(x))", "may do 3000000 operations"},
		{"a text that doubles", double(30) + ".size()", "may do 3000000 operations"},
		{"a long range", "lists.range(1000001)", "lists.range() would make 1000001 elements: an expression may make 1000000"},
		{"the longest range", "lists.range(9223372036854775807)", "would make 9223372036854775807 elements"},
		{"lists put together", "lists.range(900000) + lists.range(900000)", "+ would make 1800000 elements: an expression may make 1000000"},
		{"a replacement that grows", text + `.replace("a", ` + text + ")", "replace() would make 100010000 bytes of text: an expression may make 67108864"},
		{"a join that grows", "lists.range(100000).map(x, string(x)).join(" + text + ")", "join() would make"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := result(t, c.text, nil)
			if !strings.Contains(got, c.want) {
				t.Errorf("got %.300s, want %s", got, c.want)
			}
		})
	}
}
