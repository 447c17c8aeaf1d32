package lint

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// listsAsWords finds parameters of lists, maps and records that a script splits into words: what
// reaches it is JSON, and the words are pieces of that.
var listsAsWords = rule{alone: true, script: func(p *pass, o *check.Op, s *script) {
	assigned := map[string]bool{}
	for _, a := range s.read.Assigns {
		assigned[a.Name] = true
	}
	for _, v := range s.read.Splits {
		what := collection(o, v.Text)
		if what == "" || assigned[v.Text] {
			continue
		}
		p.report(finding{
			rule: diag.ListAsWords, file: s.file, at: s.span(v.At),
			message: fmt.Sprintf("$%s is a %s, which a script gets as JSON: the words that it is split into here are pieces of that", v.Text, what),
			help:    fmt.Sprintf(`give the step for x in …, which runs it once for each, or read it: echo "$%s" | jq -r '.[]'`, v.Text),
		})
	}
}}

// collection is what a parameter that reaches processes as JSON is; "" for others.
func collection(o *check.Op, name string) string {
	for _, q := range o.Params {
		if q.Name != name {
			continue
		}
		t := q.Type.Plain()
		if t.Kind == types.Optional {
			t = t.Elem.Plain()
		}
		switch t.Kind {
		case types.List:
			return "list"
		case types.Map:
			return "map"
		case types.Record:
			return "record"
		}
	}
	return ""
}
