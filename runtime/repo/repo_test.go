package repo

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// work is a repository in the making.
type work struct {
	t       *testing.T
	dir     string
	environ []string
}

func newWork(t *testing.T) *work {
	t.Helper()
	home := t.TempDir()
	w := &work{t: t, dir: filepath.Join(t.TempDir(), "demo")}
	w.environ = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com"}
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

// gitWork is a repository with one commit on main.
func gitWork(t *testing.T) *work {
	t.Helper()
	w := newWork(t)
	w.git("init", "-q", "-b", "main")
	w.write("README", "hello\n")
	w.commit()
	return w
}

func (w *work) git(args ...string) string {
	w.t.Helper()
	return w.gitIn(w.dir, args...)
}

func (w *work) gitIn(dir string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = dir, w.environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (w *work) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *work) commit() {
	w.t.Helper()
	w.git("add", "-A")
	w.git("commit", "-q", "-m", "x")
}

func (w *work) open(more ...string) *Repo {
	w.t.Helper()
	r, err := Capture(context.Background(), w.dir, Options{Environ: append(w.environ, more...)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { r.Close() })
	return r
}

func TestFacts(t *testing.T) {
	tests := map[string]struct {
		make func(t *testing.T) *work
		env  []string
		want Facts // Commit "HEAD" stands for the real one
	}{
		"no git": {newWork, nil, Facts{}},
		"no commits": {func(t *testing.T) *work {
			w := newWork(t)
			w.git("init", "-q", "-b", "main")
			return w
		}, nil, Facts{Branch: "main", Repo: "demo"}},
		"clean": {gitWork, nil, Facts{Branch: "main", Commit: "HEAD", Repo: "demo", DefaultBranch: "main"}},
		"dirty": {func(t *testing.T) *work {
			w := gitWork(t)
			w.write("README", "other\n")
			return w
		}, nil, Facts{Branch: "main", Commit: "HEAD", Dirty: true, Repo: "demo", DefaultBranch: "main"}},
		"untracked": {func(t *testing.T) *work {
			w := gitWork(t)
			w.write("new", "")
			return w
		}, nil, Facts{Branch: "main", Commit: "HEAD", Dirty: true, Repo: "demo", DefaultBranch: "main"}},
		"ignored": {func(t *testing.T) *work {
			w := gitWork(t)
			w.write(".gitignore", "out/\n")
			w.commit()
			w.write("out/x", "")
			return w
		}, nil, Facts{Branch: "main", Commit: "HEAD", Repo: "demo", DefaultBranch: "main"}},
		"tags": {func(t *testing.T) *work {
			w := gitWork(t)
			for _, tag := range []string{"v1.9.0", "v1.10.0", "v1.2.0"} {
				w.git("tag", tag)
			}
			return w
		}, nil, Facts{Branch: "main", Commit: "HEAD", Tag: "v1.10.0", Repo: "demo", DefaultBranch: "main"}},
		"detached": {func(t *testing.T) *work {
			w := gitWork(t)
			w.git("checkout", "-q", "--detach")
			return w
		}, nil, Facts{Commit: "HEAD", Repo: "demo", DefaultBranch: "main"}},
		"detached in CI": {func(t *testing.T) *work {
			w := gitWork(t)
			w.git("checkout", "-q", "--detach")
			return w
		}, []string{"GITLAB_CI=true", "CI_COMMIT_BRANCH=topic", "CI_DEFAULT_BRANCH=trunk"}, Facts{Branch: "topic", Commit: "HEAD", Repo: "demo", DefaultBranch: "trunk"}},
		"origin": {func(t *testing.T) *work {
			w := gitWork(t)
			w.git("remote", "add", "origin", "https://user:token@example.com/owner/name.git")
			w.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
			w.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
			return w
		}, nil, Facts{Branch: "main", Commit: "HEAD", Repo: "owner/name", DefaultBranch: "trunk"}},
		"hostile branch": {func(t *testing.T) *work {
			w := gitWork(t)
			w.git("symbolic-ref", "HEAD", `refs/heads/--upload-pack=x;$(id)"'`)
			w.git("commit", "-q", "--allow-empty", "-m", "x")
			return w
		}, nil, Facts{Branch: `--upload-pack=x;$(id)"'`, Commit: "HEAD", Dirty: false, Repo: "demo", DefaultBranch: "main"}},
		"branch called detached": {func(t *testing.T) *work {
			w := gitWork(t)
			w.git("branch", "-m", "(detached)")
			return w
		}, nil, Facts{Branch: "(detached)", Commit: "HEAD", Repo: "demo"}},
		"git's environment": {gitWork, []string{"GIT_DIR=/nowhere", "GIT_WORK_TREE=/", "GIT_INDEX_FILE=/nowhere", "GIT_CEILING_DIRECTORIES=/"},
			Facts{Branch: "main", Commit: "HEAD", Repo: "demo", DefaultBranch: "main"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := tt.make(t)
			if tt.want.Commit != "" {
				tt.want.Commit = w.git("rev-parse", "HEAD")
			}
			if diff := cmp.Diff(tt.want, w.open(tt.env...).Facts()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRepoName(t *testing.T) {
	for remote, want := range map[string]string{
		"":                                     "",
		"https://github.com/owner/name.git":    "owner/name",
		"https://u:p@host:8443/a/b/c":          "a/b/c",
		"ssh://git@host/owner/name.git/":       "owner/name",
		"git@github.com:owner/name.git":        "owner/name",
		"/srv/git/name.git":                    "name",
		"../name":                              "name",
		"file:///srv/git/name.git":             "name",
		"https://host/":                        "",
		"host:name":                            "name",
		"https://github.com/owner/-name;$(id)": "owner/-name;$(id)",
	} {
		if got := repoName(remote); got != want {
			t.Errorf("%q: %q, want %q", remote, got, want)
		}
	}
}

func TestCaptureErrors(t *testing.T) {
	w := newWork(t)
	if _, err := Capture(context.Background(), filepath.Join(w.dir, "none"), Options{Environ: w.environ}); err == nil {
		t.Error("a folder that does not exist is opened")
	}
	w.write(".git", "gitdir: /nowhere\n")
	if _, err := Capture(context.Background(), w.dir, Options{Environ: w.environ}); err == nil || !strings.Contains(err.Error(), "not a git repository") {
		t.Errorf("broken repository: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Capture(ctx, gitWork(t).dir, Options{Environ: w.environ}); err == nil {
		t.Error("a cancelled capture succeeds")
	}
}

func TestForeignOwner(t *testing.T) {
	w := gitWork(t)
	if os.Getuid() != 0 {
		t.Log("only root can give a file away; git's words are tried instead")
	} else if err := os.Chown(filepath.Join(w.dir, ".git"), 12345, 12345); err != nil {
		t.Fatal(err)
	} else if err := os.Chown(w.dir, 12345, 12345); err != nil {
		t.Fatal(err)
	} else if _, err := Capture(context.Background(), w.dir, Options{Environ: w.environ}); err == nil || !strings.Contains(err.Error(), "safe.directory "+w.dir) {
		t.Errorf("error %v", err)
	}
	err := newGit(w.dir, nil).explain(&gitError{args: []string{"status"}, stderr: "fatal: detected dubious ownership in repository at '/x'"})
	if !strings.Contains(err.Error(), "git config --global --add safe.directory "+w.dir) {
		t.Errorf("error %v", err)
	}
}

func TestWithoutGitProgram(t *testing.T) {
	w := gitWork(t)
	t.Setenv("PATH", t.TempDir())
	r, err := Capture(context.Background(), w.dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Facts() != (Facts{}) {
		t.Errorf("facts %+v", r.Facts())
	}
	if _, err := r.Files(context.Background()); err != ErrNoGit {
		t.Errorf("files: %v", err)
	}
}

// A repository's configuration must not make reading it run programs.
func TestFileSystemMonitorDoesNotRun(t *testing.T) {
	w := gitWork(t)
	mark := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "monitor")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.git("config", "core.fsmonitor", script)
	r := w.open()
	if _, err := r.TreeDigest(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the monitor ran")
	}
}
