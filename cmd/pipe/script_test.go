package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pipelang/pipe/runtime/target/host"
)

func TestMain(m *testing.M) {
	host.Helper()
	if os.Getenv("PIPE_TEST_EMIT") != "" { // a step of the test of masking
		emit()
	}
	if os.Getenv("PIPE_TEST_MAIN") != "" { // this binary stands for pipe
		main()
	}
	testscript.Main(m, map[string]func(){"pipe": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: false,
		Setup: func(env *testscript.Env) error {
			outside, err := os.MkdirTemp("", "pipe-script-")
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(outside) })
			env.Setenv("PIPE_STORE", filepath.Join(outside, "store"))
			env.Setenv("TMPDIR", outside)
			env.Setenv("HOME", filepath.Join(outside, "home"))
			env.Setenv("EXAMPLES", examples(t))
			registries(env)
			for _, name := range []string{"GOPATH", "GOCACHE", "GOMODCACHE"} {
				env.Setenv(name, goEnv(t, name))
			}
			return os.MkdirAll(env.Getenv("HOME"), 0o755)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Getuid() == 0, nil
			case "pytest":
				return exec.Command("python3", "-m", "pytest", "--version").Run() == nil, nil
			case "docker":
				return exec.Command("docker", "info").Run() == nil, nil
			case "node":
				return exec.Command("node", "--test", "--test-reporter=junit", os.DevNull).Run() == nil, nil
			}
			return false, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code":      exitCode,
			"pushimage": pushImage,
			"deletetag": deleteTag,
			"pushshell": pushShellImage,
			"subst":     substitute,
			"images":    imagesOf,
		},
	})
}

// exitCode is `code N COMMAND ARG…`: the command must end with exactly that exit code.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// substitute is `subst FILE…`: $REGISTRY and $GUARDED in the files become what they stand for.
func substitute(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: subst FILE…")
	}
	for _, f := range args {
		text := strings.NewReplacer("$REGISTRY", ts.Getenv("REGISTRY"), "$GUARDED", ts.Getenv("GUARDED")).Replace(ts.ReadFile(f))
		ts.Check(os.WriteFile(ts.MkAbs(f), []byte(text), 0o644))
	}
}

// imagesOf is `images PREFIX`: a program with a static shell for Dockerfiles, busybox, is put
// into the folder, and what the engine has under the prefix goes when the script has ended.
func imagesOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: images PREFIX")
	}
	program, err := exec.LookPath("busybox")
	ts.Check(err)
	text, err := os.ReadFile(program)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("busybox"), text, 0o755))
	ts.Defer(func() {
		out, err := exec.Command("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference="+args[0]+"/*").Output()
		if names := strings.Fields(string(out)); err == nil && len(names) > 0 {
			err = exec.Command("docker", append([]string{"image", "rm", "--force"}, names...)...).Run()
		}
		ts.Check(err)
	})
}

func examples(t *testing.T) string {
	dir, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func goEnv(t *testing.T, name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
