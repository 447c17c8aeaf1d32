package conformance

import (
	"testing"

	"github.com/pipelang/pipe/runtime/target/targettest"
)

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

func (p Place) newBench(t testing.TB, files tree) *bench {
	t.Helper()
	return targettest.New(t, p.session, files, p.Environ...)
}

func (p Place) open(t testing.TB, files tree) *bench {
	t.Helper()
	return p.newBench(t, files).Open()
}
