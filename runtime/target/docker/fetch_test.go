package docker_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// Of a workspace that is elsewhere only what is read is fetched; all of it where links lead through it.
func TestOnlyWhatIsReadIsFetched(t *testing.T) {
	e := dockertest.Engine(t)
	var mu sync.Mutex
	var asked []string
	host := dockertest.Proxy(t, e, func(engine http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p, below := strings.CutPrefix(r.URL.Query().Get("path"), "/workspace"); below && r.Method == http.MethodGet {
				mu.Lock()
				asked = append(asked, p)
				mu.Unlock()
			}
			engine.ServeHTTP(w, r)
		})
	})
	s := openRun(t, docker.New(docker.Endpoint{Host: host}), newRun(t, "PIPE_DOCKER_FILES=ship"))
	image := dockertest.Tools(t, e)
	for name, c := range map[string]struct {
		reads []string // paths
		wants []string // their texts, or a part of the error
		asks  []string // what the engine was asked for
	}{
		"files":                     {[]string{"out/deep/one", "four"}, []string{"1\n", "4\n"}, []string{"/out/deep/one", "/four"}},
		"a file twice":              {[]string{"four", "four"}, []string{"4\n", "4\n"}, []string{"/four"}},
		"nothing":                   {[]string{"out/none"}, []string{"no such file"}, nil},
		"below a file":              {[]string{"out/two/below"}, []string{"not a directory"}, []string{""}},
		"a link":                    {[]string{"out/near", "linked/far"}, []string{"2\n", "3\n"}, []string{""}},
		"through a link":            {[]string{"around/three"}, []string{"3\n"}, []string{""}},
		"a link out":                {[]string{"out/away/passwd"}, []string{"leads out of the workspace"}, []string{""}},
		"an absolute link":          {[]string{"linked/four"}, []string{"leads out of the workspace"}, []string{""}},
		"a file, and then by links": {[]string{"out/two", "out/near"}, []string{"2\n", "2\n"}, []string{"/out/two", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, s, job(image, manyFiles))
			asked = nil
			for i, p := range c.reads {
				got, err := a.Text(p)
				if err != nil {
					got = err.Error()
				}
				if !strings.Contains(got, c.wants[i]) {
					t.Errorf("%s: got %q, want %q", p, got, c.wants[i])
				}
			}
			if d := cmp.Diff(c.asks, asked); d != "" {
				t.Errorf("asked for (-want +got):\n%s", d)
			}
		})
	}
	for glob, want := range map[string]string{"out/**": "/out", "out/deep/*": "/out/deep", "link?d/*": "", "linked/*": "/linked ", "out/*": "/out"} {
		t.Run(glob, func(t *testing.T) {
			j := job(image, manyFiles)
			j.Keep = []string{glob}
			a := start(t, s, j)
			asked = nil
			kept, err := a.Kept(t.Context(), nil)
			if err != nil || len(kept) == 0 || strings.Join(asked, " ") != want {
				t.Errorf("kept %q, %v, asked for %q", kept, err, asked)
			}
		})
	}
}

const manyFiles = `
mkdir -p out/deep other linked; echo 1 > out/deep/one; echo 2 > out/two; echo 3 > other/three; echo 4 > four
ln -s two out/near; ln -s /etc out/away; ln -s ../other/three linked/far; ln -s other around; ln -s /workspace/four linked/four`
