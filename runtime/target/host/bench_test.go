package host_test

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/pipelang/pipe/runtime/target"
)

// twoAtATime runs work b.N times from two goroutines.
func twoAtATime(b *testing.B, work func()) {
	next := make(chan struct{})
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for range next {
				work()
			}
		})
	}
	b.ResetTimer()
	for range b.N {
		next <- struct{}{}
	}
	close(next)
	workers.Wait()
	b.StopTimer()
}

// BenchmarkBareFork is what BenchmarkTrue is measured against.
func BenchmarkBareFork(b *testing.B) {
	twoAtATime(b, func() {
		if err := exec.Command("sh", "-c", "true").Run(); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkTrue is a step with an empty workspace that does nothing.
func BenchmarkTrue(b *testing.B) {
	bench := open(b, nil)
	job := empty()
	job.Scripts = script("true")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	twoAtATime(b, func() { runOnce(b, bench, ctx, job) })
}

func runOnce(b *testing.B, bench *bench, ctx context.Context, job target.Job) {
	a, err := bench.Session.Start(ctx, job, nil)
	if err != nil {
		b.Error(err)
		return
	}
	if e := a.Exit(); e.Code != 0 {
		b.Errorf("%+v\n%s", e, a.Stderr())
	}
	if err := a.Close(); err != nil {
		b.Error(err)
	}
}

// BenchmarkWorkspace is a step in the whole of a repository of 10,000 files, one after the other.
func BenchmarkWorkspace(b *testing.B) {
	files := tree{".gitignore": "ignored*\n"}
	for i := range 10_000 {
		files[fmt.Sprintf("dir%d/file%d", i/100, i)] = "content of file " + strconv.Itoa(i)
	}
	for i := range 20 {
		files[fmt.Sprintf("dir%d/ignored", i)] = "x"
	}
	for _, kind := range []string{"overlay", "reflink", "copy", "inputs"} {
		bench, job := benchJob(b, files, kind)
		if a, err := bench.Session.Start(b.Context(), job, nil); err != nil {
			b.Logf("%s: %v", kind, err)
		} else {
			must(b, a.Close())
			b.Run(kind, func(b *testing.B) {
				for b.Loop() {
					runOnce(b, bench, b.Context(), job)
				}
			})
		}
	}
}

func benchJob(b *testing.B, files tree, kind string) (*bench, target.Job) {
	job := whole()
	job.Scripts = script("true")
	forced := kind
	if kind == "inputs" {
		job.AllTree, job.Inputs, forced = false, []string{"dir1/**"}, "overlay"
	}
	return open(b, files, "PIPE_WORKSPACE="+forced), job
}
