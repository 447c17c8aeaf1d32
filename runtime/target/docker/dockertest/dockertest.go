// Package dockertest gives tests a Docker Engine and images that are made of what this machine
// has installed, for none can be pulled everywhere. It is for tests alone, and knows nothing
// of what they test.
package dockertest

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Engine connects to the engine that the docker command would use. Where none answers, the test
// is skipped; with CI=true that is an error.
func Engine(t testing.TB) *docker.Engine {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := docker.Connect(ctx, docker.Endpoint{})
	if err != nil {
		Missing(t, "a Docker engine: "+err.Error())
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// Missing skips a test, loudly, for what this machine lacks.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("CI=true, and this test needs %s: run testdata/prepare.sh", what)
	}
	t.Skipf("SKIPPED %s: it needs %s: run testdata/prepare.sh", t.Name(), what)
}

// Name is a name for something on the engine that no other test has.
func Name(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name()))
	return "pipe-test-" + strings.Trim(name, "-") + "-" + strings.ToLower(time.Now().Format("150405.000000000")[7:])
}
