package docker

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
)

// command is the command line of the container. One script runs as it is; several are run by a
// shell in the same container, which marks in the output where each begins and how it ended.
func (a *attempt) command() ([]string, error) {
	if len(a.job.Exec) > 0 {
		return a.job.Exec, nil
	}
	if len(a.job.Scripts) == 0 {
		return []string{"/bin/true"}, nil
	}
	if len(a.job.Scripts) == 1 && !a.job.Scripts[0].OnFailure {
		return a.Command(0)
	}
	return a.conduct()
}

// conduct writes the program that runs several scripts.
func (a *attempt) conduct() ([]string, error) {
	a.nonce = rand.Text()
	text, err := a.conductor()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(a.Beside(), conductorName), []byte(text), 0o644); err != nil {
		return nil, err
	}
	return []string{"sh", beside + "/" + conductorName}, nil
}

const conductorName = "op.run"

// conductor is a program for sh that does what the host does: scripts in order up to the first
// that fails, then those for failures. Its functions have names that no script inherits.
//
// A mark is a record separator, the attempt's nonce, a word, another record separator and a line
// break, without which the engine's log would wait for the rest of the line, on both streams: "b2" begins the script with index 2, "e2.7" ends it with code 7, "m2" says that
// its interpreter is missing.
func (a *attempt) conductor() (string, error) {
	var b strings.Builder
	b.WriteString("unset TINI_KILL_PROCESS_GROUP\n")
	fmt.Fprintf(&b, "pipe_mark() { printf '\\036%s %%s\\036\\n' \"$1\"; printf '\\036%s %%s\\036\\n' \"$1\" >&2; }\n", a.nonce, a.nonce)
	b.WriteString("pipe_told=\ntrap 'pipe_told=1' INT\npipe_code=0\npipe_failed=\n")
	b.WriteString(`pipe_run() {
pipe_i=$1 pipe_codes=$2
shift 2
pipe_mark "b$pipe_i"
if command -v "$1" >/dev/null 2>&1; then
"$@"
pipe_last=$?
pipe_mark "e$pipe_i.$pipe_last"
else
pipe_last=127
pipe_mark "m$pipe_i"
fi
case $pipe_codes in *" $pipe_last "*) [ "$pipe_last" != 127 ] || command -v "$1" >/dev/null 2>&1 ;; *) false ;; esac
}
`)
	for _, onFailure := range []bool{false, true} {
		for i, s := range a.job.Scripts {
			if s.OnFailure != onFailure {
				continue
			}
			args, err := a.Command(i)
			if err != nil {
				return "", err
			}
			b.WriteString(a.step(i, onFailure, args))
		}
	}
	b.WriteString("[ -z \"$pipe_told\" ] || [ \"$pipe_code\" != 0 ] || exit 130\nexit $pipe_code\n")
	return b.String(), nil
}

func (a *attempt) step(i int, onFailure bool, args []string) string {
	quoted := make([]string, len(args))
	for j, arg := range args {
		quoted[j] = quote(arg)
	}
	call := fmt.Sprintf("pipe_run %d %s %s", i, quote(a.goodCodes()), strings.Join(quoted, " "))
	if onFailure {
		return fmt.Sprintf("if [ -n \"$pipe_failed\" ] && [ -z \"$pipe_told\" ]; then\n%s || :\nfi\n", call)
	}
	return fmt.Sprintf("if [ -z \"$pipe_failed$pipe_told\" ]; then\nif %s; then pipe_code=$pipe_last; else pipe_code=$pipe_last pipe_failed=1; fi\nfi\n", call)
}

// goodCodes are the exit codes that let the next script run, with a blank around each.
func (a *attempt) goodCodes() string {
	codes := a.job.SuccessCodes
	if codes == nil {
		codes = []int{0}
	}
	out := " "
	for _, c := range codes {
		out += fmt.Sprintf("%d ", c)
	}
	return out
}

func (a *attempt) good(code int) bool {
	if a.job.SuccessCodes == nil {
		return code == 0
	}
	return slices.Contains(a.job.SuccessCodes, code)
}

// quote writes a text as one word of sh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// missing says of a program that the engine's init could not start what the host would.
func (a *attempt) missing() error {
	name, why := a.args[0], a.initSaid
	said := fmt.Sprintf("%q is not in PATH", name)
	switch {
	case strings.Contains(name, "/") && strings.Contains(why, "No such file"):
		said = fmt.Sprintf("%q does not exist", name)
	case strings.Contains(why, "ermission denied"): // the init says no more than that
		said = fmt.Sprintf("%q is not executable", name)
	case strings.Contains(why, "ormat error"):
		said = fmt.Sprintf("%q is no program for this engine's processor: build it, or choose an image, for the engine's platform", name)
	}
	if len(a.job.Exec) == 0 {
		said = "interpreter " + said
	}
	return &target.NoProgramError{Text: said}
}
