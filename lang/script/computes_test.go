package script_test

import (
	"testing"

	"github.com/pipelang/pipe/lang/script"
)

func TestComputes(t *testing.T) {
	for text, want := range map[string]string{
		`git rev-parse HEAD`:                                     "prints",
		`git log --format=%s | head -1`:                          "prints",
		`git show --output=x HEAD`:                               "",
		`git push`:                                               "",
		`git describe --exact-match`:                             "",
		`version=$(git describe --tags || echo none)`:            "only",
		`echo "v=$(cat VERSION | tr -d '\n')" >> "$PIPE_OUTPUT"`: "only",
		`{ echo a=1; echo b=2; } >> "$PIPE_OUTPUT"`:              "only",
		`echo a=1 >> "$PIPE_OUTPUT"; echo done`:                  "prints",
		`echo failed >&2`:                                        "",
		`date -Iseconds > stamp 2>/dev/null`:                     "only",
		`date > ../stamp`:                                        "",
		`date > "$HOME/stamp"`:                                   "",
		`date -s 12:00`:                                          "",
		`sed -i.bak s/a/b/ f`:                                    "",
		`sed -n 's/a/b/p' f`:                                     "prints",
		`if grep -q x f; then n=1; elif [ -d d ]; then n=2; else n=3; fi`: "only",
		`if ! test -f x; then n=1; fi`:                                    "only",
		`[ -f go.mod ]`:                                                   "",
		`[ -f go.mod ] && n=1`:                                            "",
		`[ -f go.mod ] || n=1`:                                            "only",
		`grep -q x f`:                                                     "",
		`! true`:                                                          "",
		`exit 1`:                                                          "",
		`for f in a b; do n="$n $(basename $f)"; done`: "only",
		`case $x in a) n=1 ;; *) make ;; esac`:         "",
		`case $x in $(make)) n=1 ;; esac`:              "",
		`: "${TOKEN:?is missing}"`:                     "",
		`echo "$((1 + $(make)))"`:                      "",
		`make`:                                         "",
		`sleep 1 &`:                                    "",
		`f() { make; }; f`:                             "",
		`"$tool" x`:                                    "",
		`cat <<END
$(make)
END`: "",
		`if`: "",
	} {
		got := ""
		only, prints := script.Computes(text, script.Sh)
		switch {
		case only && prints:
			got = "prints"
		case only:
			got = "only"
		}
		if got != want {
			t.Errorf("%s: %q, expected %q", text, got, want)
		}
	}
	if only, _ := script.Computes(`if [[ $x == a ]]; then n=1; fi; diff <(make) b`, script.Bash); only {
		t.Error("a process substitution runs what nobody looked at")
	}
	if only, _ := script.Computes(`if [[ $x == a ]]; then n=1; fi`, script.Bash); !only {
		t.Error("a condition only asks")
	}
}
