package dockertest

import (
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Shell gives a small image with a shell and a few programs.
func Shell(t testing.TB, e *docker.Engine) string {
	t.Helper()
	return Installed(t, e, "shell", []string{"sh", "cat", "ls", "head", "sleep", "true", "echo"}, nil)
}
