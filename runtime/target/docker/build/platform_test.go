package build_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// foreignProgram is the head of a program for a processor that no engine of these tests has: s390.
var foreignProgram = "\x7fELF\x02\x02\x01" + strings.Repeat("\x00", 9) + "\x00\x02\x00\x16\x00\x00\x00\x01" + strings.Repeat("\x00", 40)

// An image is built for the engine's platform, for another where nothing runs, and what cannot
// be built says so.
func TestPlatforms(t *testing.T) {
	e := dockertest.Engine(t)
	base := shell(t, e)
	other := "arm64"
	if strings.Contains(runtime.GOARCH, "arm") {
		other = "amd64"
	}
	for _, c := range []struct {
		name, text string
		platforms  []string
		arch, want string
	}{
		{"the engine's", "FROM " + base + "\nRUN true", []string{"linux/" + runtime.GOARCH}, runtime.GOARCH, ""},
		{"another", "FROM scratch\nCOPY f /", []string{"linux/" + other}, other, ""},
		{"another that runs", "FROM scratch\nCOPY --chmod=755 f /\nRUN [\"/f\"]", []string{"linux/" + other}, "",
			`Dockerfile:3: RUN ["/f"] runs a program for another processor`},
		{"another base", "FROM " + base + "\nRUN true", []string{"linux/" + other}, "", "Dockerfile:1: " + base + ": "},
		{"several", "FROM scratch\nCOPY f /", []string{"linux/amd64", "linux/arm64"}, "", "the engine keeps an image for one platform: build for each by itself"},
		{"no platform", "FROM scratch\nCOPY f /", []string{"linux/"}, "", "linux/ is no platform: write it as linux/arm64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, l, err := made(t, e, build.Request{Context: tree(t, map[string]string{"f": foreignProgram}), Text: &c.text, Platforms: c.platforms})
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("want %q, found %v\n%s", c.want, err, l.text())
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, l.text())
			}
			found, err := e.Client().ImageInspect(t.Context(), out.ID)
			if err != nil || found.Architecture != c.arch || found.Os != "linux" {
				t.Errorf("made for %s/%s, %v", found.Os, found.Architecture, err)
			}
		})
	}
}
