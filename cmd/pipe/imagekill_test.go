package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// engineOrSkip skips a test, loudly, where no engine or no static shell is.
func engineOrSkip(t *testing.T) {
	t.Helper()
	for _, argv := range [][]string{{"docker", "info"}, {"busybox", "true"}} {
		if err := exec.Command(argv[0], argv[1:]...).Run(); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("CI=true, and this test needs %s: %v", argv[0], err)
			}
			t.Skipf("SKIPPED %s: it needs %s: %v", t.Name(), argv[0], err)
		}
	}
}

// repository writes files, and a static shell beside them.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	program, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	files["busybox"], files["pipe.toml"] = string(text), "pipe = \"0.1\"\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// running is a pipe that runs in a folder.
func running(t *testing.T, dir string, args ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	return started(t, dir, append([]string{"run"}, args...)...)
}

// started is a pipe in a folder, with a store there.
func started(t *testing.T, dir string, args ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), exe, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PIPE_TEST_MAIN=1", "PIPE_STORE="+filepath.Join(dir, ".store"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// until reads lines up to one that holds a text.
func until(t *testing.T, out io.Reader, text string) {
	t.Helper()
	untilTimes(t, out, text, 1)
}

// untilTimes reads lines up to the last of so many that hold a text. What was read beyond it is lost.
func untilTimes(t *testing.T, out io.Reader, text string, times int) {
	t.Helper()
	var all strings.Builder
	for s := bufio.NewScanner(out); s.Scan(); {
		all.WriteString(s.Text() + "\n")
		if times -= strings.Count(s.Text(), text); times == 0 {
			return
		}
	}
	t.Fatalf("%d times less %q than expected in\n%s", times, text, &all)
}

// eventually waits for something that must come.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s, after a minute", what)
		}
	}
}

// processes are those of this machine whose command line holds a text.
func processes(text string) (n int) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), text) {
			n++
		}
	}
	return n
}

// unnamed are the IDs of the engine's images without a name that hold a label.
func unnamed(t *testing.T, label string) string {
	t.Helper()
	out, err := exec.Command("docker", "images", "--quiet", "--no-trunc", "--filter", "dangling=true", "--filter", "label="+label).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// A pipe that is killed while it builds leaves nothing running and no image, and the next run
// builds as if nothing had been.
func TestKilledWhileBuilding(t *testing.T) {
	engineOrSkip(t)
	label := fmt.Sprintf("pipe-test=%d", time.Now().UnixNano())
	pause := fmt.Sprintf("600.%09d", time.Now().UnixNano()%1e9)
	dockerfile := "FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/sleep\nLABEL " + label + "\nARG PAUSE\nRUN echo resting; sleep $PAUSE\n"
	sessions := ownSessions(t)
	dir := repository(t, map[string]string{"Dockerfile": dockerfile, "ci.pipe": `use "std/image"

pipeline main(pause: string) {
  built = image.build(tag: "pipe-test-killed", args: {"PAUSE": pause})
}
`})
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", "pipe-test-killed").Run() })
	cmd, out := running(t, dir, "pause="+pause)
	until(t, out, "│ resting")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "the instruction still runs", func() bool { return processes(pause) == 0 })
	if exec.Command("docker", "image", "inspect", "pipe-test-killed").Run() == nil {
		t.Error("an image was named")
	}
	cmd, out = running(t, dir, "pause=0")
	until(t, out, "built ✓ succeeded")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if ids := unnamed(t, label); ids != "" {
		t.Errorf("images without a name are left: %s", ids)
	}
	if left := leftBehind(t, sessions); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A pipe that is killed while it pushes leaves nothing behind that going on with its run does not mend:
// what was built is not built again, and the push is done again.
func TestKilledWhilePushing(t *testing.T) {
	engineOrSkip(t)
	begun, release := make(chan struct{}, 64), make(chan struct{})
	served := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			begun <- struct{}{}
			select {
			case <-release:
			case <-r.Context().Done():
				return
			}
		}
		served.ServeHTTP(w, r)
	}))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	label := fmt.Sprintf("pipe-test=%d", time.Now().UnixNano())
	sessions := ownSessions(t)
	dir := repository(t, map[string]string{"Dockerfile": "FROM scratch\nCOPY busybox /bin/sh\nLABEL " + label + "\n", "ci.pipe": `use "std/image"

pipeline main(host: string) {
  built = image.build(tag: "${host}/app:1")
  pushed = image.push(image: built.image)
}
`})
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", host+"/app:1").Run() })
	cmd, out := running(t, dir, "host="+host)
	awaits(t, begun, out, "it pushed")
	written := regexp.MustCompile(`(?s)"step": *"built",\s*"status": *"succeeded".*"step": *"pushed".*"started"`)
	eventually(t, "the push is not written down", func() bool {
		show, out := started(t, dir, "show", "--format", "json")
		text, _ := io.ReadAll(out)
		return show.Wait() == nil && written.Match(text)
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	close(release)
	cmd, out = started(t, dir, "resume")
	all, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil || strings.Contains(string(all), "built  ▸") || !strings.Contains(string(all), "succeeded (2 attempts)") {
		t.Errorf("%v\n%s", err, all)
	}
	if ids := unnamed(t, label); ids != "" {
		t.Errorf("images without a name are left: %s", ids)
	}
	if left := leftBehind(t, sessions); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
