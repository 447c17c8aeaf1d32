package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

const (
	containerSteps  = 50
	containerJobs   = 4
	containerRounds = 3
	containerImage  = "pipe-bench/true:1"
)

// containers runs 50 independent steps in containers, through pipe and by the engine's own calls at
// the same width. It is left out, and says so, where no engine answers.
func containers(pipe, dir string) {
	fmt.Println("\n== 50 independent steps in containers, 4 at a time")
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	must(err)
	defer api.Close()
	if err := shellImage(api); err != nil {
		fmt.Printf("left out: %v\n", err)
		return
	}
	defer api.ImageRemove(context.Background(), containerImage, image.RemoveOptions{Force: true})
	dir = filepath.Join(dir, "containers")
	must(os.MkdirAll(dir, 0o755))
	write(dir, "pipe.toml", "pipe = \"0.1\"\n")
	var p strings.Builder
	p.WriteString("pipeline main() {\n")
	for i := range containerSteps {
		fmt.Fprintf(&p, "  s%d = op { image %q; inputs []; run `true` }\n", i, containerImage)
	}
	file := write(dir, "containers.pipe", p.String()+"}\n")
	rows := inTurn(containerRounds,
		command("pipe run --jobs 4", dir, nil, pipe, "run", file, "--jobs", fmt.Sprint(containerJobs)),
		timed{name: "create, start, wait, remove by the raw API", run: func() (time.Duration, float64) { return rawContainers(api), 0 }})
	for _, r := range rows {
		fmt.Printf("%-42s %8.1f ms\n", r.name, ms(r.median()))
	}
	fmt.Printf("%-42s %8.2f (target 1.1)\n", "pipe over the raw API, median of pairs", middle(pairs(rows[0], rows[1])))
}

// shellImage makes an image of a static shell.
func shellImage(api *client.Client) error {
	program, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "bin/sh", Mode: 0o755, Size: int64(len(text))})
		if err == nil {
			_, err = out.Write(text)
		}
		w.CloseWithError(errors.Join(err, out.Close()))
	}()
	name, tag, _ := strings.Cut(containerImage, ":")
	answer, err := api.ImageImport(context.Background(), image.ImportSource{Source: r, SourceName: "-"}, name, image.ImportOptions{Tag: tag, Changes: []string{"ENV PATH=/bin"}})
	if err != nil {
		return err
	}
	defer answer.Close()
	_, err = io.Copy(io.Discard, answer)
	return err
}

// rawContainers runs as many containers by the engine's own calls.
func rawContainers(api *client.Client) time.Duration {
	began := time.Now()
	slots := make(chan struct{}, containerJobs)
	var all sync.WaitGroup
	for range containerSteps {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			must(rawContainer(context.Background(), api))
		})
	}
	all.Wait()
	return time.Since(began)
}

func rawContainer(ctx context.Context, api *client.Client) error {
	made, err := api.ContainerCreate(ctx, &container.Config{Image: containerImage, Cmd: []string{"sh", "-eu", "-c", "true"}}, nil, nil, nil, "")
	if err != nil {
		return err
	}
	exit, failed := api.ContainerWait(ctx, made.ID, container.WaitConditionNextExit)
	if err := api.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return err
	}
	select {
	case <-exit:
	case err := <-failed:
		return err
	}
	return api.ContainerRemove(ctx, made.ID, container.RemoveOptions{})
}
