package script_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/script"
)

// risky are scripts with what must be found in them: "kind: text", in the order of the text, and
// near neighbours in which nothing is.
var risky = []struct {
	text string
	want []string
}{
	// unquoted
	{"echo $msg", []string{"unquoted: $msg"}},
	{"pytest -m $marker", []string{"unquoted: $marker"}},
	{"pytest -m \"$marker\"", nil},
	{"cp ${from} ${to%/}", []string{"unquoted: ${from}", "unquoted: ${to%/}"}},
	{"f() { cp $1 \"$2\"; }", []string{"unquoted: $1"}},
	{"set -- a b; run $@", []string{"unquoted: $@"}},
	{"set -- a b; run $*", []string{"unquoted: $*"}},
	{"set -- a b; run \"$@\"", nil},
	{"IFS=,; set -- $fields; run \"$1\"; set -- $x more", []string{"unquoted: $x"}},
	{"[ $x = y ]", []string{"unquoted: $x"}},
	{"[ -n $files ]", []string{"unquoted: $files"}},
	{"ls $files $FLAGS $extra_args", nil},
	{"cd $dir", []string{"unquoted: $dir"}},
	{"cd $(dirname x)", []string{"unquoted: $(dirname x)"}},
	{"docker build --tag=$(cat TAG) .", []string{"unquoted: $(cat TAG)"}},
	{"docker build --tag=$(git rev-parse HEAD) .", nil},
	{"docker rm $(docker ps -q)", nil},
	{"x=$y; z=\"$x\"; case $x in a) ;; esac", nil},
	{"for f in $list $other; do :; done", nil},
	{"n=3; head -$n f; x=$((n + 1)); echo $x ${#n}", nil},
	{"n=3; n=$m; echo $n", []string{"unquoted: $n"}},
	{"$CC -o x x.c; $cmd", nil},
	{"run ${x:+-v \"$x\"}", nil},
	{"echo hi > $file", nil},
	{"#!bash\necho hi > $file", []string{"unquoted: $file"}},
	{"#!bash\n[[ $x == y ]] && (( x > 1 ))", nil},
	{"#!bash\na=(x y); run ${a[@]}", []string{"unquoted: ${a[@]}"}},
	{"cat <<E\n$x $(date)\nE", nil},
	{"export A=$b; readonly C=$d", nil},
	{"for f in $dir/*.go; do :; done", []string{"unquoted: $dir"}},
	{"for f in \"$dir\"/*.go $list; do :; done", nil},
	{"#!bash\necho $RANDOM $UID ${SECONDS}", nil},
	// first-element
	{"#!bash\na=(x y); run $a \"$a\"", []string{"first-element: $a", "first-element: $a"}},
	{"#!bash\na=(); a+=(x y); run --with=\"$a\" ${a}", []string{"first-element: $a", "first-element: ${a}"}},
	{"#!bash\nmapfile -t lines < f; for l in $lines; do :; done", []string{"first-element: $lines"}},
	{"#!bash\nmapfile -t a <<< \"$a\"; run \"${a[@]}\"", nil},
	{"#!bash\nreadarray -t a < <(tr , '\\n' <<< \"$a\"); mapfile -t b <<E\n$b\nE\nrun \"${a[@]}\" \"$b\"", []string{"first-element: $b"}},
	{"#!bash\n(a=(x y); run \"${a[@]}\"); b=$(a=(x y); echo \"$a\"); echo \"$a$b\"; f | { mapfile -t c; run \"$c\"; }; echo \"$c\"", []string{"first-element: $a", "first-element: $c"}},
	{"#!bash\na=(x y); run \"${a[@]}\"; for a in x y; do run \"$a\"; done", nil},
	{"#!bash\na=(*.go); ls $a", []string{"first-element: $a"}},
	{"#!bash\nf() { local a=(x y); run \"$a\"; }", []string{"first-element: $a"}},
	{"#!bash\nf() { local a=(x y); run \"${a[@]}\"; }; g() { a=$1; run \"$a\"; }", nil},
	{"#!bash\na=y; a=(\"$a\" --quiet); run \"${a[@]}\"", nil},
	{"#!bash\na=(x); run \"$a\"; b=(x y); b=z; run \"$b\"", nil},
	{"#!bash\na=(x y); run \"${a[@]}\" \"${a[0]}\" \"${#a[@]}\" \"${a[*]}\" \"${a:-}\"; [ -n \"$a\" ]; [[ -z $a ]]", nil},
	// unchecked-cd
	{"cd build; make", nil},
	{"(cd build; make) || echo failed", []string{"unchecked-cd: cd build"}},
	{"(cd build && make) || echo failed", nil},
	{"(cd build || exit; make) || echo failed", nil},
	{"if (cd build; make); then :; fi", []string{"unchecked-cd: cd build"}},
	{"if cd build; then make; fi", nil},
	{"! { cd build; make; }", []string{"unchecked-cd: cd build"}},
	{"set +e; cd build; make; set -e", []string{"unchecked-cd: cd build"}},
	{"#!bash\nx=$(cd build; ls)", []string{"unchecked-cd: cd build"}},
	{"x=$(cd build; ls)", nil},
	{"cd build || echo none; make", []string{"unchecked-cd: cd build"}},
	{"cd build || { echo none >&2; }; make", []string{"unchecked-cd: cd build"}},
	{"cd build || { echo none; exit 1; }; make", nil},
	{"cd build || true; make; cd x || exit; cd y || mkdir y; cd z && ls || echo none; pwd", nil},
	{"f() { cd build; make; }; f || echo no", []string{"unchecked-cd: cd build"}},
	{"if f; then :; fi; f() { cd build; make; }", []string{"unchecked-cd: cd build"}},
	{"f() { cd build; make; }; f; g || echo no", nil},
	{"f() { cd build && make; }; f || echo no", nil},
	{"#!bash\nf() { cd build; make; }; x=$(f)", []string{"unchecked-cd: cd build"}},
	{"#!bash\nf() { set -e; cd build; make; }; x=$(f)", nil},
	{"#!bash\nf() { set -e; cd build; make; }; if x=$(f); then :; fi", []string{"unchecked-cd: cd build"}},
	{"#!bash\nf() { set -e; cd build; make; }; f || echo no", []string{"unchecked-cd: cd build"}},
	{"#!bash\nx=$(set -e; cd build; ls)", nil},
	{"#!bash\nx=$(set -e; cd build; ls) || true", []string{"unchecked-cd: cd build"}},
	{"#!bash\nx=$(cd build; ls; set -e)", []string{"unchecked-cd: cd build"}},
	{"f() { cd build; make; }; set +e; f; set -e", []string{"unchecked-cd: cd build"}},
	{"f() { set -e; cd build; make; }; set +e; f; set -e", nil},
	{"cd() { command cd \"$1\" && pwd; }; (cd build; make) || echo failed", nil},
	{"#!bash\nf() { set -e; }; x=$(f; cd build; make)", nil},
	{"#!bash\nf() { set -eu; }; g() { f; }; x=$(g; cd build; make)", nil},
	{"#!bash\nf() { set -e; }; g() { f; cd build; make; }; x=$(g)", nil},
	{"#!bash\nf() (set -e); x=$(f; cd build; make)", []string{"unchecked-cd: cd build"}},
	{"#!bash\nf() { local -; set -e; }; x=$(f; cd build; make)", []string{"unchecked-cd: cd build"}},
	{"f() { local -; set +e; make; }; f; cd build; make", nil},
	{"#!bash\nf() { set -e; }; x=$(cd build; f)", []string{"unchecked-cd: cd build"}},
	{"#!bash\nf() { set -e; }; if (f; cd build; make); then :; fi", []string{"unchecked-cd: cd build"}},
	{"f() { set +e; }; f; cd build; make", []string{"unchecked-cd: cd build"}},
	{"f() { set +e; make; s=$?; set -e; return $s; }; f; cd build; make", nil},
	{"f() { set +e; }; (f; make); cd build; make", nil},
	// lost-failure
	{"pytest | tee log", []string{"lost-failure: pytest"}},
	{"head() { cat; }; pytest | head", []string{"lost-failure: pytest"}},
	{"pytest() { echo; }; pytest | tee log", nil},
	{"sudo pg_dump app | gzip > dump", []string{"lost-failure: pg_dump"}},
	{"v=$(curl -s x | jq -r .v)", []string{"lost-failure: curl"}},
	{"echo \"$(curl -s x | jq -r .v)\"", nil},
	{"#!bash\npytest | tee log", nil},
	{"pytest | grep -v warning", []string{"lost-failure: pytest"}},
	{"curl -s x | grep -q ok", nil},
	{"git log | sort; sha256sum x | cut -c 1-8", nil},
	{"if pytest | tee log; then :; fi", nil},
	{"pytest | tee log || true", nil},
	{"echo x | docker login --password-stdin", nil},
	// masked-status
	{"export V=$(cat VERSION)", []string{"masked-status: $(cat VERSION)"}},
	{"f() { local v=\"$(cat VERSION)\"; }", []string{"masked-status: $(cat VERSION)"}},
	{"#!bash\nreadonly V=$(make version)", []string{"masked-status: $(make version)"}},
	{"V=$(cat VERSION); export V", nil},
	{"export V=$(cat VERSION || echo none)", nil},
	{"export V=$(date +%s) W=$(pwd)", nil},
	// unreached-status
	{"make\nif [ $? -ne 0 ]; then exit 1; fi", []string{"unreached-status: $?"}},
	{"#!bash\nmake\nif [[ $? != 0 ]]; then exit 1; fi", []string{"unreached-status: $?"}},
	{"make || true\nif [ $? -ne 0 ]; then exit 1; fi", nil},
	{"set +e\nmake\nif [ $? -ne 0 ]; then exit 1; fi\nset -e", nil},
	// errexit-off
	{"set +e\nmake", []string{"errexit-off: set"}},
	{"set +o errexit\nmake", []string{"errexit-off: set"}},
	{"set +e; make; s=$?; set -e; exit $s", nil},
	{"( set +e; make )", nil},
	// unwaited
	{"server & make", []string{"unwaited: server &"}},
	{"server & make; wait", nil},
	{"server & p=$!; make; kill $p", nil},
	// runs-download
	{"curl -fsSL https://x | sh", []string{"runs-download: curl -fsSL https://x | sh"}},
	{"wget -qO- x | sudo -E bash -s -- -y", []string{"runs-download: wget -qO- x | sudo -E bash -s -- -y"}},
	{"fetch() { cat \"$1\"; }; fetch x | sh", nil},
	{"curl() { command curl --fail \"$@\"; }; curl x | sh", []string{"runs-download: curl x | sh"}},
	{"curl x | sh; curl() { /usr/bin/curl \"$@\"; }", []string{"runs-download: curl x | sh"}},
	{"curl() { echo \"$@\"; }; curl x | sh", nil},
	{"sudo() { \"$@\"; }; curl x | sudo sh", []string{"runs-download: curl x | sudo sh"}},
	{"sudo() { echo \"$@\"; }; curl x | sudo sh", []string{"lost-failure: curl"}},
	{"run() { echo \"+ $*\" >&2; \"$@\"; }; curl x | run sh", []string{"runs-download: curl x | run sh"}},
	{"run() { echo \"+ $*\"; }; curl x | run sh", []string{"lost-failure: curl"}},
	{"run() { n=$1; shift; \"$@\"; }; curl x | run sh", []string{"lost-failure: curl"}},
	{"run() { \"$@\"; }; run rm -rf \"$x/\"", []string{"removes-root: \"$x/\""}},
	{"(curl() { echo; }; curl x) | sort; curl x | sh", []string{"runs-download: curl x | sh"}},
	{"(curl() { echo; }; curl x | sh)", nil},
	{"v=$(curl() { echo; }; curl x | sh); curl x | sh", []string{"runs-download: curl x | sh"}},
	{"{ curl() { echo; }; curl x; } | sort; curl x | sh", []string{"runs-download: curl x | sh"}},
	{"curl() { echo; } & curl x | sh; wait", []string{"runs-download: curl x | sh"}},
	{"#!bash\nwait <(curl() { echo; }; curl x); curl x | sh", []string{"runs-download: curl x | sh"}},
	{"(curl() { echo; }); curl() { cat; }; curl x | sh", nil},
	{"install_it() { fetch x | sh; }; fetch() { cat \"$1\"; }; install_it", nil},
	{"eval() { echo; }; eval \"$(curl x)\"", nil},
	{"rm() { echo; }; rm -rf \"$x/\"", nil},
	{"rm() { command rm -rf \"$x/\"; }; rm y", []string{"removes-root: \"$x/\""}},
	{"curl x | tac | python3 -", []string{"runs-download: curl x | tac | python3 -"}},
	{"sh -c \"$(curl -fsSL x)\"", []string{"runs-download: sh -c \"$(curl -fsSL x)\""}},
	{"#!bash\nbash <(curl -s x)", []string{"runs-download: bash <(curl -s x)"}},
	{"eval \"$(curl x)\"", []string{"runs-download: eval \"$(curl x)\""}},
	{"#!bash\ncurl x | python3 -m json.tool; curl x | bash -c 'cat'; curl x | sh install.sh", nil},
	{"#!bash\ncurl x | node -e 'x'; curl x | perl -ne 'print'; curl x | ruby -rjson -e 'p 1'; curl x | php -r '1;'", nil},
	{"curl x | sh -e", []string{"runs-download: curl x | sh -e"}},
	{"curl x | perl", []string{"runs-download: curl x | perl"}},
	{"ruby -e \"$(curl -fsSL x)\"", []string{"runs-download: ruby -e \"$(curl -fsSL x)\""}},
	{"python3 -c \"$(wget -qO- x)\" --yes", []string{"runs-download: python3 -c \"$(wget -qO- x)\""}},
	{"#!bash\npython3 <(curl -s x)", []string{"runs-download: python3 <(curl -s x)"}},
	{"sh deploy.sh \"$(curl -s x/version)\"; python3 a.py \"$(curl -s x)\"; . ./env \"$(curl x)\"", nil},
	// removes-root
	{"rm -rf \"$x/\"", []string{"removes-root: \"$x/\""}},
	{"rm -r -f \"${x}\"/*", []string{"removes-root: \"${x}\"/*"}},
	{"rm -rf \"/$x\"", []string{"removes-root: \"/$x\""}},
	{"rm -rf \"$x\"; rm -rf \"$x/cache\"; rm \"$x/\"; rm -rf /srv/\"$x\"", nil},
	{"rm -rf \"${x:?}/\"", nil},
	{"x=build; rm -rf \"$x/\"", nil},
	{"echo a=1 >> PIPE_OUTPUT", []string{"malformed-output: PIPE_OUTPUT"}},
	{"echo \"a: $b\" >> \"$PIPE_OUTPUT\"", []string{"malformed-output: a: "}},
	{"echo \"a$b\" >> \"$PIPE_OUTPUT\"", nil},
	// no-arguments
	{"echo \"$1\"", []string{"no-arguments: $1"}},
	{"echo \"${1:-x}\"; f() { echo \"$1\"; }", nil},
	{"set -- a; echo \"$1\"", nil},
	{"while [ $# -gt 0 ]; do echo \"$1\"; shift; done", nil},
	{"f() { echo \"$#\"; }; echo \"$1\"", []string{"no-arguments: $1"}},
	// bash-only
	{"if [[ -f x ]]; then :; fi", []string{"bash-only: [["}},
	{"source x", []string{"bash-only: source"}},
	{"[ \"$x\" == y ]", []string{"bash-only: =="}},
	{"(( x > 1 ))", []string{"bash-only: (("}},
	{"set -euo pipefail", []string{"bash-only: pipefail"}},
	{"#!bash\nset -euo pipefail; source x; [ \"$x\" == y ]", nil},
	{". ./x; [ \"$x\" = y ]; ( ( a ) )", nil},
	// slips
	{"[ \"$x\" > 5 ]", []string{"test-redirect: >"}},
	{"[ \"$x\" -gt 5 ] > log", nil},
	{"[ \"$x\"=\"y\" ]", []string{"constant-test: \"$x\"=\"y\""}},
	{"[ \"$x\" = y ]; [ \"a=$x\" ]", nil},
	{"x = 5", []string{"not-assignment: x ="}},
	{"$x=5", []string{"not-assignment: $x"}},
	{"x=5; expr = 5 6; env x=5 make", nil},
	{"[-f x ]", []string{"missing-space: [-f"}},
	{"[ -f x ]", nil},
	// emptied-input
	{"jq '.a = 1' package.json > package.json", []string{"emptied-input: > package.json"}},
	{"sort f | uniq > f", []string{"emptied-input: > f"}},
	{"f=x; sed s/a/b/ \"$f\" > \"${f}\"", []string{"emptied-input: > \"${f}\""}},
	{"envsubst < k8s.yml > k8s.yml", []string{"emptied-input: > k8s.yml"}},
	{"while read -r l; do echo \"$l\"; done < f > f", []string{"emptied-input: > f"}},
	{"jq . f > f.new; grep f > f; cat f >> f; echo f > f; sort -o f f; cat f 2> f; cat /dev/null > /dev/null; sed s/a/b/ f > \"$(date)\"", nil},
	{"cat f | tee g > /dev/null; (cat f) > g; : > f; cat f > g; sort g > f", nil},

	// lost-change
	{"ssh h cd /srv && make", []string{"lost-change: cd /srv"}},
	{"ssh h bash -c 'cd /srv && make'", []string{"lost-change: cd"}},
	{"docker exec app sh -c 'cd /srv'; make", []string{"lost-change: cd /srv"}},
	{"sudo cd /srv; make", []string{"lost-change: cd"}},
	{"if ssh h 'cd /srv'; then make; fi; ssh h 'cd /srv' || ssh h 'mkdir /srv'; ! docker exec db sh -c 'cd /data'", nil},
	{"ssh h 'cd /srv && make'; ssh h <<E\ncd /srv\nE\ncommand cd /srv; ssh h make", nil},

	// no-terminal
	{"docker run -it --rm app sh", []string{"no-terminal: docker"}},
	{"docker exec -i -u app --tty db psql", []string{"no-terminal: docker"}},
	{"docker run -i --rm app; docker run -t app; docker run -dit app; docker run --rm app grep -it x; docker exec ${TTY:+-it} app", nil},
	{"if [ -t 1 ]; then docker run -it app; else docker run app; fi", nil},
	{"sudo apt-get install jq", []string{"no-terminal: apt-get"}},
	{"apt-get install --help; kubectl edit --help", nil},
	{"dnf update", []string{"no-terminal: dnf"}},
	{"apt-get update; apt-get install -y jq; apt-get -qqy install jq; apt-get -o APT::Get::Assume-Yes=true install jq; apt-get install $OPTS jq; yes | apt install jq", nil},
	{"apt-get -s install jq; dnf info jq; dnf -y update; zypper -n in jq; pip uninstall -y x; pip install x", nil},
	{"git commit -a", []string{"no-terminal: git"}},
	{"git commit --amend; git rebase -i HEAD~2", []string{"no-terminal: git", "no-terminal: git"}},
	{"git commit -am x; git commit --message=x; git commit -F m; git commit --amend --no-edit; git log commit; GIT_EDITOR=: git commit", nil},
	{"terraform apply", []string{"no-terminal: terraform"}},
	{"terraform -chdir=x destroy -input=false", []string{"no-terminal: terraform"}},
	{"terraform apply tfplan; terraform apply \"$plan\"; terraform apply -auto-approve; terraform plan; echo yes | terraform apply", nil},
	{"docker login ghcr.io -u ci", []string{"no-terminal: docker"}},
	{"docker login -u ci --password-stdin < t; docker system prune -af; printf y | docker volume prune", nil},
	{"docker system prune", []string{"no-terminal: docker"}},
	{"kubectl edit deploy/app; npm login; az login; gh auth login; pulumi up", []string{"no-terminal: kubectl", "no-terminal: npm", "no-terminal: az", "no-terminal: gh", "no-terminal: pulumi"}},
	{"az login --identity; gh auth login --with-token < t; pulumi up --yes; kubectl -n x get pods", nil},
	{"read -r answer", []string{"no-terminal: read"}},
	{"read -r x < VERSION; cat f | { read -r a; echo \"$a\"; }; while read -r l; do echo \"$l\"; done < f; read -r y || y=; echo \"$y$x\"", nil},
	{"exec < f; read -r x; echo \"$x\"", nil},
	{"ssh h 'sudo apt-get install jq'", []string{"no-terminal: apt-get"}},
	{"ssh -t h docker exec -it db psql", []string{"no-terminal: docker"}},
	{"ssh -tt h docker exec -it db psql; ssh -qtt h 'sudo docker run -it app'", nil},
	{"git config core.editor true; git commit --amend", nil},
	{"export TF_CLI_ARGS_apply=-auto-approve; terraform apply", nil},
	{"#!bash\ncoproc bc; read -r -u \"${COPROC[0]}\" sum; echo \"$sum\"", nil},

	// stray-local
	{"local x=1", []string{"stray-local: local"}},
	{"echo; local x=1 y=$z", []string{"stray-local: local"}},
	{"#!bash\nlocal -r x=1", []string{"stray-local: local"}},
	{"#!bash\nlocal x", []string{"stray-local: local"}},
	{"if a; then local v=$(cat VERSION); fi", []string{"stray-local: local"}},
	{"#!bash\nwhile read -r x; do local v=$(cat VERSION); done", []string{"stray-local: local"}},
	{"f() { local x=1; if a; then local y; fi; (local z=1); }; f", nil},
	{"#!bash\nfunction f { local x=1 y; local -n r=$1; }; f", nil},
	{"f() { g() { local x=1; }; g; }; f", nil},
	{"local() { echo; }; local x=1; declare=1; export X=1; readonly Y=2", nil},
	{"#!bash\ndeclare x=1; typeset y=2; echo local x=1; make local", nil},
	{"cat <<E\nlocal x=1\nE\nsh -c 'f() { local x=1; }; f'", nil},
	// outputs
	{"echo a=1 >> \"$PIPE_OUTPUT\"; echo b=2 > \"$PIPE_OUTPUT\"", []string{"lost-output: > \"$PIPE_OUTPUT\""}},
	{"echo a=1 > \"$PIPE_OUTPUT\"; echo b=2 >> \"$PIPE_OUTPUT\"", nil},
	{"echo a=1 >> \"$PIPE_OUTPUT\"; echo b=2 | tee \"$PIPE_OUTPUT\"", []string{"lost-output: \"$PIPE_OUTPUT\""}},
	{"echo hello >> \"$PIPE_OUTPUT\"", []string{"malformed-output: hello"}},
	{"echo 'my-name=1' >> \"$PIPE_OUTPUT\"", []string{"malformed-output: my-name"}},
	{"echo 'a<<E' >> \"$PIPE_OUTPUT\"", []string{"malformed-output: a<<E"}},
	{"echo 'a<<E' >> \"$PIPE_OUTPUT\"; cat x >> \"$PIPE_OUTPUT\"; echo E >> \"$PIPE_OUTPUT\"", nil},
}

