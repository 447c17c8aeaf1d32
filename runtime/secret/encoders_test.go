package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// proof are secrets of every kind that a pipeline meets.
var proof = map[string]string{
	"token":     "tok_live_51H8xQ2eZvKYlo2C",
	"short":     "hunter2",
	"overlap":   "hunter2-prod-key",
	"pem":       privateKey("-----BEGIN PRIVATE KEY-----", 5) + "Zx0=\n-----END PRIVATE KEY-----\n",
	"quotes":    `p"a'ss''wo\rd $HOME ` + "`id`" + ` !{x,y};#&<z>/*?[0]~^|`,
	"unicode":   "pässwörd–☃–😀\u2028\u00a0e\u0301",
	"url":       "postgres://app:s3cr%40t/pw@db.internal:5432/app?sslmode=require",
	"spaces":    " 100% of the pass phrase % 20 + more ",
	"json":      "{\n  \"user\": \"app\",\n  \"password\": \"c0rrect \\\"horse\\\"\",\n  \"n\": 1\n}",
	"long":      privateKey("", 64),
	"lines":     "12345\nab\n678\n90",
	"crlf":      "first-line\r\nx\r\nthird-line",
	"binary":    "\x01\xff\xfe\x80bin\x7f\x1b[0m\r\n\tend\xc3",
	"controls":  "bell\a back\b feed\f vert\v esc\x1b del\x7f",
	"quotation": `'''a''b'`,
}

