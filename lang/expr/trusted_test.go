package expr

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/types"
)

// What keeps nothing out, in every way that people write it, is refused.
func TestTrustedPatternAdmitsEverything(t *testing.T) {
	for pattern, want := range map[string]bool{
		`.*`: true, `.+`: true, `.`: false, `[\s\S]*`: true, `(?s).*`: true, `(?s:.+)`: true, `^.*$`: true, `(?m)^.*$`: true, `\A.*\z`: true,
		`.*|x`: true, `x|.*`: true, `a*.*`: true, `.*?`: true, `(.*)`: true, `(?:.|\n)+`: true, `[^x]*`: true, `[^;]*`: true, `[^/]*`: true, `[^$]+`: true, `[^-]*`: true,
		`[^ ]+`: true, `\S+`: true, `[ -~]+`: true, `[[:print:]]*`: true, `[^\n]*`: true, `[^a-z]*|[a-z]*`: true, `.{0,100}`: true, `.{1,8}`: true, `[\x00-\x{10ffff}]*`: true, `\PN*`: true, `()|.+`: true,
		`[a-z]+`: false, `[a-z0-9/_-]+`: false, `v[0-9.]+`: false, `feature/.*`: false, `\w+`: false, `[\w .,:;()/'"#-]{1,80}`: false, `[^\x00-\x1f"'$\x60\\;&|<>(){}]*`: false,
		`main|release-[0-9]+`: false, ``: false, `.{1,2}`: false, `[\w./-]+`: false, `https://[\w./-]+`: false,
	} {
		f, err := newFull(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.admitsEverything(); got != want {
			t.Errorf("%s: %v, want %v", pattern, got, want)
		}
	}
}

// Nothing in a pattern lets a text through of which it matches a part.
func TestTrustedMatchesAsAWhole(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`[a-z]+`, "abc", true},
		{`[a-z]+`, "abc\n", false},
		{`[a-z]+$`, "abc\n", false},
		{`^[a-z]+$`, "abc\nrm", false},
		{`(?m)^[a-z]+$`, "abc\nrm", false},
		{`(?m)^[a-z]+$`, "rm;\nabc", false},
		{`(?m)^[a-z]+$`, "abc", true},
		{`a|ab`, "ab", true},
		{`a|ab|abc`, "abcd", false},
		{`a*?`, "aaa", true},
		{`\Qa.b`, "a.b", true},
		{`\Qa.b`, "axb", false},
		{`a\b`, "a b", false},
		{`(?i)main`, "MAIN", true},
		{``, "", true},
		{``, "x", false},
		{`[a-z]*`, "abc\x00", false},
		{`[a-z]*`, "\xff", false},
		{`x|y`, "xy", false},
		{`x|^y`, "xy", false},
		{`[0-9]+(?:\.[0-9]+)*`, "1.2.3", true},
		{`[0-9]+(?:\.[0-9]+)*`, "1.2.3-", false},
		{`v.`, "v\n", false},
	} {
		f, err := newFull(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.admits(c.text); got != c.want {
			t.Errorf("%s on %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestTrustedIsRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`trusted(branch, r".*")`, "trusts-anything: the pattern .* admits everything, `\";id;#`, `$(id)` and `../../x` included «r\".*\"»"},
		{`trusted(branch, "[^x]*")`, "trusts-anything: the pattern [^x]* admits everything, `\";id;#`, `$(id)` and `../../x` included «\"[^x]*\"»"},
		{`trusted(branch, "a${n}")`, `invalid-value: the pattern of trusted must be a literal string «"a${n}"»`},
		{`trusted(branch, "a" + "b")`, `invalid-value: the pattern of trusted must be a literal string «"a" + "b"»`},
		{`trusted(branch, "a)|(?:b")`, "invalid-value: no regular expression: unexpected ): `a)|(?:b` «\"a)|(?:b\"»"},
		{`trusted(branch, ("[a-z]+"))`, `string`},
	} {
		if got, _ := said(t, c.text, checkScope(), Options{}); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// A failure says what was found, without what a terminal would obey and without a flood.
func TestTrustedFailure(t *testing.T) {
	got := result(t, `trusted("\x1b[2J\n\u202egnp", r"[a-z]+")`, types.StringType)
	if want := `"\x1b[2J\n\u202egnp" is not admitted by [a-z]+ «trusted("\x1b[2J\n\u202egnp", r"[a-z]+")»`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	got = result(t, `trusted(base64.encode(bytes("x".format([])+"`+strings.Repeat("é;", 400_000)+`")), r"[a-z]+")`, types.StringType)
	message, _, _ := strings.Cut(got, " «")
	if len(message) > 200 || !strings.Contains(message, "…") {
		t.Errorf("%d bytes: %.300s", len(message), message)
	}
}
