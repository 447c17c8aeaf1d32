package docker_test

import (
	"os"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
	"github.com/pipelang/pipe/runtime/target/host"
)

func TestMain(m *testing.M) {
	host.Helper()
	os.Exit(m.Run())
}

func TestTools(t *testing.T) {
	e := dockertest.Engine(t)
	t.Log(dockertest.Tools(t, e), dockertest.Postgres(t, e))
}
