package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// commandLine are options that take a password, of commands by name and first word; one that ends with : takes
// user:password, and one that ends with ! only what stands in the same word.
var commandLine = map[string][]string{
	"docker login": {"-p", "--password"}, "podman login": {"-p", "--password"}, "nerdctl login": {"-p", "--password"}, "oras login": {"-p", "--password"},
	"crane auth": {"-p", "--password"}, "skopeo login": {"-p", "--password"}, "helm registry": {"-p", "--password"}, "helm repo": {"--password"},
	"curl": {"-u:", "--user:", "-U:", "--proxy-user:", "--oauth2-bearer", "--pass"}, "wget": {"--password", "--http-password", "--ftp-password", "--proxy-password"}, "aria2c": {"--http-passwd", "--ftp-passwd"}, "http": {"-a:", "--auth:"},
	"sshpass": {"-p"}, "az login": {"-p", "--password"}, "twine upload": {"-p", "--password"}, "svn": {"--password"}, "cargo": {"--token"}, "dotnet": {"-k", "--api-key"},
	"mysql": mysql, "mysqldump": mysql, "mysqladmin": mysql, "mysqlimport": mysql, "mysqlshow": mysql, "mariadb": mysql, "mariadb-dump": mysql, "mariadb-admin": mysql,
	"mongosh": {"-p", "--password"}, "mongo": {"-p", "--password"}, "mongodump": {"-p", "--password"}, "mongoimport": {"-p", "--password"}, "mongoexport": {"-p", "--password"}, "mongorestore": {"-p", "--password"},
	"redis-cli": {"-a", "--pass"}, "sqlcmd": {"-P"}, "bcp": {"-P"}, "cqlsh": {"-p"}, "clickhouse-client": {"--password"}, "rabbitmqadmin": {"-p", "--password"}, "mosquitto_pub": {"-P", "--pw"}, "mosquitto_sub": {"-P", "--pw"},
	"ldapsearch": {"-w"}, "ldapadd": {"-w"}, "ldapmodify": {"-w"}, "ldapdelete": {"-w"}, "ldapwhoami": {"-w"}, "security unlock-keychain": {"-p"}, "security import": {"-P"}, "xcrun": {"--password"},
	"rclone": {"--sftp-pass", "--webdav-pass", "--ftp-pass", "--smb-pass", "--http-pass", "--crypt-password"}, "aws": {"--master-user-password"}, "az": {"--admin-password"},
	"ssh-keygen": {"-N", "-P"}, "zip": {"-P"}, "unzip": {"-P"}, "7z": {"-p!"}, "gpg": {"--passphrase"}, "gpg2": {"--passphrase"},
	"keytool": {"-storepass", "-keypass"}, "jarsigner": {"-storepass", "-keypass"}, "openssl": {"-passin:", "-passout:", "-pass:"}, "apksigner": {"--ks-pass:", "--key-pass:"},
	"sqlplus": {logon}, "sqlldr": {logon, "password"}, "expdp": {logon}, "impdp": {logon}, "exp": {logonAt}, "imp": {logonAt}, "rman": {logonAt}, "sql": {logonAt}, "sqlcl": {logon},
}

var mysql = []string{"-p!", "--password!"}

// into are commands that run another one, which stands among their words, somewhere else.
var into = []string{"docker", "podman", "nerdctl", "kubectl", "oc", "docker-compose", "podman-compose", "ssh"}

// elsewhere are the words before : that say where a password is, instead of a user.
var elsewhere = []string{"env", "file", "fd", "stdin"}

// keepers are commands whose --secret only names a secret that they keep or mount.
var keepers = []string{"docker", "podman", "nerdctl", "buildah", "buildctl", "gcloud"}

// passwordWords finds passwords in the words of commands.
var passwordWords = rule{
	alone: true,
	script: func(p *pass, o *check.Op, s *script) {
		c := credentialSearch{pass: p, file: s.file}
		words := wordingOf(s)
		for _, cmd := range s.read.Commands {
			c.command(cmd, words)
		}
		c.constants(s)
	},
	op: func(p *pass, o *check.Op) {
		if cmd, ok := execOf(o); ok {
			c := credentialSearch{pass: p, file: o.File.Source}
			words := wording{c.file.Slice, func(at source.Span) source.Span { return at }}
			c.command(cmd, words)
			c.line(cmd)
			if inner := shell.Unwrapped(cmd); inner.At != cmd.At {
				c.command(inner, words)
			}
			s, ok := p.execScript(o)
			if ok {
				c.script(s)
				cmd.Args = slices.DeleteFunc(slices.Clone(cmd.Args), func(a shell.Arg) bool { return a.At.Start >= s.src.Range.Start })
			}
			c.words(cmd)
		}
	},
}

// wording is where the words of commands stand: what is written at a place of theirs, and where that is in the file.
type wording struct {
	written func(source.Span) string
	place   func(source.Span) source.Span
}

func wordingOf(s *script) wording {
	return wording{func(at source.Span) string { return s.src.Text[at.Start:at.End] }, s.span}
}

// part is the place of a part of a word.
func (w wording) part(a shell.Arg, text string) source.Span {
	return w.place(partOf(w.written(a.At), a.At, text))
}

