package lint

import (
	"slices"
	"strings"
	"unicode"

	"github.com/pipelang/pipe/compiler/check"
	shell "github.com/pipelang/pipe/lang/script"
)

// acts says that a step may well change something that a person has to agree to, by its name or by what it runs,
// though no command is known for certain to do so.
func (p *pass) acts(s *check.Step) bool {
	switch {
	case speaksOfActing(s.Name):
		return true
	case s.Op != nil:
		return speaksOfActing(s.Op.Name) || slices.ContainsFunc(p.commands(s.Op), acting)
	case s.Pipeline != nil:
		return speaksOfActing(s.Pipeline.Name)
	}
	return false
}

// actingWords are the parts of a name that speak of changing what others see.
var actingWords = map[string]bool{}

// remote are the programs that work on another machine or service.
var remote = map[string]bool{}

func init() {
	for w := range strings.FieldsSeq(`deploy deploys deployed deployment redeploy release released releases publish published ship shipped promote promoted rollout
		rollback roll apply applied migrate migrated migration migrations upload uploaded switch switched live launch launched provision destroy delete drop cutover
		restart upgrade activate install rotate restore failover scale`) {
		actingWords[w] = true
	}
	for w := range strings.FieldsSeq(`ssh scp sftp rsync aws gcloud gsutil az doctl oci ibmcloud rclone s3cmd mc psql mysql mariadb mongosh redis-cli sqlcmd ansible salt
		http xh httpie lftp ftp kubectl helm`) {
		remote[w] = true
	}
}

func speaksOfActing(name string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), func(w string) bool {
		return actingWords[strings.ToLower(w)]
	})
}

// acting says that a command works elsewhere, sends something, or says that it acts.
func acting(c shell.Command) bool {
	switch name := program(c.Name); {
	case name == "echo" || name == "printf":
		return false
	case remote[name], speaksOfActing(name):
		return true
	case name == "curl" || name == "wget":
		return slices.ContainsFunc(c.Args, sends)
	}
	return slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
		return a.Static && !strings.HasPrefix(a.Text, "-") && !strings.ContainsAny(a.Text, " /") && speaksOfActing(a.Text)
	})
}

// sends says that a word makes curl or wget send something.
func sends(a shell.Arg) bool {
	for _, long := range []string{"--data", "--request", "--upload-file", "--form", "--json", "--post", "--body", "--method"} {
		if strings.HasPrefix(a.Text, long) {
			return true
		}
	}
	return len(a.Text) > 1 && a.Text[0] == '-' && strings.IndexByte("dXTF", a.Text[1]) >= 0
}
