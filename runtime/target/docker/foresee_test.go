package docker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// What would not start is known of an image that is there, and of no other; nothing is started and
// nothing left for it.
func TestForesee(t *testing.T) {
	e := dockertest.Engine(t)
	shell, foreign := dockertest.Shell(t, e), foreignImage(t, e)
	run := newRun(t)
	run.ID = "foresee-" + dockertest.Name(t)
	s, err := docker.Target{}.Open(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ image, program, want string }{
		{shell, "sh", ""},
		{shell, "python3", `"python3" is not in PATH`},
		{shell, "/bin/sh", ""},
		{shell, "/bin/none", `"/bin/none" does not exist`},
		{shell, "", ""},
		{"pipe-test/none:1", "python3", ""},
		{foreign, "", "it is for linux/" + otherProcessor(t, e) + ", and the engine runs linux/"},
	} {
		got, err := s.(target.Foreseer).Foresee(t.Context(), tt.image, tt.program)
		if err != nil || !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s, %q: %q, %v; want %q", tt.image, tt.program, got, err, tt.want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	left, err := e.Client().ContainerList(context.WithoutCancel(t.Context()), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "pipe.run="+run.ID))})
	if err != nil || len(left) > 0 {
		t.Errorf("%d containers are left, %v", len(left), err)
	}
}

// otherProcessor is one whose programs the engine does not run.
func otherProcessor(t *testing.T, e *docker.Engine) string {
	t.Helper()
	runs, err := e.Platforms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"s390x", "ppc64le", "riscv64", "arm64"} {
		if !strings.Contains(fmt.Sprint(runs), p) {
			return p
		}
	}
	dockertest.Missing(t, "a processor that the engine does not emulate")
	return ""
}

// foreignImage is an image for another processor.
func foreignImage(t *testing.T, e *docker.Engine) string {
	t.Helper()
	name := dockertest.Name(t) + "-foreign:1"
	text := "FROM scratch\nLABEL a=b"
	if _, err := build.Build(t.Context(), e, build.Request{Context: t.TempDir(), Text: &text, Display: "Dockerfile", Tags: []string{name}, Platforms: []string{"linux/" + otherProcessor(t, e)}}, func(string, []byte) {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dockertest.Remove(t, e, name) })
	return name
}
