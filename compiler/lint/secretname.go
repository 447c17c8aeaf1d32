package lint

import (
	"math"
	"slices"
	"strings"
)

// telling are words in a name that say that its value is a credential.
var telling = lazily(`(?i)(?:^|[_-])(?:(?:pg|db|mysql|redis|ssh|smtp|root|admin|auth)?(?:password|passwd|passphrase)|pwd|sshpass|secret|(?:auth)?token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)(?:$|[_-]|[0-9])|(?:^|[_-])pass$|^_auth$`)

// tellingSigns are texts of which one is in every name that tells, in lower case.
var tellingSigns = []string{"pass", "_auth", "pwd", "sshpass", "secret", "token", "key", "credential"}

// pointing are ends and beginnings of names whose values only lead to a credential, or say something of it.
var pointing = lazily(`(?i)^(?:existing|(?:image[_-]?)?pull)[_-]|[_-](?:key[_-]id|hash|sha[0-9]+|md5|digest|checksum|fingerprint|names?|refs?|files?|paths?|dirs?|ur[li]|endpoint|arn|type|kind|ttl|expiry|length|size|count|env|var|header|prefix|suffix|version|format|field|policy)$`)

// humps are the places in a name where a word begins with a capital: apiKey.
var humps = lazily(`([a-z0-9])([A-Z])`)

// tells says whether a name says that its value is a credential.
func tells(name string) bool {
	if !containsAny(strings.ToLower(name), tellingSigns) {
		return false
	}
	name = humps().ReplaceAllString(name, "${1}_$2")
	return telling().MatchString(name) && !pointing().MatchString(name)
}

// passwordVariables are what programs take a password from, so that no random one is needed to know it for one.
var passwordVariables = []string{"PGPASSWORD", "MYSQL_PWD", "SSHPASS", "RESTIC_PASSWORD", "BORG_PASSPHRASE", "REDISCLI_AUTH", "SQLCMDPASSWORD", "TWINE_PASSWORD", "RCLONE_CONFIG_PASS"}

// credible says that the value of a name that tells is a credential.
func credible(name, value string) bool {
	return random(value) && !easy(value) || slices.Contains(passwordVariables, name) && seriousConstant(value)
}

// serious says that a text which stands where a password does is one that somebody keeps secret.
func serious(s string) bool { return !strings.ContainsAny(s, "${}") && seriousConstant(s) }

// seriousConstant says so of a text that no shell expands, so that a $ may be a part of it.
func seriousConstant(s string) bool {
	return len(s) >= 6 && s[0] != '@' && !placeholder(s) && !easy(s) && (!strings.ContainsAny(s, "${}") || asItIs(s))
}

// filledIn is what somebody who reads a constant may put something in for.
var filledIn = lazily("[{}`\\\\]|^\\$|\\$(?:[(*?#!@$-]|[A-Z_]{2}|$)")

// asItIs says that a constant with a $ is meant as it is, and not to be expanded by whoever reads it.
func asItIs(s string) bool { return !filledIn().MatchString(s) }

// placeholder is a text that stands for a credential and is none.
func placeholder(s string) bool {
	l := strings.ToLower(s)
	for _, w := range []string{"example", "changeme", "change-me", "change_me", "placeholder", "dummy", "xxxx", "your", "todo", "test", "***", "<", "${", "redacted", "12345678", "abcdefgh"} {
		if strings.Contains(l, w) {
			return true
		}
	}
	for _, around := range []string{"__", "%", "@"} { // what a template fills in
		if len(s) > 2*len(around) && strings.HasPrefix(s, around) && strings.HasSuffix(s, around) {
			return true
		}
	}
	return false
}

// household are the words that passwords of services for tests are made of.
var household = strings.NewReplacer("password", "", "passwd", "", "passw0rd", "", "secret", "", "s3cr3t", "", "pass", "", "postgres", "", "mysql", "", "mariadb", "",
	"mongo", "", "redis", "", "rabbit", "", "minio", "", "root", "", "admin", "", "user", "", "guest", "", "local", "", "demo", "", "sample", "", "default", "", "strong", "", "qwerty", "", "letmein", "")

// shortWord is one with a number behind it: app123.
var shortWord = lazily(`^[A-Za-z][a-z]{0,4}[0-9]{0,6}$`)

// easy says that a password is one that protects nothing, so that it may be read by everybody.
func easy(s string) bool {
	l := strings.ToLower(s)
	if rest := household.Replace(l); rest != l {
		return letters(rest) < 4
	}
	return len(s) < 12 && (letters(s) == len(s) && (s == l || s == strings.ToUpper(s)) || letters(s) == 0) || shortWord().MatchString(s)
}

func letters(s string) (n int) {
	for _, r := range s {
		if r|0x20 >= 'a' && r|0x20 <= 'z' {
			n++
		}
	}
	return n
}

// worded is a text of words and numbers: my-app-tls-2024, keyboardcat123, db-credentials-7f8d9c.
var worded = lazily(`^[A-Z]?[a-z]+[0-9]{1,4}$|^(?:[a-z]{2,}|[A-Z][a-z]+|[A-Z]{2,}|v?[0-9]{1,4})(?:[-_.:](?:[a-z]+|[A-Z][a-z]+|[A-Z]+|[vV]?[0-9]{1,8}))+(?:-[a-z0-9]{1,6})?$`)

// base64Key is a key of 30 bytes, as AWS gives them.
var base64Key = lazily(`^[A-Za-z0-9+/]{40}$`)

// random says that a text is long, mixed, and has more information in a character than words have.
func random(s string) bool {
	if len(s) < 12 || s[0] == '@' || placeholder(s) || strings.ContainsAny(s, " /\t\n") && !strings.ContainsAny(s, "+=") && !base64Key().MatchString(s) {
		return false
	}
	var digit, letter bool
	counts := map[rune]float64{}
	for _, r := range s {
		counts[r]++
		digit = digit || r >= '0' && r <= '9'
		letter = letter || r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	if !digit || !letter || worded().MatchString(s) {
		return false
	}
	bits, n := 0.0, float64(len(s))
	for _, k := range counts {
		bits -= k / n * math.Log2(k/n)
	}
	return bits >= 3.2
}

// isLocal says that a text begins with a name of this machine, as a host or in a URL.
func isLocal(s string) bool {
	if scheme, host, isURL := strings.Cut(s, "://"); isURL && !strings.ContainsAny(scheme, " \t\n/:@\"'") {
		s = host
	}
	return slices.ContainsFunc([]string{"localhost", "127.0.0.1", "[::1]", "0.0.0.0"}, func(h string) bool {
		rest, found := strings.CutPrefix(s, h)
		return found && (rest == "" || strings.ContainsAny(rest[:1], ":/ \t\n\"'"))
	})
}
