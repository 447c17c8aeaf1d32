package lower_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/value"
)

const secrets = `type Account {
  user: string
  password: secret string
}

settings {
  token: secret string = "default-secret-0"
  account: Account
  tokens: [secret string]
  link: secret url?
  plain: string = "visible"
}

profile live {
  token = "profile-secret-1"
}

op use(token: secret string, all: [secret string]) -> { token: secret string } {
  env { TOKEN = token; PASSWORD = settings.account.password; JOINED = settings.token + "-suffix" }
  run ` + "`true`" + `
  return { token: token }
}

op kept() {
  cached vary [settings.token]
  inputs []
  run ` + "`true`" + `
}

pipeline main(handed: secret string = settings.token) {
  let derived = settings.token + settings.plain
  a = use(token: settings.token, all: settings.tokens) {
    when settings.?link.hasValue()
  }
  b = use(token: handed, all: [derived, settings.account.password]) {
    needs link = settings.?link
  }
  c = kept()
}
`

// TestNoSecretInPlan offers secrets in every way and looks for them in the plan's bytes.
func TestNoSecretInPlan(t *testing.T) {
	s := one(secrets)
	d := s.draft(t)
	const planted = "planted-secret"
	offered := map[string]value.Value{
		"token":   value.String(planted + "-token"),
		"account": value.Record{"user": value.String("joe"), "password": value.String(planted + "-password")},
		"tokens":  value.List{value.String(planted + "-list")},
		"link":    value.String("https://" + planted + ".example"),
		"plain":   value.String("visible"),
	}
	p, reached, err := d.Bind(lower.Values{
		Profile: "live",
		Args:    map[string]value.Value{"handed": value.String(planted + "-argument")},
		Setting: func(name string) (value.Value, bool) { v, ok := offered[name]; return v, ok },
	})
	if err != nil {
		t.Fatal(err)
	}
	text := encode(t, p)
	for _, secret := range []string{planted, base64.StdEncoding.EncodeToString([]byte(planted))[:18], "default-secret-0", "profile-secret-1", "joe"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the plan holds %q", secret)
		}
	}
	if d := cmp.Diff([]string{"account", "link", "plain", "token", "tokens"}, reached); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"account", "link", "token", "tokens"}, p.Effects.Secrets); d != "" {
		t.Error(d)
	}
	for _, s := range p.Settings {
		if s.Secret != (s.Value == nil) {
			t.Errorf("setting %s: secret is %v, its value is %s", s.Name, s.Secret, s.Value)
		}
	}
	if x := p.Params[0].Value; x == nil || x.CEL != "settings.token" {
		t.Errorf("a secret parameter's default: expected settings.token, found %v", x)
	}
}

func TestSecretGuardIsNotDecided(t *testing.T) {
	s := one(secrets)
	d := s.draft(t)
	p, _, err := d.Bind(lower.Values{})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range p.Graph.Steps {
		if step.Never {
			t.Errorf("step %s is decided by a secret that nobody knows", step.Name)
		}
	}
	if got := p.Graph.Steps[0].When[0].CEL; !strings.Contains(got, "settings.?link") {
		t.Errorf("expected the guard as an expression, found %q", got)
	}
}
