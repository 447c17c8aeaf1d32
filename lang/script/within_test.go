package script_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/script"
)

// toldWithin is what is told of a script: mistakes within it and risks with their places, and the commands that others run.
func toldWithin(text string) (out []string) {
	s := script.Read(text, script.Sh)
	for _, m := range s.Within {
		doubt := ""
		if m.Maybe {
			doubt = "?"
		}
		out = append(out, fmt.Sprintf("mistake%s: %s", doubt, text[m.At.Start:m.At.End]))
	}
	for _, r := range s.Risks {
		out = append(out, fmt.Sprintf("%s: %s", r.Kind, text[r.At.Start:r.At.End]))
	}
	for _, c := range s.Commands {
		if c.Elsewhere {
			words := []string{c.Name}
			for _, a := range c.Args {
				words = append(words, text[a.At.Start:a.At.End])
			}
			out = append(out, "there: "+strings.Join(words, " "))
		}
	}
	return out
}

// handed are scripts that give others to shells, with what must be told of those.
var handed = []struct {
	text string
	want []string
}{
	{"sh -c 'if true; echo'", []string{"mistake: if"}},
	{"sudo -u app bash -ec 'diff <(a) <(b)'", nil},
	{"ssh host 'if true; echo'", []string{"mistake?: if"}},
	{"sh -c \"if $x; echo\"", []string{"mistake?: if"}},
	{"ssh -p 22 host 'cd /srv; make'", []string{"unchecked-cd: cd /srv", "there: cd /srv", "there: make "}},
	{"ssh $SSH_OPTS \"$user@$host\" \"cd '/a b' && \\\"./do it\\\"\"", []string{"there: cd '/a b'", "there: ./do it"}},
	{"ssh host sudo systemctl restart app", []string{"there: sudo systemctl restart app", "there: systemctl restart app"}},
	{"ssh host bash -lc \"'cd /x; make'\"", []string{"unchecked-cd: cd /x", "there: bash -lc 'cd /x; make'", "there: cd /x", "there: make "}},
	{"docker exec db sh -c 'pg_dump app | gzip > /b'", []string{"lost-failure: pg_dump", "there: pg_dump app", "there: gzip "}},
	{"docker exec db sh -c 'pg_dump app | gzip > /b' || true", []string{"there: pg_dump app", "there: gzip "}},
	{"ssh host 'echo $a' \"$b\" \"\\$c\"", []string{"unquoted: $a", "unquoted: \\$c", "there: echo $a $b \\$c"}},
	{"ssh host \"rm -rf $dir/\"", []string{"removes-root: $dir/", "there: rm -rf $dir/"}},
	{"dir=/srv/x; ssh host \"rm -rf $dir/\"", []string{"there: rm -rf $dir/"}},
	{"ssh host \"rm -rf $(pwd)/; [ $(id) ] && echo `date`\"", []string{"there: rm -rf $(pwd)/", "there: [ $(id) ]", "there: echo `date`"}},
	{"bash <<'EOF'\ncurl https://x.test | sh\nEOF\n", []string{"runs-download: curl https://x.test | sh"}},
	{"ssh host <<-EOF\n\tcd $dir\n\tmake \\$x\n\tEOF\n", []string{"unchecked-cd: cd $dir", "unquoted: \\$x", "there: cd $dir", "there: make \\$x"}},
	{"ssh host 'bash -se' <<'EOF'\ncd a\nif x\nEOF\n", []string{"mistake: if", "there: bash -se"}},
	{"docker exec -i db bash -euo pipefail <<'EOF'\ncd a\npg_dump x | gzip\nEOF\n", []string{"there: cd a", "there: pg_dump x", "there: gzip "}},
	{"su - app <<EOF\ncd a; make\nEOF\n", []string{"unchecked-cd: cd a", "there: cd a", "there: make "}},
	{"find . -name '*.x' -exec sh -c 'mv \"$1\" \"${1%.x}\"' _ {} \\;", []string{"there: mv \"$1\" \"${1%.x}\""}},
	{"echo sh -c 'if'; grep -c bash 'if (' f; cat > f.sh <<'EOF'\nif\nEOF\n", nil},
	{"bash deploy.sh -c 'if' <<'EOF'\nif (\nEOF\n", nil},
	{"docker run -i bash cat <<'EOF'\nif (\nEOF\n", nil},
	{"ssh -N -L 1:b:1 host <<'EOF'\nif (\nEOF\n", nil},
	{"ssh host 'Get-Service | Where-Object { $_.Status }'; ssh h <<'EOF'\nconfigure\nshow running | include (foo\nEOF\n", nil},
	{"ssh host 'set x (date); echo $x'; ssh host \"/ip address print where x=(y\"", nil},
	{"sh -c \"$(cat x)\"; sh -c \"$x\"; sh -c \"$@\"", nil},
	{"if ssh host 'a | b'; then c; fi; x=$(ssh host 'd | e'); echo \"$x\"", []string{"lost-failure: d", "there: a ", "there: b ", "there: d ", "there: e "}},
}

// A script that another shell gets is read where it stands, through the quotes around it.
func TestWithin(t *testing.T) {
	for _, tt := range handed {
		got := toldWithin(tt.text)
		for i := range got {
			if strings.HasPrefix(got[i], "there: ") && strings.Count(got[i], " ") == 1 {
				got[i] += " "
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.text, diff)
		}
	}
}

// However many shells hand a script on, reading it ends.
func TestWithinIsBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("ssh h ", 20000), strings.Repeat("sh -o ", 20000), strings.Repeat("docker exec x sh -c ", 5000),
		strings.Repeat("sh -c 'a'\n", 5000), "bash <<A\n" + strings.Repeat("bash <<B\n\\$x\nB\n", 2000) + "A\n",
	} {
		if s := script.Read(text, script.Bash); s.Unread {
			t.Errorf("%.20s… is not read", text)
		}
	}
}