// privateKey is text like that of a key: a head and lines of base64, the same in each run.
func privateKey(head string, lines int) string {
	random := rand.New(rand.NewPCG(5, uint64(lines)))
	var b strings.Builder
	if head != "" {
		b.WriteString(head + "\n")
	}
	for range lines {
		line := make([]byte, 48)
		for i := range line {
			line[i] = byte(random.Uint32())
		}
		b.WriteString(base64.StdEncoding.EncodeToString(line))
		if head != "" {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// goEncoders write a secret as Go's own packages do, from none of the code under test.
func goEncoders(s string) map[string]string {
	var plain, escaped, markup bytes.Buffer
	for e, quiet := range map[*json.Encoder]bool{json.NewEncoder(&plain): true, json.NewEncoder(&escaped): false} {
		e.SetEscapeHTML(!quiet)
		_ = e.Encode(s)
	}
	_ = xml.EscapeText(&markup, []byte(s))
	nested, _ := json.Marshal(strings.TrimSpace(escaped.String()))
	out := map[string]string{
		"raw":              s,
		"hex":              hex.EncodeToString([]byte(s)),
		"HEX":              fmt.Sprintf("%X", s),
		"query":            url.QueryEscape(s),
		"path":             url.PathEscape(s),
		"user":             url.UserPassword("u", s).String(),
		"url path":         (&url.URL{Path: "/" + s}).EscapedPath()[1:],
		"json":             plain.String(),
		"json html":        escaped.String(),
		"json in json":     string(nested),
		"json quoted":      "'" + strings.ReplaceAll(plain.String(), "'", `'\''`) + "'",
		"base64 of json":   base64.StdEncoding.EncodeToString([]byte(`{"p":` + plain.String() + `}`)),
		"base64 of html":   base64.StdEncoding.EncodeToString([]byte(`{"p":` + escaped.String() + `}`)),
		"xml":              markup.String(),
		"html":             html.EscapeString(s),
		"go":               fmt.Sprintf("%q", s),
		"go ascii":         fmt.Sprintf("%+q", s),
		"crlf":             strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n"),
		"unix":             strings.ReplaceAll(s, "\r\n", "\n"),
		"base64 wrapped":   wrap(base64.StdEncoding.EncodeToString([]byte(s+"\n")), 76),
		"base64 openssl":   wrap(base64.StdEncoding.EncodeToString([]byte(s)), 64),
		"base64 mime crlf": strings.ReplaceAll(wrap(base64.StdEncoding.EncodeToString([]byte(s)), 76), "\n", "\r\n"),
	}
	for _, before := range []string{"", "u", "us", "use", "user: "} {
		for _, after := range []string{"", ":xy"} {
			text := []byte(before + s + after)
			for name, e := range map[string]*base64.Encoding{"std": base64.StdEncoding, "raw": base64.RawStdEncoding,
				"url": base64.URLEncoding, "rawurl": base64.RawURLEncoding} {
				out[fmt.Sprintf("base64 %s %s…%s", name, before, after)] = e.EncodeToString(text)
			}
		}
	}
	return out
}

func wrap(s string, width int) string {
	var out []string
	for ; len(s) > width; s = s[width:] {
		out = append(out, s[:width])
	}
	return strings.Join(append(out, s), "\n")
}

// programs are what real tools print of a secret, which they read from standard input.
var programs = map[string][]string{
	"jq":             {"jq", "-Rs", "."},
	"jq sh":          {"jq", "-Rrs", "@sh"},
	"jq uri":         {"jq", "-Rrs", "@uri"},
	"jq html":        {"jq", "-Rrs", "@html"},
	"base64":         {"base64"},
	"openssl":        {"openssl", "base64"},
	"xxd":            {"xxd", "-p", "-c", "100000"},
	"bash %q":        {"bash", "-c", `IFS= read -rd "" s; LC_ALL=C.UTF-8 printf %q "$s"`},
	"bash %q C":      {"env", "LC_ALL=C", "bash", "-c", `IFS= read -rd "" s; printf %q "$s"`},
	"bash @Q":        {"bash", "-c", `IFS= read -rd "" s; printf %s "${s@Q}"`},
	"bash -x":        {"bash", "-c", `IFS= read -rd "" s; exec 2>&1; set -x; : "$s"`},
	"bash -x assign": {"bash", "-c", `IFS= read -rd "" s; exec 2>&1; set -x; t=$s`},
	"sh -x":          {"sh", "-c", `s=$(cat; echo .); s=${s%.}; exec 2>&1; set -x; : "$s"`},
	"sh -x assign":   {"sh", "-c", `s=$(cat; echo .); s=${s%.}; exec 2>&1; set -x; t="$s"`},
	"sh set":         {"sh", "-c", `s=$(cat; echo .); zzz=${s%.}; unset s; set | sed -n '/^zzz=/,$p'`},
}

// interpreters print many encodings of many secrets at once: they read an object of secrets
// in base64, and write an object of objects of encodings in base64.
var interpreters = map[string][]string{
	"python": {"python3", "-c", `
import sys, json, html, shlex, base64, urllib.parse, xml.sax.saxutils
encoders = {
  "json": json.dumps,
  "json plain": lambda s: json.dumps(s, ensure_ascii=False),
  "json in json": lambda s: json.dumps(json.dumps(s)),
  "quote": lambda s: urllib.parse.quote(s, errors="surrogateescape"),
  "quote all": lambda s: urllib.parse.quote(s, safe="", errors="surrogateescape"),
  "quote_plus": lambda s: urllib.parse.quote_plus(s, errors="surrogateescape"),
  "html": html.escape,
  "saxutils": xml.sax.saxutils.escape,
  "attribute": xml.sax.saxutils.quoteattr,
  "shlex": shlex.quote,
  "repr": repr,
  "ascii": ascii,
  "bytes": lambda s: repr(s.encode("utf-8", "surrogateescape"))[1:],
  "mime": lambda s: base64.encodebytes(s.encode("utf-8", "surrogateescape")).decode(),
}
secrets = {n: base64.b64decode(s).decode("utf-8", "surrogateescape") for n, s in json.load(sys.stdin).items()}
encode = lambda s: base64.b64encode(s.encode("utf-8", "surrogateescape")).decode()
json.dump({n: {"python " + e: encode(f(s)) for e, f in encoders.items()} for n, s in secrets.items()}, sys.stdout)
`},
	"node": {"node", "-e", `
const encoders = {
  json: JSON.stringify, component: encodeURIComponent, uri: encodeURI,
  form: s => new URLSearchParams({a: s}).toString().slice(2), inspect: s => require("util").inspect(s, {breakLength: Infinity}),
}
const out = {}
for (const [n, s] of Object.entries(JSON.parse(require("fs").readFileSync(0, "utf8")))) {
  out[n] = {}
  for (const [e, f] of Object.entries(encoders)) out[n]["node " + e] = Buffer.from(f(Buffer.from(s, "base64").toString())).toString("base64")
}
process.stdout.write(JSON.stringify(out))
`},
}

// interpreted adds what the interpreters print that are installed.
func interpreted(t *testing.T, now map[string]map[string][]byte) {
	t.Helper()
	secrets := map[string][]byte{}
	for name, s := range proof {
		secrets[name] = []byte(s)
	}
	in, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	for _, argv := range interpreters {
		if _, err := exec.LookPath(argv[0]); err != nil {
			continue
		}
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
		raw, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]map[string][]byte
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		for name, texts := range got {
			maps.Copy(now[name], texts)
		}
	}
}

const recordedPrograms = "testdata/programs.json"

// programForms is what programs print of each secret: what was recorded of them, and what
// those that are installed print now.
func programForms(t *testing.T) map[string]map[string]string {
	t.Helper()
	now := map[string]map[string][]byte{}
	for name, s := range proof {
		now[name] = map[string][]byte{}
		for tool, argv := range programs {
			if _, err := exec.LookPath(argv[0]); err != nil {
				continue
			}
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdin = strings.NewReader(s)
			if text, err := cmd.Output(); err == nil && len(text) > 0 {
				now[name][tool] = text
			}
		}
	}
	interpreted(t, now)
	if os.Getenv("UPDATE") != "" {
		short := maps.Clone(now)
		delete(short, "long") // it would be most of the file, and has nothing to escape
		raw, err := json.MarshalIndent(short, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.FromSlash(recordedPrograms), append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(filepath.FromSlash(recordedPrograms))
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string]map[string][]byte
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for name := range proof {
		out[name] = map[string]string{}
		for tool, text := range recorded[name] {
			out[name][tool+" (recorded)"] = string(text)
		}
		for tool, text := range now[name] {
			if recorded := out[name][tool+" (recorded)"]; recorded == string(text) {
				delete(out[name], tool+" (recorded)")
			}
			out[name][tool] = string(text)
		}
		if len(out[name]) == 0 && name != "long" {
			t.Fatalf("nothing is recorded of %s: UPDATE=1 go test", name)
		}
	}
	return out
}

// encoded is every text of every secret, as Go's packages and programs write it.
func encoded(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := programForms(t)
	for name, s := range proof {
		maps.Copy(out[name], goEncoders(s))
	}
	return out
}
