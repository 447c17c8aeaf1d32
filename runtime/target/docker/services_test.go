package docker_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

const webServer = "import http.server; print('serving', flush=True); http.server.ThreadingHTTPServer(('', 8080), http.server.SimpleHTTPRequestHandler).serve_forever()"

func web(image string, ready target.Ready) target.Service {
	return target.Service{Image: image, Exec: []string{"python3", "-c", webServer}, Ports: []int{8080}, Ready: ready}
}

func fixed(name string, s target.Service, out target.Output) target.ServiceOf {
	return target.ServiceOf{Name: name, Out: out, Prepare: func(context.Context, target.Services) (target.Service, error) { return s, nil }}
}

// A service is reached from this machine and from containers, by each way of being ready, and
// is gone at the end.
func TestServices(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	run := newRun(t)
	s := openRun(t, docker.New(docker.Endpoint{}), run)
	for name, ready := range map[string]target.Ready{
		"tcp":    {TCP: 8080},
		"http":   {TCP: 8080, HTTP: "/etc/"},
		"script": {Script: "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8080))'"},
	} {
		t.Run(name, func(t *testing.T) {
			out := waitFor("serving")
			v, err := s.(target.Servicer).Serve(t.Context(), "step", []target.ServiceOf{fixed("web", web(image, ready), out)}, false)
			if err != nil {
				t.Fatal(err)
			}
			<-out.seen
			host, ports, err := v.Address("web", false)
			if err != nil || host != "127.0.0.1" {
				t.Fatalf("from here: %s, %v", host, err)
			}
			answer, err := http.Get(fmt.Sprintf("http://%s:%d/etc/", host, ports[8080]))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if answer.Body.Close(); err != nil || !strings.Contains(string(body), "passwd") {
				t.Errorf("from here: %.100s, %v", body, err)
			}
			host, ports, err = v.Address("web", true)
			j := job(image, fmt.Sprintf("python3 -c 'import urllib.request; print(urllib.request.urlopen(\"http://%s:%d/etc/\").status)'", host, ports[8080]))
			j.Beside = []target.Services{v}
			if a := start(t, s, j); err != nil || a.Stdout() != "200" {
				t.Errorf("from a container: %q %q, %v", a.Stdout(), a.Stderr(), err)
			}
			if err := v.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// With a closed network, a container reaches its services and nothing else.
func TestClosedServices(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	s := openRun(t, docker.New(docker.Endpoint{}), newRun(t))
	v, err := s.(target.Servicer).Serve(t.Context(), "closed", []target.ServiceOf{fixed("web", web(image, target.Ready{TCP: 8080}), nil)}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	j := job(image, `python3 -c 'import urllib.request; print(urllib.request.urlopen("http://web:8080/etc/").status)'`)
	j.Beside, j.Container.Network = []target.Services{v}, "none"
	if a := start(t, s, j); a.Stdout() != "200" {
		t.Errorf("got %q %q", a.Stdout(), a.Stderr())
	}
	nets, err := e.Client().NetworkList(t.Context(), network.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "pipe.step=closed"))})
	if err != nil || len(nets) != 1 || !nets[0].Internal {
		t.Errorf("the network is %+v, %v", nets, err)
	}
}

// shuts is a service that takes connections and ends them.
const shuts = `
import socket
s = socket.create_server(("", 8080))
while True: s.accept()[0].close()`

// What does not come up says why, and leaves nothing behind.
func TestServicesThatDoNotComeUp(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	s := openRun(t, docker.New(docker.Endpoint{}), newRun(t))
	slow := target.Service{Image: image, Exec: []string{"sleep", "100"}, Ready: target.Ready{TCP: 1, Within: time.Second}}
	ends := target.Service{Image: image, Exec: []string{"sh", "-c", "echo no such table >&2; exit 3"}, Ready: target.Ready{TCP: 1}}
	never := func(ready target.Ready) target.Service {
		ready.Within = time.Second
		return target.Service{Image: image, Exec: []string{"python3", "-c", shuts}, Ready: ready}
	}
	for want, all := range map[string][]target.ServiceOf{
		"service fails: it was not ready within 1s: its ready script ended with code 1": {fixed("fails", never(target.Ready{Script: "sleep .2; false"}), nil)},
		"service hangs: it was not ready within 1s: its ready script has not ended":     {fixed("hangs", never(target.Ready{Script: "sleep 60"}), nil)},
		"service shuts: it was not ready within 1s: Get \"http://shuts:8080/\"":         {fixed("shuts", never(target.Ready{TCP: 8080, HTTP: "/"}), nil)},
		"service slow: it was not ready within 1s":                                      {fixed("web", web(image, target.Ready{}), nil), fixed("slow", slow, nil)},
		"service ends: it ended with code 3 before it was ready: no such table":         {fixed("ends", ends, nil)},
		"service none: image pipe-test/none:1":                                          {fixed("none", target.Service{Image: "pipe-test/none:1"}, nil)},
	} {
		if v, err := s.(target.Servicer).Serve(t.Context(), "failing", all, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want %s", v, err, want)
		}
	}
	// One that takes long is waited for with a word about it.
	late := target.Service{Image: image, Exec: []string{"sleep", "100"}, Ready: target.Ready{TCP: 1, HTTP: "/", Within: 4 * time.Second}}
	told := waitFor("pipe: not ready yet, and waited for up to 4s: Get \"http://late:1/\"")
	if _, err := s.(target.Servicer).Serve(t.Context(), "failing", []target.ServiceOf{fixed("late", late, told)}, false); err == nil {
		t.Error("it got ready")
	}
	select {
	case <-told.seen:
	default:
		t.Errorf("nothing was said: %q", told.text.String())
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		nets, err := e.Client().NetworkList(t.Context(), network.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		left := len(mine(t, e, "failing"))
		for _, n := range nets {
			if n.Labels["pipe.step"] == "failing" {
				left++
			}
		}
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d things are left", left)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
