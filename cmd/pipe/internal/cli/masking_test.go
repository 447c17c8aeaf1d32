package cli

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/secret"
)

const hunter = "hunter2-secret-value"

// settingsModule is a module with settings, and an environment that looks at it.
func settingsModule(t *testing.T, settings string, environ ...string) (e Environment, out, errs *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	text := "settings {\n" + settings + "\n}\n\nop show(v: string) {\n  inputs []\n  run `echo \"$v\"`\n}\n\npipeline main() {\n  a = show(v: \"x\")\n}\n"
	for name, text := range map[string]string{"pipe.toml": "pipe = \"0.1\"\n", "main.pipe": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	return Environment{In: strings.NewReader(""), Out: out, Err: errs, Environ: environ, Dir: dir}, out, errs
}

// A fault of pipe itself may hold a secret in its value; what is printed does not.
func TestFaultPrintsNoSecret(t *testing.T) {
	e, out, errs := settingsModule(t, "token: secret string\nport: int = 80", "TOKEN="+hunter)
	e.resolved = func() {
		panic(fmt.Errorf("broken: %s and %s", hunter, base64.StdEncoding.EncodeToString([]byte(hunter))))
	}
	if code := Main([]string{"settings"}, e); code != ExitInternal {
		t.Errorf("exit code %d, want %d", code, ExitInternal)
	}
	said := errs.String()
	if !strings.Contains(said, "internal fault: broken: *** and ***") || !strings.Contains(said, "goroutine ") {
		t.Errorf("the fault is not told:\n%s", said)
	}
	if strings.Contains(said+out.String(), "hunter2") {
		t.Errorf("a secret was printed:\n%s%s", said, out)
	}
}

// What flags and the environment give for secrets is known before it is read.
func TestSecretsAreKnownBeforeTheyAreRead(t *testing.T) {
	a := &app{masker: secret.NewMasker(), Environment: Environment{Environ: []string{"TOKEN=" + hunter, "DB__PASSWORD=other-secret", "PORT=not-secret"}}}
	c := declsOf("token", "TOKEN", "db", "DB")
	c = append(c, declsOf("port", "PORT")...)
	c[2].Secret = false
	a.expectSecrets(c, assigned("token", "flag-secret", "db.key", "field-secret", "port", "plain-flag"))
	got := a.masker.Mask("hunter2-secret-value other-secret not-secret flag-secret field-secret plain-flag")
	if got != "*** *** not-secret *** *** plain-flag" {
		t.Error(got)
	}
}

// Whoever writes to standard error, however it is cut, writes no secret; and a line that has
// ended is there at once.
func TestStandardErrorIsMasked(t *testing.T) {
	for cut := range hunter {
		var out bytes.Buffer
		m := secret.NewMasker(hunter)
		w := newMaskedErr(m, &out)
		fmt.Fprint(w, "error: "+hunter[:cut])
		fmt.Fprint(w, hunter[cut:]+" is bad\nhunt\n")
		if got := out.String(); got != "error: *** is bad\nhunt\n" {
			t.Errorf("cut at %d: %q", cut, got)
		}
		fmt.Fprint(w, "prompt? hunt")
		w.flush()
		if got := out.String(); !strings.HasSuffix(got, "prompt? hunt") {
			t.Errorf("cut at %d: the end is lost: %q", cut, got)
		}
	}
}

// An error that comes back to the top is masked like any other text.
func TestErrorsAreMasked(t *testing.T) {
	var out bytes.Buffer
	m := secret.NewMasker(hunter)
	a := &app{Environment: Environment{Err: newMaskedErr(m, &out)}, masker: m}
	a.code(fmt.Errorf("open /run/%s: no such file", hunter))
	a.code(usagef("not "+hunter, "%s is no name", hunter))
	if got := out.String(); strings.Contains(got, "hunter2") || strings.Count(got, "***") != 3 {
		t.Error(got)
	}
}
