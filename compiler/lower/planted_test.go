package lower_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

// secretTexts are expressions that are secret strings, in every way that the language has to
// move one.
var secretTexts = []string{
	`settings.token`, `"x-${settings.token}-y"`, `settings.token + "y"`, `settings.account.password`,
	`settings.tokens[0]`, `settings.named["k"]`, `settings.?named["k"].orValue(settings.token)`,
	`header`, `local`, `handed`, `made.token`, `inlined.t`,
	`settings.plain == "visible" ? settings.token : "n"`, `{"a": settings.token}["a"]`,
	`[settings.token].map(x, x + "z")[0]`, `Login{user: "u", token: settings.token}.token`,
	`whole.token`, `"${settings.count}"`, `"${settings.?maybe.orValue("")}"`,
}

// secretSinks are steps that take a secret where it may go; each %s is one of secretTexts.
var secretSinks = []string{
	`%[1]s = sealed(x: %[2]s)`,
	`%[1]s = op { env { X = %[2]s }; run ` + "`true`" + ` }`,
	`%[1]s = op { mount { "x" = %[2]s }; run ` + "`true`" + ` }`,
	`%[1]s = op { inputs []; cached vary [%[2]s]; run ` + "`true`" + ` }`,
	`%[1]s = inner(x: %[2]s)`,
	`%[1]s = sealed(x: v) { for v in [%[2]s, "a"] }`,
	`%[1]s = sealed(x: %[2]s) { needs l = settings.link; when settings.?maybe.hasValue() }`,
	`%[1]s = op { for v in settings.tokens; env { X = %[2]s }; run ` + "`true`" + ` }`,
	`%[1]s = all(x: [%[2]s, settings.token])`,
	`%[1]s = logins(x: [Login{user: "u", token: %[2]s}])`,
	`%[1]s = op { image "alpine:3"; service db { image "postgres"; env { P = %[2]s } }; run ` + "`true`" + ` }`,
}

const plantedIn = `type Login { user: string, token: secret string }

settings {
  token: secret string = %q
  account: { user: string, password: secret string }
  tokens: [secret string]
  named: {string: secret string} = {"k": %q}
  link: secret url?
  maybe: secret string?
  count: secret int = %d
  plain: string = "visible"
}

profile live {
  token = %q
}

let header = "Bearer ${settings.token}"
let whole = Login{user: settings.plain, token: settings.account.password}

op sealed(x: secret string) -> { token: secret string } {
  env { X = x }
  run ` + "`true`" + `
  return { token: x }
}
op all(x: [secret string]) { run ` + "`true`" + ` }
op logins(x: [Login]) { run ` + "`true`" + ` }

pipeline inner(x: secret string = settings.token) -> { t: secret string } {
  a = sealed(x: x)
  return { t: a.token }
}

pipeline main(handed: secret string) -> { t: secret string } {
  let local = handed + settings.token
  made = sealed(x: settings.token)
  inlined = op { run ` + "`true`" + `; return { t: settings.token } }
%s
  finally { last = sealed(x: header) }
  return { t: made.token }
}
`

// TestNoPlantedSecretInAnyPlan plants secrets as defaults, in a profile, as what settings and
// arguments are bound to, moves them about at random, and looks for any piece of them in every
// rendering of the plan.
func TestNoPlantedSecretInAnyPlan(t *testing.T) {
	rounds := 120
	if testing.Short() {
		rounds = 20
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		var planted []string
		plant := func() string {
			s := fmt.Sprintf("q%016xw%08x", r.Uint64(), r.Uint32())
			planted = append(planted, s)
			return s
		}
		number := 7_000_000_000 + r.Int64N(1_000_000_000)
		planted = append(planted, fmt.Sprint(number))
		var steps strings.Builder
		for i := range 1 + r.IntN(6) {
			sink := secretSinks[r.IntN(len(secretSinks))]
			x := secretTexts[r.IntN(len(secretTexts))]
			fmt.Fprintf(&steps, "  "+sink+"\n", fmt.Sprintf("s%d", i), x)
		}
		s := one(fmt.Sprintf(plantedIn, plant(), plant(), number, plant(), steps.String()))
		offered := map[string]value.Value{
			"token":   value.String(plant()),
			"account": value.Record{"user": value.String(plant()), "password": value.String(plant())},
			"tokens":  value.List{value.String(plant()), value.String(plant())},
			"named":   value.Map{"k": value.String(plant())},
			"link":    value.String("https://" + plant() + ".test"),
			"maybe":   value.String(plant()),
			"count":   value.Int(number),
			"plain":   value.String("visible"),
		}
		values := lower.Values{
			Profile: []string{"", "live"}[r.IntN(2)],
			Args:    map[string]value.Value{"handed": value.String(plant())},
			Setting: func(name string) (value.Value, bool) { v, ok := offered[name]; return v, ok },
		}
		p, _, err := s.draft(t).Bind(values)
		if err != nil {
			t.Fatalf("%v\n%s", err, steps.String())
		}
		for format, text := range renderings(t, p) {
			for _, secret := range planted {
				if piece := pieceOf(text, secret); piece != "" {
					t.Fatalf("the plan as %s holds %q of a secret; the steps were\n%s", format, piece, steps.String())
				}
			}
		}
	}
}

// renderings are the plan in every format that people can ask for.
func renderings(t *testing.T, p *plan.Plan) map[string][]byte {
	t.Helper()
	var tree, dot, mermaid bytes.Buffer
	for _, err := range []error{plan.Tree(&tree, p), plan.Dot(&dot, p), plan.Mermaid(&mermaid, p)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]byte{"json": encode(t, p), "tree": tree.Bytes(), "dot": dot.Bytes(), "mermaid": mermaid.Bytes()}
}

// pieceOf finds eight bytes in a row of a secret, as it stands or encoded.
func pieceOf(text []byte, secret string) string {
	const size = 8
	for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))} {
		for i := 0; i+size <= len(form); i++ {
			if bytes.Contains(text, []byte(form[i:i+size])) {
				return form[i : i+size]
			}
		}
	}
	return ""
}

// What the search looks for it finds.
func TestPieceOf(t *testing.T) {
	for _, text := range []string{"x q0123456789 y", "76543210", base64.StdEncoding.EncodeToString([]byte("q0123456789w76543210"))} {
		if pieceOf([]byte(text), "q0123456789w76543210") == "" {
			t.Errorf("no piece was found in %q", text)
		}
	}
	if piece := pieceOf([]byte("q012345 w765432"), "q0123456789w76543210"); piece != "" {
		t.Errorf("found %q, which is too short to tell", piece)
	}
}
