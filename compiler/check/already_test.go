package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A near name that stands there already, or that an earlier mistake means, is told and not offered as a fix.
func TestNamesThatStandAlready(t *testing.T) {
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	if err := os.WriteFile(entry, []byte(repeating), 0o666); err != nil {
		t.Fatal(err)
	}
	_, found := run(t, entry)
	var got []string
	for _, d := range found {
		help, _, _ := strings.Cut(d.Help, ":")
		got = append(got, d.File.Slice(d.Span)+": "+help)
		if fixed := strings.HasPrefix(help, "did you mean"); fixed != (len(d.Fixes) == 1) {
			t.Errorf("%s has %d fixes: %s", d.Message, len(d.Fixes), d.Help)
		}
	}
	want := []string{
		`hosst: "host" stands here already`,
		`prot: did you mean "port"?`,
		`pased: "passed" stands here already`,
		`faild: did you mean "failed"?`,
		`tiemout: "timeout" stands here already`,
		`gracce: did you mean "grace"?`,
		`gace: "grace" is meant above already`,
		`imge: "image" stands here already`,
		`nmae: "name" stands here already`,
		`sise: did you mean "size"?`,
		`aa: "a" stands here already`,
		`timeot: "timeout" stands here already`,
		`nees: did you mean "needs"?`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

const repeating = `settings {
  host: string = "x"
  port: int = 80
}

profile p {
  host = "a"
  hosst = "b"
  prot = 3
}

type R { passed: int, failed: int }

op report() -> R {
  run ` + "`" + `make` + "`" + `
  return {
    passed: 1,
    pased: 2,
    faild: 0,
  }
}

op take(name: string, size: int = 3) { run ` + "`" + `echo "$name $size"` + "`" + ` }

op slow() {
  timeout 5m
  tiemout 10m
  gracce 1m
  gace 1m
  run ` + "`" + `make` + "`" + `
}

op serve() {
  service db {
    image "postgres:16"
    imge "redis:7"
  }
  run ` + "`" + `make` + "`" + `
}

pipeline main() {
  a = report()
  b = take(
    name: settings.host,
    nmae: "y",
    sise: settings.port,
  )
  c = slow() {
    needs a,
      aa
    timeout 1m
    timeot 2m
    nees b
  }
  serve()
}
`
