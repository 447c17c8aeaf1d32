package docker_test

import (
	"os"
	"testing"

	"github.com/pipelang/pipe/runtime/target/host"
)

func TestMain(m *testing.M) {
	host.Helper()
	os.Exit(m.Run())
}