// script looks through the script that exec gives to a shell.
func (c *credentialSearch) script(s *script) {
	words := wordingOf(s)
	for _, cmd := range s.read.Commands {
		c.command(cmd, words)
	}
	place := func(start, end int) source.Span { return s.span(source.Span{Start: int32(start), End: int32(end)}) }
	c.assignments(s.src.Text, place)
	c.constants(s)
	c.piped(s.src.Text, place)
}

// line looks at the first word of an exec, where that is a whole line.
func (c *credentialSearch) line(cmd shell.Command) {
	if !strings.Contains(cmd.Name, " ") {
		return
	}
	raw := c.file.Slice(cmd.At)
	place := func(at source.Span) source.Span { return partOf(raw, cmd.At, cmd.Name[at.Start:at.End]) }
	words := wording{func(at source.Span) string { return cmd.Name[at.Start:at.End] }, place}
	for _, inner := range c.options.Scripts.ReadAs(cmd.Name, shell.Sh, shell.Options{}).Commands {
		c.command(inner, words)
	}
}

// command looks at a command, and at the one that it runs elsewhere.
func (c *credentialSearch) command(cmd shell.Command, words wording) {
	name := path.Base(cmd.Name)
	sub, _, _ := strings.Cut(leading(cmd), " ")
	options := commandLine[name+" "+sub]
	if options == nil {
		options = commandLine[name]
	}
	if options != nil && !slices.ContainsFunc(cmd.Args, func(a shell.Arg) bool { return a.Static && isLocal(a.Text) }) {
		for i := range cmd.Args {
			for _, option := range options {
				if value, ok := passwordIn(cmd, i, option); ok {
					c.tell(words.part(value.word, value.text), fmt.Sprintf("the password of %s is written out here", name))
				}
			}
		}
	}
	for i := range cmd.Args {
		if value, name := randomIn(cmd, i); name != "" && (name != "--secret" || !slices.Contains(keepers, cmd.Name)) {
			c.tell(words.part(value.word, value.text), fmt.Sprintf("the value of %s looks like a credential", name))
		}
	}
	if !slices.Contains(into, name) {
		return
	}
	if i := slices.IndexFunc(cmd.Args, func(a shell.Arg) bool { return a.Static && commandLine[path.Base(a.Text)] != nil }); i > 0 {
		c.command(shell.Command{Name: cmd.Args[i].Text, Args: cmd.Args[i+1:]}, words)
	}
}

// valueIn is a text in a word of a command.
type valueIn struct {
	word shell.Arg
	text string
}

// randomIn is the word that holds the random value of a long option whose name tells, or that stands behind such
// a name, as in aws configure set aws_secret_access_key, with that name.
func randomIn(cmd shell.Command, i int) (value valueIn, option string) {
	word := cmd.Args[i]
	option, text, glued := strings.Cut(word.Text, "=")
	if !glued && i+1 < len(cmd.Args) {
		word = cmd.Args[i+1]
		text = word.Text
	}
	name := strings.TrimLeft(option, "-")
	if name == option && (glued || !strings.Contains(name, "_")) || !word.Static || !tells(name) || !random(text) || strings.Contains(text, "$") && !asItIs(text) {
		return value, ""
	}
	return valueIn{word, text}, option
}

// passwordIn is the word that holds the password which an option takes, when the option stands at a place.
func passwordIn(cmd shell.Command, i int, option string) (value valueIn, ok bool) {
	if option == logon || option == logonAt {
		return logonIn(cmd, i, option)
	}
	option, withUser := strings.CutSuffix(option, ":")
	option, glued := strings.CutSuffix(option, "!")
	word := cmd.Args[i]
	text, found := "", false
	switch {
	case word.Text == option && !glued && i+1 < len(cmd.Args):
		word = cmd.Args[i+1]
		text, found = word.Text, true
	case strings.HasPrefix(option, "--"):
		text, found = strings.CutPrefix(word.Text, option+"=")
	case len(option) == len("-p"):
		text, found = strings.CutPrefix(word.Text, option)
	}
	user := ""
	if withUser && found {
		user, text, found = strings.Cut(text, ":")
		found = found && !slices.Contains(elsewhere, user)
	}
	return valueIn{word, text}, found && word.Static && text != user && seriousConstant(text)
}

// What stands for the way in which Oracle's programs are told who logs on, user/password@database, where the database
// may be left out, and where it may not.
const (
	logon   = "/"
	logonAt = "/@"
)

// loggedOn is a user, a password and perhaps a database.
var loggedOn = lazily(`^(?:userid=)?"?[A-Za-z][A-Za-z0-9_$#.]*"?(?:\[\w+\])?/(?:"([^"]+)"|([^/@"\s\\]+))(?:@(.+))?$`)

// logonIn is the password in a word that says who logs on.
func logonIn(cmd shell.Command, i int, option string) (value valueIn, ok bool) {
	word := cmd.Args[i]
	if !word.Static || strings.IndexByte(word.Text, '/') <= 0 {
		return value, false
	}
	m := loggedOn().FindStringSubmatch(word.Text)
	if m == nil || isLocal(strings.TrimLeft(m[3], "/")) || m[3] == "" && (option == logonAt || slices.ContainsFunc(cmd.Args[:min(i, maxWords)], isOperand)) {
		return value, false
	}
	text := m[1] + m[2]
	return valueIn{word, text}, seriousConstant(text)
}

func isOperand(a shell.Arg) bool { return !strings.HasPrefix(a.Text, "-") }
