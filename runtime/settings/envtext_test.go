package settings

import (
	"testing"

	"github.com/pipelang/pipe/lang/value"
)

// FuzzEnvText writes texts into a .env file: what comes back is what went in, whatever stands
// around it, or it was not written.
func FuzzEnvText(f *testing.F) {
	for _, s := range []string{"", "a b", "it's", `say "hi"`, `back\slash`, "a#b", "x #y", "line\nbreak\r\ttab", "\x1b[31m", "${HOME}", "$HOME", "\u202e", "ä", `\n`, "'", `"`, `\'`, " lead", "export", "="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, ok := envText(value.String(s))
		if !ok {
			return
		}
		found, faults := parseDotenv([]byte("BEFORE=1\nNAME=" + text + "\nAFTER=2\n"))
		found, grown := expand(found, func(string) (string, bool) { return "of the environment", true })
		if len(faults)+len(grown) > 0 || len(found) != 3 || found[1].name != "NAME" || found[1].value != s || found[2].value != "2" {
			t.Errorf("%q was written as %q and read as %+v, %v", s, text, found, faults)
		}
	})
}
