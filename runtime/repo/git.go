package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoGit says that a repository is there and the git program is not.
var ErrNoGit = errors.New("git is not installed, and without it nobody knows which files are ignored")

// maxGit is how many bytes of git's answer are read: a million long names fit many times.
const maxGit = 256 << 20

// git runs the program in one folder.
type git struct {
	dir string
	env []string
}

// newGit drops what would point git elsewhere or make it run other programs.
func newGit(dir string, environ []string) git {
	g := git{dir: dir}
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "GIT_") && !strings.HasPrefix(name, "LC_") && name != "LANGUAGE" {
			g.env = append(g.env, kv)
		}
	}
	// No protocol is called "none": what a clone lacks stays away, whatever would fetch it.
	g.env = append(g.env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none")
	return g
}

// MinimumGit is the oldest git that facts are asked of: it knows config --show-scope.
const MinimumGit = "2.26"

// fixed are the options of every call. A repository's own configuration may name programs: a
// file system monitor, hooks, a pager. And a folder that looks like a bare repository, which
// anyone can commit, is none.
var fixed = []string{"--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull,
	"-c", "safe.bareRepository=explicit", "-c", "core.quotepath=off", "-c", "status.relativePaths=false"}

// gitError is an exit code other than 0.
type gitError struct {
	args   []string
	code   int
	stderr string
}

func (e *gitError) Error() string {
	line, _, _ := strings.Cut(strings.TrimSpace(e.stderr), "\n")
	return fmt.Sprintf("git %s: %s (exit code %d)", e.args[0], strings.TrimPrefix(line, "fatal: "), e.code)
}

// errMuch ends an answer that nobody could use.
var errMuch = fmt.Errorf("its answer is longer than %d MiB", maxGit>>20)

// capped keeps what is written to it, up to a number of bytes. It takes nothing by any other way.
type capped struct {
	buf  bytes.Buffer
	most int
	over bool // more than that came
}

func (c *capped) Write(p []byte) (int, error) {
	if c.over = c.over || c.buf.Len()+len(p) > c.most; c.over {
		return 0, errMuch
	}
	return c.buf.Write(p)
}

// run gives what git writes. Arguments that a stranger may have chosen stand behind "--" or
// in a full ref name, so that none is read as an option.
func (g git) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append(fixed[:len(fixed):len(fixed)], args...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = g.dir, g.env, 5*time.Second
	out, stderr := capped{most: maxGit}, capped{most: maxGit}
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if out.over || stderr.over {
		return nil, fmt.Errorf("git %s: %w", args[0], errMuch)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, g.explain(&gitError{args: args, code: exit.ExitCode(), stderr: stderr.buf.String()})
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out.buf.Bytes(), nil
}

// explain turns git's refusals for the sake of safety into a way out.
func (g git) explain(e *gitError) error {
	switch {
	case strings.Contains(e.stderr, "dubious ownership") || strings.Contains(e.stderr, "unsafe repository"):
		return fmt.Errorf("git refuses to read %s, which belongs to another user: allow it with git config --global --add safe.directory %s", g.dir, quoted(g.dir))
	case strings.Contains(e.stderr, "' not allowed"), strings.Contains(e.stderr, "lazy fetching disabled"):
		return fmt.Errorf("git %s: the clone is partial, and lacks what is asked for: fetch all of it, as with git fetch --refetch --no-filter", e.args[0])
	}
	return e
}

// quoted is a text as one word of a shell, for commands that people copy.
func quoted(s string) string {
	plain := func(r rune) bool {
		return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("-_./+@", r)
	}
	if s != "" && s[0] != '-' && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// line is the first line of what git writes; "" when it ends with a code.
func (g git) line(ctx context.Context, args ...string) string {
	out, err := g.run(ctx, args...)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// names are the parts of NUL-separated output.
func names(out []byte) []string {
	text := strings.TrimSuffix(string(out), "\x00")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// present reports whether there is a repository in the folder or above it.
func (g git) present() bool {
	for dir := g.dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}
