package image_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// asked starts a service in a container without a network, and asks it from beside it.
const asked = `
import subprocess, sys, time, urllib.request
service = subprocess.Popen(sys.argv[1:])
for _ in range(200):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8080/sum?a=2&b=40").read().decode())
        break
    except OSError:
        time.sleep(0.05)
service.kill()
`

const pythonService = `
import http.server, urllib.parse

class Sum(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        q = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(int(q["a"][0]) + int(q["b"][0])).encode())

http.server.HTTPServer(("127.0.0.1", 8080), Sum).serve_forever()
`

// A service in Python is packed in one stage and runs in another, where its sources are not.
func TestPythonService(t *testing.T) {
	e := dockertest.Engine(t)
	base := dockertest.Tools(t, e)
	name := dockertest.Name(t) + ":1"
	root := t.TempDir()
	write(t, filepath.Join(root, "Dockerfile"), "FROM "+base+` AS pack
COPY service /src/service
RUN python3 -m zipapp /src/service -o /service.pyz && python3 -m compileall -q /src
FROM `+base+`
COPY --from=pack /service.pyz /service.pyz
COPY ask.py /ask.py
RUN test ! -e /src
CMD ["python3", "/ask.py", "python3", "/service.pyz"]
`)
	if err := os.Mkdir(filepath.Join(root, "service"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "service", "__main__.py"), pythonService)
	write(t, filepath.Join(root, "ask.py"), asked)
	c := callAt(t, t.Context(), root, "build", map[string]value.Value{"context": value.String("/"), "tag": value.String(name)})
	if c.err != nil {
		t.Fatalf("%v\n%s", c.err, c.log)
	}
	t.Cleanup(func() { discard(t, e, string(c.value["digest"].(value.String))) })
	out, err := exec.CommandContext(t.Context(), "docker", "run", "--rm", "--network", "none", name).Output()
	if err != nil || strings.TrimSpace(string(out)) != "42" {
		t.Errorf("%v\n%s", err, out)
	}
	if n, _ := c.value["size"].(value.Size); n < 1<<20 {
		t.Errorf("size %v", c.value["size"])
	}
}