func TestRisks(t *testing.T) {
	found := map[script.Kind]bool{}
	for _, tt := range risky {
		s := script.Read(tt.text, dialectOf(tt.text))
		var got []string
		for _, r := range s.Risks {
			found[r.Kind] = true
			got = append(got, string(r.Kind)+": "+tt.text[r.At.Start:r.At.End])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || len(s.Mistakes) > 0 {
			t.Errorf("%s: (-want +got)\n%s%v", tt.text, diff, s.Mistakes)
		}
	}
	for _, k := range script.Kinds {
		if !found[k] {
			t.Errorf("no script has %s", k)
		}
	}
}

// What a shell is started with decides what a failure in it does.
func TestOptions(t *testing.T) {
	none, errexit, all := script.Options{}, script.Options{Errexit: true}, script.Options{Errexit: true, Pipefail: true}
	for _, tt := range []struct {
		text    string
		options script.Options
		want    []string
	}{
		{"cd a; make", none, []string{"unchecked-cd: cd a"}},
		{"cd a; make", errexit, nil},
		{"cd a && make; cd -; cd b", none, nil},
		{"set -e; cd a; make", none, nil},
		{"#!bash\nset -eo pipefail; cd a; x=$(make | tee log)", none, nil},
		{"#!bash\nset -e; x=$(cd a; make)", none, []string{"unchecked-cd: cd a"}},
		{"f() { cd a; make; }; f", none, []string{"unchecked-cd: cd a"}},
		{"set -e; f() { cd a; make; }; f; set +e; f; set -e", none, []string{"unchecked-cd: cd a"}},
		{"make | tee log", none, []string{"lost-failure: make"}},
		{"#!bash\nmake | tee log", none, []string{"lost-failure: make"}},
		{"#!bash\nmake | tee log", errexit, []string{"lost-failure: make"}},
		{"#!bash\nmake | tee log", all, nil},
		{"make | tee log; ls", none, nil},
		{"make | tee log; ls", errexit, []string{"lost-failure: make"}},
		{"if true; then ls; make | tee log; fi", none, []string{"lost-failure: make"}},
		{"if true; then make | tee log; fi; ls", none, nil},
		{"set -e; make | tee log; ls", none, []string{"lost-failure: make"}},
		{"export V=$(cat VERSION); make; if [ $? -ne 0 ]; then exit 1; fi", none, nil},
	} {
		var got []string
		for _, r := range script.ReadAs(tt.text, dialectOf(tt.text), tt.options).Risks {
			got = append(got, string(r.Kind)+": "+tt.text[r.At.Start:r.At.End])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s with %+v: (-want +got)\n%s", tt.text, tt.options, diff)
		}
	}
}

// Edits make the finding go away, and leave a script that can be read.
func TestEdits(t *testing.T) {
	tests := []struct{ text, want string }{
		{"echo $x y${z}w", `echo "$x" y"${z}"w`},
		{"set -- a; run $*", `set -- a; run "$@"`},
		{"export V=$(cat VERSION)", "export V; V=$(cat VERSION)"},
		{"f() { local v=\"$(cat VERSION)\"; }", "f() { local v; v=\"$(cat VERSION)\"; }"},
		{"$x=5", "x=5"},
		{"[-f x ]", "[ -f x ]"},
		{"local x=1 y=\"$z\"; echo", "x=1 y=\"$z\"; echo"},
		{"#!bash\nlocal a=(1 2)", "#!bash\na=(1 2)"},
		{"[ \"$x\" == y ]", `[ "$x" = y ]`},
		{"[ \"$x\" > 5 ]", `[ "$x" -gt 5 ]`},
	}
	for _, tt := range tests {
		d := dialectOf(tt.text)
		got := tt.text
		risks := script.Read(tt.text, d).Risks
		slices.Reverse(risks)
		for _, r := range risks {
			for _, e := range slices.Backward(r.Edits) {
				got = got[:e.At.Start] + e.Text + got[e.At.End:]
			}
			if len(r.Edits) > 0 && r.FixMessage == "" {
				t.Errorf("%s: a fix without a message", tt.text)
			}
		}
		if got != tt.want {
			t.Errorf("%s becomes %s, not %s", tt.text, got, tt.want)
		}
		if after := script.Read(got, d); len(after.Risks) > 0 || len(after.Mistakes) > 0 {
			t.Errorf("%s has %v %v", got, after.Risks, after.Mistakes)
		}
	}
}

// mistaken are scripts that no shell reads, with where and why.
var mistaken = []struct{ text, at, message string }{
	{"echo \"a", `"`, "the quote that opens here is never closed"},
	{"echo it's", "'", "the quote that opens here is never closed"},
	{"echo `date", "`", "the backquote that opens here is never closed"},
	{"if a; then\n  b\n", "if", "the if that starts here never ends: expected fi"},
	{"for x in a; do b\n", "for", "the for that starts here never ends: expected done"},
	{"if a\n  b\nfi", "if", "the if that starts here has no then"},
	{"if a; then\n  b\nfi\nif [ -n \"$x\" ]\n  c\n  d\nelse\n  e\nfi", "if", "the if that starts here has no then"},
	{"if a; then b\nelif c\n  d\nfi", "elif", "the elif that starts here has no then"},
	{"while a\n  if b; then c; fi\ndone", "while", "the while that starts here has no do"},
	{"if a; then while b; do c; done; fi; fi", "fi", "fi stands without then before it"},
	{"if [ -n x ] then\n  a\nfi", "then", "then is only a word here: it belongs behind ; or on a line of its own"},
	{"echo if\nfi", "fi", "fi stands without then before it"},
	{"for x in a b\n  echo\ndone", "for", "the for that starts here has no do"},
	{"while a; b; done", "while", "the while that starts here has no do"},
	{"if a", "if", "the if that starts here has no then"},
	{"while a", "while", "the while that starts here has no do"},
	{"case x in a) b;;", "case", "the case that starts here never ends: expected esac"},
	{"x=$(date", "$(", "the $( that opens here is never closed: expected )"},
	{"x=${y", "${", "the ${ that opens here is never closed: expected }"},
	{"{ a; b", "{", "the { that opens here is never closed: expected }"},
	{"(a", "(", "the ( that opens here is never closed: expected )"},
	{"a; fi", "fi", "fi stands without then before it"},
	{"a; done", "done", "done stands without do before it"},
	{"a )", ")", ") cannot stand in a command"},
	{") a", ")", ") stands without ( before it"},
	{"a; }", "}", "} stands without { before it"},
	{"a |", "|", "expected a command after |"},
	{"a &&\n", "&&", "expected a command after &&"},
	{"&& a", "&&", "expected a command, found &&"},
	{"echo hi >", ">", "expected a word after >"},
	{"cat <<END\nx\n", "<<", "the here-document is never closed: expected a line that is END alone"},
	{"if; then a; fi", "if", "expected a command after if"},
	{"echo a (b)", "(", "( cannot stand in a command"},
	{"echo ${a b}", "b}", "b} does not fit into ${…}: expected }, or an operator such as :-"},
	{"x=$((1 +))", "+", "expected an expression after +"},
	{"a=(1 2)", "(", "arrays are bash, not sh"},
	{"cat <<< x", "<<<", "<<< is bash, not sh"},
	{"diff <(a) <(b)", "<", "<(…) is bash, not sh"},
	{"echo ${x//a/b}", "//a/b}", "${x/a/b} is bash, not sh"},
	{"for ((i=0;i<3;i++)); do :; done", "((", "for ((…)) is bash, not sh"},
	{"if [[ $x =~ (a|b) ]]; then :; fi", "(", "[[ is bash, not sh"},
	{"echo \"${{ inputs.tag }}\"", "${{ inputs.tag }}", "${{ inputs.tag }} is no shell, and nothing is pasted into a script"},
	{"echo ${{ github.ref }} x", "${{ github.ref }}", "${{ github.ref }} is no shell, and nothing is pasted into a script"},
}

func TestMistakes(t *testing.T) {
	for _, tt := range mistaken {
		s := script.Read(tt.text, dialectOf(tt.text))
		if len(s.Mistakes) == 0 {
			t.Errorf("%q is read", tt.text)
			continue
		}
		m := s.Mistakes[0]
		if at := tt.text[m.At.Start:m.At.End]; at != tt.at || m.Message != tt.message {
			t.Errorf("%q:\n at %q, not %q:\n %s\n instead of\n %s", tt.text, at, tt.at, m.Message, tt.message)
		}
		if m.Bash {
			if bash := script.Read(tt.text, script.Bash); len(bash.Mistakes) > 0 {
				t.Errorf("%q is said to be bash: %v", tt.text, bash.Mistakes)
			}
		}
		if m.Foreign && !strings.Contains(m.Help, "reaches the script") && !strings.Contains(m.Help, "reach a script") {
			t.Errorf("%q: help %q", tt.text, m.Help)
		}
	}
	several := script.Read("a ${{ x.y }}\nb \"${{ env.z }}\"\n'${{ fine }}'\n", script.Sh)
	if len(several.Mistakes) != 2 {
		t.Errorf("two expressions of another tool: %v", several.Mistakes)
	}
	if quoted := script.Read("echo '${{ x }}'", script.Sh); len(quoted.Mistakes) > 0 {
		t.Errorf("in single quotes it is text: %v", quoted.Mistakes)
	}
}
