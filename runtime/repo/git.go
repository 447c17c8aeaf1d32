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
	g.env = append(g.env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1")
	return g
}

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

// run gives what git writes. Arguments that a stranger may have chosen stand behind "--" or
// in a full ref name, so that none is read as an option.
func (g git) run(ctx context.Context, args ...string) ([]byte, error) {
	// A repository's own configuration may name a program as its file system monitor.
	fixed := []string{"--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "core.quotepath=off", "-c", "status.relativePaths=false"}
	cmd := exec.CommandContext(ctx, "git", append(fixed, args...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = g.dir, g.env, 5*time.Second
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, g.explain(&gitError{args: args, code: exit.ExitCode(), stderr: stderr.String()})
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out.Bytes(), nil
}

// explain turns git's refusal for the sake of safety into a way out.
func (g git) explain(e *gitError) error {
	if strings.Contains(e.stderr, "dubious ownership") || strings.Contains(e.stderr, "unsafe repository") {
		return fmt.Errorf("git refuses to read %s, which belongs to another user: allow it with git config --global --add safe.directory %s", g.dir, g.dir)
	}
	return e
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
