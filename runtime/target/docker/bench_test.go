package docker_test

import (
	"context"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// benchSteps is how many containers one figure is of.
const benchSteps = 50

// BenchmarkSteps compares steps one after the other with `docker run --rm` of the same, in turn:
// a busy machine slows both alike.
func BenchmarkSteps(b *testing.B) {
	e := dockertest.Engine(b)
	image, s := dockertest.Shell(b, e), benchSession(b)
	for b.Loop() {
		var ours, theirs time.Duration
		for range benchSteps {
			ours += timed(func() { step(b, s, image) })
			theirs += timed(func() {
				if out, err := exec.Command("docker", "run", "--rm", image, "sh", "-eu", "-c", "true").CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
			})
		}
		b.ReportMetric(float64(ours)/float64(theirs), "of-docker-run")
		b.ReportMetric(float64(ours.Milliseconds())/benchSteps, "ms/step")
	}
}

// BenchmarkWide compares steps four at a time with the engine's own calls at the same width.
func BenchmarkWide(b *testing.B) {
	e := dockertest.Engine(b)
	image, s := dockertest.Shell(b, e), benchSession(b)
	for b.Loop() {
		var ours, theirs time.Duration
		for range benchSteps / 10 {
			ours += timed(func() { wide(10, func() { step(b, s, image) }) })
			theirs += timed(func() { wide(10, func() { raw(b, e, image) }) })
		}
		b.ReportMetric(float64(ours)/float64(theirs), "of-raw-API")
	}
}

// BenchmarkAhead measures what containers that are made ahead of time would save: the time that
// making takes, of all that a container takes.
func BenchmarkAhead(b *testing.B) {
	e := dockertest.Engine(b)
	image := dockertest.Shell(b, e)
	for b.Loop() {
		var making, all time.Duration
		for range benchSteps {
			all += timed(func() { making += raw(b, e, image) })
		}
		b.ReportMetric(float64(making)/float64(all), "making-of-all")
	}
}

func benchSession(b *testing.B) target.Session {
	b.Helper()
	s, err := docker.New(docker.Endpoint{}).Open(b.Context(), newRun(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

func step(b *testing.B, s target.Session, image string) {
	a, err := s.Start(b.Context(), job(image, "true"), nil)
	if err != nil {
		b.Error(err)
		return
	}
	if err := a.Close(); err != nil || a.Exit().Code != 0 {
		b.Errorf("%+v, %v", a.Exit(), err)
	}
}

// wide runs something n times, four at a time.
func wide(n int, do func()) {
	slots := make(chan struct{}, 4)
	var all sync.WaitGroup
	for range n {
		slots <- struct{}{}
		all.Go(func() {
			do()
			<-slots
		})
	}
	all.Wait()
}

// raw is one container by the engine's own calls, and gives the time that making it took.
func raw(b *testing.B, e *docker.Engine, image string) time.Duration {
	api, ctx := e.Client(), context.Background()
	began := time.Now()
	made, err := api.ContainerCreate(ctx, &container.Config{Image: image, Cmd: []string{"sh", "-eu", "-c", "true"}}, nil, nil, nil, "")
	making := time.Since(began)
	if err != nil {
		b.Error(err)
		return making
	}
	exit, failed := api.ContainerWait(ctx, made.ID, container.WaitConditionNextExit)
	if err := api.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		b.Error(err)
	} else {
		select {
		case <-exit:
		case err := <-failed:
			b.Error(err)
		}
	}
	if err := api.ContainerRemove(ctx, made.ID, container.RemoveOptions{}); err != nil {
		b.Error(err)
	}
	return making
}
