package image_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

const goService = `package main

import (
	"fmt"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, %q) })
	if err := http.ListenAndServe(":8080", nil); err != nil {
		panic(err)
	}
}
`

// A service in Go is compiled in one stage, by a toolchain that is in its image, and is all that
// the image of the next stage holds.
func TestGoService(t *testing.T) {
	e := dockertest.Engine(t)
	base := dockertest.Toolchain(t, e, "net/http")
	name, root, answer := dockertest.Name(t)+":1", t.TempDir(), time.Now().Format(time.RFC3339Nano)
	write(t, filepath.Join(root, "main.go"), fmt.Sprintf(goService, answer))
	write(t, filepath.Join(root, "go.mod"), "module example.com/service\n\ngo 1.24\n")
	write(t, filepath.Join(root, "Dockerfile"), "FROM "+base+` AS build
WORKDIR /src
COPY go.mod main.go ./
RUN --network=none --mount=type=cache,id=pipe-test-go-build,target=/cache GOCACHE=/cache go build -o /service .
FROM scratch
COPY --from=build /service /service
EXPOSE 8080
ENTRYPOINT ["/service"]
`)
	c := callAt(t, t.Context(), root, "build", map[string]value.Value{"context": value.String("/"), "tag": value.String(name)})
	if c.err != nil {
		t.Fatalf("%v\n%s", c.err, c.log)
	}
	t.Cleanup(func() { discard(t, e, string(c.value["digest"].(value.String))) })
	if n, _ := c.value["size"].(value.Size); n < 1<<20 || n > 20<<20 {
		t.Errorf("size %v: want the service and nothing else", n)
	}
	if got := asks(t, name); got != answer {
		t.Errorf("it answers %q, want %q", got, answer)
	}
}

// asks runs a service's image and gives what it answers.
func asks(t *testing.T, name string) string {
	t.Helper()
	id, err := exec.CommandContext(t.Context(), "docker", "run", "--detach", "--publish", "127.0.0.1::8080", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	container := strings.TrimSpace(string(id))
	t.Cleanup(func() {
		_ = exec.CommandContext(context.WithoutCancel(t.Context()), "docker", "rm", "--force", container).Run()
	})
	port, err := exec.CommandContext(t.Context(), "docker", "port", container, "8080").Output()
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get("http://" + strings.TrimSpace(string(port)))
		if err == nil {
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
