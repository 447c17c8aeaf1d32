package script_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/script"
)

// TestMissed reads variables which the script sets in vain, and near neighbours that get what is set.
func TestMissed(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"echo a | while read -r x; do last=$x; done; echo $last", "last: within a pipe"},
		{"a=1\necho x | { a=2; echo $a; }; echo $a", ""},
		{"(a=1; echo $a); echo $a", "a: within (…)"},
		{"b=$(a=1; echo $a); echo $b $a", "a: within $(…)"},
		{"a=1 & wait; echo $a", "a: in the background"},
		{"A=1 make; echo $A", "A: one command"},
		{"NAME=x echo \"$NAME\"", "NAME: one command"},
		{"A=1 B=$A make", ""},
		{"A=1 export B; echo $A", ""},
		{"A=1 make; A=2; echo $A", ""},
		{"f() { local a=1; g; }; g() { echo $a; }; f; echo $a", "a: local to a function"},
		{"f() { a=1; }; f; echo $a", ""},
		{"f() { echo $a; }; a=1; f", ""},
		{"#!bash\nf() { declare -g a=1; }; f; echo $a", ""},
		{"#!bash\ndeclare a=1; echo $a", ""},
		{"#!bash\nf() { declare -gx a=1; typeset -gA b=([x]=1); }; f; echo $a ${b[x]}", ""},
		{"#!bash\nf() { declare -rx a=1; }; f; echo $a", "a: local to a function"},
		{"echo $a; a=1", "a: only further down"},
		{"a=$a:x; echo $a", "a: only further down"},
		{"for x in 1 2; do if [ $x = 2 ]; then echo $a; fi; a=$x; done", ""},
		{"while [ -n x ]; do while :; do echo $a; done; a=1; done", ""},
		{"if true; then a=1; fi; echo $a", ""},
		{"cat <<E\n$a\nE\na=1", "a: only further down"},
		{"a=1; cat <<E | grep x\n$a\nE", ""},
		{"(a=1; cat <<E)\n$a\nE", ""},
		{"{ a=1; cat <<E; } | sort\n$a $(echo $a)\nE", ""},
		{"(a=1); cat <<E\n$a\nE", "a: within (…)"},
		{"(a=1; cat) <<E\n$a\nE", "a: within (…)"},
		{"for a in $b; do :; done; echo $a; b=1", "b: only further down"},
		{"i=0; while [ $i -lt 3 ]; do i=$((i + 1)); done", ""},
		{"#!bash\nfor ((i=0; i<3; i++)); do echo $i; done", ""},
		{"#!bash\nshopt -s lastpipe; echo x | read -r a; echo $a", ""},
		{"#!bash\nread -r a < <(echo x); echo $a", ""},
		{"#!bash\nmapfile -t l <<< x; echo \"${l[@]}\"", ""},
		{"#!bash\ndiff <(a=1) <(echo $a)", "a: within $(…)"},
		{": ${a:=1}; echo $a", ""},
		{"#!bash\nf() { local -n r=$1; r=1; }; f a; (a=1); echo $a", ""},
		{". ./env; (a=1); echo $a", ""},
		{"trap 'rm -f \"$t\"' EXIT; t=1", ""},
		{"getopts ab o; echo $o", ""},
	} {
		var got []string
		for _, v := range script.Read(tt.text, dialectOf(tt.text)).Reads {
			if v.Missed != nil && !v.Guarded {
				got = append(got, v.Name+": "+v.Missed.Why)
			}
		}
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !meets(got[0], tt.want)) {
			t.Errorf("%s\n got %q\nwant %q", tt.text, got, tt.want)
		}
	}
}

// meets says that a finding is about the name, and says what is wanted of it.
func meets(got, want string) bool {
	name, why, _ := strings.Cut(want, ": ")
	return strings.HasPrefix(got, name+": ") && strings.Contains(got, why)
}
