package lint

import (
	"regexp"
	"strings"

	"github.com/pipelang/pipe/lang/source"
)

// userToken is a user of a URL with no password, or none that matters.
var userToken = lazily(`\bhttps?://([^\s/:@"'$<>{}*%]{16,})(?::(?:x-oauth-basic|x-access-token|x-token-auth)?)?@([^\s"'<>]*)`)

// projectKey is the user of an address that errors are reported to, which everybody may know.
var projectKey = lazily(`^[^/]*sentry|/[0-9]+$`)

// netrc is an entry of the file .netrc, in one line or several.
var netrc = lazily(`\b(?:machine(?:\s|\\n)+[^\s\\]+|default)(?:\s|\\n)+(?:login|user)(?:\s|\\n)+[^\s\\]+(?:\s|\\n)+password(?:\s|\\n)+([^\s"'\\]+)`)

// pgpass is a line of the file .pgpass, and pgpassLine one with any port where the file is named.
var (
	pgpass     = lazily(`(?:^|[\s"'])[\w.*-]+:5432:[\w*-]+:[\w-]+:([^\s"'\\:]+)`)
	pgpassLine = lazily(`(?:^|[\s"'])[\w.*-]+:(?:[0-9]{4,5}|\*):[\w*-]+:[\w-]+:([^\s"'\\:]+)`)
)

// identified is a password in a statement of SQL.
var identified = lazily(`(?i)\b(?:identified\s+(?:with\s+\w+\s+)?by|(?:with|set|encrypted|login)\s+password|(?:create|alter)\s+(?:role|user)\s+[\w"]+\s+password|set\s+password\s+for\s+[^\s=;]+\s*=)\s*(?:=\s*)?(?:password\()?'([^'\s]+)'`)

// dsn is a password in the address of a database as Go's drivers write it, with the host.
var dsn = lazily(`(?:^|[\s"'=])[\w.-]+:([^\s:@/"'<>]+)@(?:tcp|tcp6|udp)\(([^)\s]*)\)`)

// oracleURL is a password in an address of Oracle's, with the host, and connecting one in a script of its programs.
var (
	oracleURL  = lazily(`\bjdbc:oracle:\w+:[\w$#]+/"?([^\s@/"']+)"?@(?://)?([^\s"']*)`)
	connecting = lazily(`(?im)^[ \t]*conn(?:ect)?[ \t]+[\w$#]+/"?([^\s@/"']+)"?@(?://)?(\S*)`)
)

// sonarLogin is the token of a scan, which is given in place of a user.
var sonarLogin = lazily(`sonar\.login\s*=\s*["']?([^\s"'\x60;&|]+)`)

// placed finds credentials in a place that is made for them.
func (c *credentialSearch) placed(s string, place func(start, end int) source.Span) {
	if strings.Contains(s, "@") && strings.Contains(s, "://") {
		for _, m := range userToken().FindAllStringSubmatchIndex(s, -1) {
			if token, host := s[m[2]:m[3]], s[m[4]:m[5]]; random(token) && !easy(token) && !isLocal(host) && !projectKey().MatchString(host) {
				c.tell(place(m[2], m[3]), "a token in a URL is written out here")
			}
		}
	}
	for _, f := range []struct {
		sign    string
		pattern func() *regexp.Regexp
		what    string
		holds   func(string) bool
	}{
		{"login", netrc, "a password of .netrc is written out here", serious},
		{":5432:", pgpass, "a password of .pgpass is written out here", serious},
		{".pgpass", pgpassLine, "a password of .pgpass is written out here", serious},
		{"@tcp", dsn, "the password of a database is written out here", serious},
		{"@udp(", dsn, "the password of a database is written out here", serious},
		{"jdbc:oracle:", oracleURL, "the password of a database is written out here", serious},
		{"sqlplus", connecting, "the password of a database is written out here", serious},
		{"rman", connecting, "the password of a database is written out here", serious},
		{"sonar.login", sonarLogin, "the value of sonar.login looks like a credential", random},
		{"'", identified, "the password of a database's user is written out here", random},
	} {
		if !strings.Contains(s, f.sign) {
			continue
		}
		for _, m := range f.pattern().FindAllStringSubmatchIndex(s, -1) {
			if len(m) > 4 && isLocal(s[m[4]:m[5]]) {
				continue
			}
			if value := s[m[2]:m[3]]; f.holds(value) && !easy(value) && !strings.ContainsAny(value, "${}") {
				c.tell(place(m[2], m[3]), f.what)
			}
		}
	}
}
