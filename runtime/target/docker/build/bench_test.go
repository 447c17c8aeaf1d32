package build_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/fsutil"

	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// raw builds as little as a client can do: the engine's own reader of Dockerfiles, no log, no
// warnings, no look at the image.
func raw(b *testing.B, e *docker.Engine, dir string) {
	b.Helper()
	ctx := b.Context()
	c, err := client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return e.Client().DialHijack(ctx, "/grpc", "h2c", nil)
		}),
		client.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return e.Client().DialHijack(ctx, "/session", proto, meta)
		}))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	fs, err := fsutil.NewFS(dir)
	if err != nil {
		b.Fatal(err)
	}
	status := make(chan *client.SolveStatus)
	go func() {
		for range status {
		}
	}()
	_, err = c.Solve(ctx, nil, client.SolveOpt{
		Frontend: "dockerfile.v0", LocalMounts: map[string]fsutil.FS{"context": fs, "dockerfile": fs}, SharedKey: "raw " + dir,
		Exports: []client.ExportEntry{{Type: "moby", Attrs: map[string]string{"name": "pipe-test-bench-raw"}}},
	}, status)
	if err != nil {
		b.Fatal(err)
	}
}

func ours(b *testing.B, e *docker.Engine, dir string) build.Result {
	b.Helper()
	out, err := build.Build(b.Context(), e, build.Request{Context: dir, Display: "Dockerfile", Tags: []string{"pipe-test-bench-ours"}}, func(string, []byte) {})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// BenchmarkRebuild is a build in which nothing has changed, beside the raw client's, in turns.
func BenchmarkRebuild(b *testing.B) {
	e := dockertest.Engine(b)
	dir := tree(b, map[string]string{"Dockerfile": "FROM scratch AS one\nCOPY a /a\nCOPY b /b\nFROM scratch\nCOPY --from=one / /\nLABEL x=y\n", "a": "1", "b": "2"})
	raw(b, e, dir)
	b.Cleanup(func() { discard(b, e, "pipe-test-bench-raw") })
	id := ours(b, e, dir).ID
	b.Cleanup(func() { discard(b, e, id) })
	var theirs, mine []time.Duration
	for b.Loop() {
		began := time.Now()
		raw(b, e, dir)
		middle := time.Now()
		ours(b, e, dir)
		theirs, mine = append(theirs, middle.Sub(began)), append(mine, time.Since(middle))
	}
	slices.Sort(theirs)
	slices.Sort(mine)
	b.ReportMetric(float64(mine[len(mine)/2])/1e6, "pipe-ms")
	b.ReportMetric(float64(theirs[len(theirs)/2])/1e6, "raw-ms")
	b.ReportMetric(float64(mine[len(mine)/2])/float64(theirs[len(theirs)/2]), "ratio")
}

// BenchmarkContext sends 10,000 files, then nothing, then one.
func BenchmarkContext(b *testing.B) {
	e := dockertest.Engine(b)
	files := map[string]string{"Dockerfile": "FROM scratch\nCOPY src /src\n"}
	for i := range 10_000 {
		files[fmt.Sprintf("src/%02d/%d", i%100, i)] = fmt.Sprintf("file %d of %s", i, b.Name())
	}
	dir := tree(b, files)
	var ids []string
	b.Cleanup(func() {
		for _, id := range ids {
			discard(b, e, id)
		}
	})
	step := func(name string) {
		began := time.Now()
		out := ours(b, e, dir)
		ids = append(ids, out.ID)
		b.ReportMetric(float64(out.Sent), name+"-bytes")
		b.ReportMetric(float64(time.Since(began))/1e6, name+"-ms")
	}
	for b.Loop() {
		step("first")
		step("again")
		if err := os.WriteFile(filepath.Join(dir, "src", "07", "7"), []byte(time.Now().String()), 0o644); err != nil {
			b.Fatal(err)
		}
		step("one-changed")
	}
}
