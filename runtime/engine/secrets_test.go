package engine_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

const hunter = "hunter2-prod-key"

// machine is a run of a file on this machine, with a store and a secret setting `token`.
type machine struct {
	t      *testing.T
	base   string
	events []event.Event
	result *engine.Result
}

func onMachine(t *testing.T, text string) *machine {
	t.Helper()
	m := &machine{t: t, base: t.TempDir()}
	sealer := secret.NewSealer(func(name string) string {
		if name == secret.IdentityVariable {
			return filepath.Join(m.base, "identity")
		}
		return ""
	})
	place, err := store.Open(filepath.Join(m.base, "store"), sealer)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"repo", "state", "cache", "keep"} {
		if err := os.Mkdir(filepath.Join(m.base, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	masker := secret.NewMasker(hunter)
	bus := event.NewBus("r1", masker, func(e event.Event) { m.events = append(m.events, e) })
	m.result, err = engine.Run(t.Context(), engine.Options{
		Plan: compile(t, "settings { token: secret string }\n"+text), Bus: bus, Reveal: masker.Add, Fingerprint: sealer.Fingerprint,
		Setting: func(string) (value.Value, bool) { return value.String(hunter), true },
		Find:    func() target.Finder { return masker.Finder() },
		Run: target.Run{ID: "r1", Root: m.at("repo"), State: m.at("state"), Cache: m.at("cache"), Keep: m.at("keep"), Artifacts: place,
			Environ: append(os.Environ(), "PIPE_WORKSPACE=copy")},
		Targets: map[string]target.Target{"host": host.New()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) at(name string) string { return filepath.Join(m.base, name) }

// holders are the files of the machine that hold a text, in their names too.
func (m *machine) holders(text string) []string {
	m.t.Helper()
	var out []string
	err := filepath.WalkDir(m.base, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		raw := []byte(p)
		if d.Type().IsRegular() {
			content, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			raw = append(raw, content...)
		}
		if bytes.Contains(raw, []byte(text)) {
			out = append(out, p)
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

// stored counts what the store and the kept files hold.
func (m *machine) stored() int {
	n := 0
	for _, dir := range []string{"store/objects", "store/trees", "keep"} {
		_ = filepath.WalkDir(m.at(dir), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return nil
		})
	}
	return n
}

// shown is all that the run's events say.
func (m *machine) shown() string {
	var b strings.Builder
	for _, e := range m.events {
		fmt.Fprintln(&b, e.Type, e.Step, e.Text, e.Reason, string(e.Value))
	}
	return b.String()
}

// leaky is a pipeline of one step that has the secret in its environment.
func leaky(result, script, attributes string) string {
	return "op leak() -> " + result + " {\n  env { TOKEN = settings.token }\n  run `" + script + "`\n  " + attributes + "\n}\n" +
		"pipeline main() { s = leak() }\n"
}

func TestSecretInResultOfAnyKind(t *testing.T) {
	for name, c := range map[string]struct {
		result, script, attributes string
		want                       string // of the reason
	}{
		"text":         {"string", `echo "$TOKEN"`, `return stdout`, "the result holds a secret and is not declared secret"},
		"output":       {"string", `echo "k=$TOKEN" > "$PIPE_OUTPUT"`, `return outputs["k"]`, "the result holds a secret and"},
		"file":         {"file", `printf 'one\ntwo\n%s\n' "$TOKEN" > report.xml`, `return file("report.xml")`, "artifact report.xml holds a secret in line 3 and is not declared secret"},
		"file, base64": {"file", `printf 'user:%s' "$TOKEN" | base64 -w0 > f`, `return file("f")`, "artifact f holds a secret in line 1"},
		"file, large":  {"file", `head -c 9000000 /dev/zero | tr '\0' '\n' > f; printf %s "$TOKEN" >> f; head -c 70000 /dev/zero >> f`, `return file("f")`, "artifact f holds a secret in line 9000001"},
		"file name":    {"file", `echo 1 > "$TOKEN.txt"`, `return files("*.txt")[0]`, "the result holds a secret and is"},
		"files":        {"[file]", `echo 1 > a; echo "$TOKEN" > b`, `return files("*")`, "artifact b holds a secret in line 1"},
		"in a record":  {"{ n: int, logs: [file] }", `echo "$TOKEN" > b`, `return { n: 1, logs: [file("b")] }`, "artifact b holds a secret in line 1"},
		"dir":          {"dir", `mkdir -p d/sub; echo 1 > d/a; echo "x $TOKEN" > d/sub/b`, `return dir("d")`, "artifact d/sub/b holds a secret in line 1"},
		"name in dir":  {"dir", `mkdir -p d/sub; echo 1 > "d/sub/$TOKEN"`, `return dir("d")`, "artifact d/sub/*** holds a secret in its name and is not declared secret"},
		"folder name":  {"dir", `mkdir -p "d/$TOKEN"`, `return dir("d")`, "artifact d/*** holds a secret in its name"},
		"link":         {"dir", `mkdir d; ln -s "$TOKEN" d/l`, `return dir("d")`, "artifact d/l holds a secret in line 1"},
		"json":         {"{ a: [{ b: string }] }", `printf '{"a":[{"b":"%s"}]}' "$TOKEN" > f`, `return json("f")`, "the result holds a secret at .a[0].b"},
		"json key":     {"{string: {string: int}}", `printf '{"a":{"%s":1}}' "$TOKEN" > f`, `return json("f")`, "the result holds a secret at .a"},
		"yaml":         {"{ a: [string] }", `printf 'a:\n- %s\n' "$TOKEN" > f`, `return yaml("f")`, "the result holds a secret at .a[0]"},
		"map key":      {"{string: int}", `echo "$TOKEN"`, `return {(stdout): 1}`, "the result holds a secret and is"},
		"beside":       {"{ log: file, text: string }", `echo fine > f; echo "$TOKEN"`, `return { log: file("f"), text: stdout }`, "the result holds a secret at .text"},
		"kept":         {"int", `echo "$TOKEN" > f`, "keep [\"f\"]\n  return 1", `kept file f holds a secret in line 1: nothing is kept`},
		"kept beside":  {"file", `echo "$TOKEN" > f; echo 1 > g`, "keep [\"f\"]\n  return file(\"g\")", `nothing is kept`},
	} {
		t.Run(name, func(t *testing.T) {
			m := onMachine(t, leaky(c.result, c.script, c.attributes))
			got := row(t, m.result, "s")
			if got.Cause != engine.CauseSecret {
				t.Fatalf("ended %s by %s: %s", got.Outcome, got.Cause, got.Reason)
			}
			if reason := strings.ReplaceAll(got.Reason, hunter, "***"); !strings.Contains(reason, c.want) {
				t.Errorf("reason %q, want %q", reason, c.want)
			}
			if n := m.stored(); n != 0 {
				t.Errorf("%d files are stored", n)
			}
			if at := m.holders(hunter); len(at) > 0 {
				t.Errorf("the secret stands in %v", at)
			}
			if strings.Contains(m.shown(), hunter) {
				t.Errorf("an event shows the secret:\n%s", m.shown())
			}
		})
	}
}

func TestKeptFilesOfAFailedStep(t *testing.T) {
	m := onMachine(t, leaky("int", `echo "$TOKEN" > f; exit 3`, "keep [\"f\"]\n  return 1"))
	if got := row(t, m.result, "s"); got.Cause != engine.CauseExit {
		t.Errorf("ended by %s: %s", got.Cause, got.Reason)
	}
	if m.stored() != 0 || !strings.Contains(m.shown(), `notice s s: kept file f holds a secret in line 1: nothing is kept`) {
		t.Errorf("%d stored:\n%s", m.stored(), m.shown())
	}
}

func TestDeclaredSecretContent(t *testing.T) {
	m := onMachine(t, `
type Made {
  key: secret file
  keys: secret dir
  log: file
}
op make() -> Made {
  run `+"`echo made-t0psecret-9 > key; mkdir keys; cp key keys/k; echo plain-log-line > log`"+`
  return { key: file("key"), keys: dir("keys"), log: file("log") }
}
op show(key: secret file, keys: secret dir, log: file) -> string {
  mount {
    "in/key" = key
    "in/log" = log
  }
  run `+"`cat \"$key\" \"$keys/k\" in/key; stat -c %a in/key \"$keys/k\" in/log > modes`"+`
  return text("modes")
}
pipeline main() -> string {
  made = make()
  shown = show(key: made.key, keys: made.keys, log: made.log)
  return shown
}
`)
	if m.result.Outcome != engine.Succeeded || m.result.Value != value.String("400\n400\n644\n") {
		t.Fatalf("%v %v %s", table(m.result), m.result.Value, m.result.Error)
	}
	if n := strings.Count(m.shown(), "***"); n < 3 || strings.Contains(m.shown(), "t0psecret") {
		t.Errorf("what a secret file holds is not masked:\n%s", m.shown())
	}
	sum := sha256.Sum256([]byte("made-t0psecret-9\n"))
	for _, text := range []string{"t0psecret", hex.EncodeToString(sum[:])[2:], "plain-log-line"} {
		if at := m.holders(text); len(at) > 0 {
			t.Errorf("%s rests in %v", text, at)
		}
	}
	if n := m.stored(); n != 3 { // key and k are the same, their tree, log
		t.Errorf("stored %d files, want 3", n)
	}
}

// What lies beside a declared secret is searched for it, whichever is read first.
func TestSecretBesideADeclaredOne(t *testing.T) {
	for name, fields := range map[string]string{
		"file":        `log: file("log"), key: file("key")`,
		"digest":      `log: file("none"), key: file("key"), sum: file("key").digest`,
		"text before": `log: file("log"), key: file("key")`,
	} {
		t.Run(name, func(t *testing.T) {
			sum := ""
			if name == "digest" {
				sum = "\n sum: string"
			}
			m := onMachine(t, "type Made {\n log: file\n key: secret file"+sum+"\n}\nop make() -> Made {\n"+
				"  run `echo made-t0psecret-9 > key; echo nothing > none; (echo; echo made-t0psecret-9) > log; rm -f x`\n  return { "+fields+" }\n}\npipeline main() { s = make() }\n")
			got := row(t, m.result, "s")
			if name == "digest" {
				plain := sha256.Sum256([]byte("made-t0psecret-9\n"))
				if got.Outcome != engine.Succeeded || strings.Contains(m.shown(), hex.EncodeToString(plain[:])) {
					t.Errorf("%s %s:\n%s", got.Outcome, got.Reason, m.shown())
				}
				return
			}
			if got.Cause != engine.CauseSecret || got.Reason != "artifact log holds a secret in line 2 and is not declared secret" || m.stored() != 0 {
				t.Errorf("%s %s, %d stored", got.Cause, got.Reason, m.stored())
			}
		})
	}
}

// Files that `return` only looks at are not stored.
func TestOnlyWhatIsReturnedIsStored(t *testing.T) {
	m := onMachine(t, leaky("{ n: size, f: file }", `echo "$TOKEN" > f; echo 1 > g`, `return { n: file("f").size, f: file("g") }`))
	if m.result.Outcome != engine.Succeeded || m.stored() != 1 {
		t.Errorf("%v, %d stored", table(m.result), m.stored())
	}
	if at := m.holders(hunter); len(at) > 0 {
		t.Errorf("the secret stands in %v", at)
	}
}

func TestSecretsThatAreNotStrings(t *testing.T) {
	m := onMachine(t, "op pin() -> { pin: secret int } {\n  run `echo 84729105 > pin; echo pin is fine`\n  return { pin: json(\"pin\") }\n}\n"+
		"op after(n: int) -> int {\n  run `printf 84729105 > n; echo now 84729105`\n  return json(\"n\")\n}\n"+
		"pipeline main() {\n  a = pin()\n  b = after(n: 1) { after a }\n}\n")
	if got := row(t, m.result, "b"); got.Cause != engine.CauseSecret || strings.Contains(m.shown(), "84729105") {
		t.Errorf("%s %s\n%s", got.Cause, got.Reason, m.shown())
	}
}

// The types cannot know that a plain result is the same text as a secret that came later.
func TestSecretOnACommandLine(t *testing.T) {
	m := onMachine(t, "op first() -> string {\n  run `echo made-t0psecret-9`\n  return stdout\n}\n"+
		"op declared() -> { token: secret string } {\n  run `echo made-t0psecret-9`\n  return { token: stdout }\n}\n"+
		"op say(text: string) { exec [\"echo\", \"x${text}\"] }\n"+
		"pipeline main() {\n  a = first()\n  b = declared() { after a }\n  c = say(text: a) { after b }\n}\n")
	if got := row(t, m.result, "c"); got.Reason != "attributes: exec: argument 1 holds a secret: pass it by env or mount" {
		t.Errorf("%s %s", got.Outcome, got.Reason)
	}
}

func TestVaryKnowsItsSecrets(t *testing.T) {
	for vary, want := range map[string]bool{`["a", settings.token]`: true, `["a", 1]`: false, `[settings.token + "x"]`: true, `["${settings.os}"]`: false} {
		p := compile(t, "settings {\n  token: secret string\n  os: string = \"linux\"\n}\nop o() {\n  inputs []\n  cached vary "+vary+"\n  run `true`\n}\npipeline main() { o() }\n")
		for _, op := range p.Ops {
			if op.Cached == nil || op.Cached.Secret != want {
				t.Errorf("vary %s: %+v, want secret %v", vary, op.Cached, want)
			}
		}
	}
}

// What a secret parameter's condition says quotes nothing of the value.
func TestConditionOfASecretParameterIsDiscreet(t *testing.T) {
	for _, tt := range []struct {
		where, message string
		secret         bool
		want           string
	}{
		{"int(self) > 3", "", true, "s: arguments: parameter token: its condition cannot be evaluated (ci.pipe:1:1)"},
		{"self == 'x'", "'no ' + self", true, "s: arguments: parameter token: self == 'x' is not true"},
		{"int(self) > 3", "", false, `"hunter2-token"`},
	} {
		p := plan.Param{Name: "token", Type: "string", Where: celp(tt.where)}
		if tt.secret {
			p.Type = "secret string"
		}
		if tt.message != "" {
			p.Else = celp(tt.message)
		}
		b := newBench(t, pipeline(step("s", calls("shown"), arg("n", "int", lit(1)), arg("token", p.Type, cel(`"hunter2-" + "token"`)))))
		op := b.opts.Plan.Ops["ci.pipe.shown"]
		op.Params = []plan.Param{op.Params[0], p}
		b.opts.Plan.Ops["ci.pipe.shown"] = op
		b.opts.Reveal = nil
		got := b.run(t.Context()).Error
		if !strings.Contains(got, tt.want) || tt.secret && strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s", tt.where, got)
		}
	}
}
