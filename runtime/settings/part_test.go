package settings

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
)

// Every part says which source won there, and of a secret neither values nor keys.
func TestFields(t *testing.T) {
	s := resolve(t, Sources{
		Set:     []Assignment{{"db.tls.cert", "c"}},
		Environ: []string{"DB__HOST=h", `LABELS={"b":"2"}`, `KEYS={"hunter2key":"hunter2val"}`, "BAD=5"},
		Dir:     files(t, map[string]string{".env": "DB__HOST=weak\nDB__TAGS=a,b\n"}),
	},
		decl("db", "m.Database"), decl("labels", "{string: string}", `default {"a":"1","b":"1"}`), decl("keys", "{string: secret string}"),
		decl("bad", "m.Database"), decl("spare", "m.Database?"), decl("plain", "int", "default 1"))
	got := func(name string) (out []string) {
		for _, f := range s.Fields(name) {
			text := "-"
			if f.Value != nil {
				raw, err := value.Marshal(f.Value)
				if err != nil {
					t.Fatal(err)
				}
				text = string(raw)
			}
			out = append(out, fmt.Sprintf("%s = %s %s %s", strings.Join(f.Path, "."), text, f.Origin.Kind, f.Origin.At))
		}
		return out
	}
	for name, want := range map[string][]string{
		"db": {
			`host = "h" environment `, `port = 5432 default `, `tls.cert = "c" flag `, `tls.strict = true default `, `tags = ["a","b"] dotenv .env:2`,
		},
		"labels": {`a = "1" default `, `b = "2" environment `},
		"keys":   {`… = - environment `},
		"bad":    nil, "spare": nil, "plain": nil, "nobody": nil,
	} {
		if d := cmp.Diff(want, got(name)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
