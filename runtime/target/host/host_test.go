package host_test

import (
	"os"
	"testing"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
	"github.com/pipelang/pipe/runtime/target/targettest"
)

func TestMain(m *testing.M) {
	host.Helper()
	os.Exit(m.Run())
}

type (
	bench    = targettest.Bench
	tree     = targettest.Tree
	recorder = targettest.Recorder
)

var (
	whole, empty, script, waitFor       = targettest.Whole, targettest.Empty, targettest.Script, targettest.WaitFor
	must, write, git, read              = targettest.Must, targettest.Write, targettest.Git, targettest.Read
	exists, realPath, contextWithCancel = targettest.Exists, targettest.RealPath, targettest.ContextWithCancel
)

func newBench(t testing.TB, files tree, env ...string) *bench {
	t.Helper()
	return targettest.New(t, host.New().Open, files, env...)
}

func open(t testing.TB, files tree, env ...string) *bench {
	t.Helper()
	return newBench(t, files, env...).Open()
}

func openTarget(b *bench) (target.Session, error) { return host.New().Open(b.Context(), b.Run) }
