package build_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"

	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// syntax is a Dockerfile whose instructions look at what the ones before did: a RUN that finds
// something else fails the build. BASE stands for an image with a shell.
type syntax struct {
	name  string
	text  string
	files map[string]string
	set   func(*build.Request)
	look  func(t *testing.T, c image.InspectResponse)
}

var syntaxes = []syntax{
	{name: "ARG", text: "FROM BASE\nARG V=1\nARG W=1\nRUN test $V$W = 12", set: func(r *build.Request) { r.Args = map[string]string{"W": "2"} }},
	{name: "ARG before FROM", text: "ARG B=BASE\nFROM ${B}\nRUN true"},
	{name: "ARG from outside FROM", text: "ARG V=3\nFROM BASE\nARG V\nRUN test $V = 3"},
	{name: "ENV", text: "FROM BASE\nENV A=1 B=\"two words\" C=\\$A\nRUN test \"$B$C\" = 'two words$A'"},
	{name: "substitution", text: "FROM BASE\nENV A=x\nENV B=${A:+y} C=${Q:-z} D=${A#x}d\nRUN test $B$C$D = yzd"},
	{name: "COPY --from stage", text: "FROM BASE AS one\nRUN echo hi > /f\nFROM BASE\nCOPY --from=one /f /g\nRUN test $(cat /g) = hi"},
	{name: "COPY --from number", text: "FROM BASE\nRUN echo hi > /f\nFROM BASE\nCOPY --from=0 /f /g\nRUN test -f /g"},
	{name: "COPY --from image", text: "FROM BASE\nCOPY --from=BASE /bin/busybox /copied\nRUN cmp /bin/busybox /copied"},
	{name: "COPY --chmod", text: "FROM BASE\nCOPY --chmod=0751 f /f\nRUN test $(stat -c %a /f) = 751", files: map[string]string{"f": "x"}},
	{name: "COPY --chown", text: "FROM BASE\nCOPY --chown=7:8 f /f\nRUN test $(stat -c %u:%g /f) = 7:8", files: map[string]string{"f": "x"}},
	{name: "COPY several", text: "FROM BASE\nCOPY a b d /to/\nCOPY [\"with space\", \"/to/s\"]\nRUN cd /to && ls | tr '\\n' , | grep -qx a,b,in,s,", files: map[string]string{"a": "1", "b": "2", "d/in": "3", "with space": "4"}},
	{name: "COPY wildcard", text: "FROM BASE\nCOPY *.go src/?.c /to/\nRUN cd /to && test $(ls | tr '\\n' ,) = b.go,m.go,x.c,", files: map[string]string{"m.go": "1", "b.go": "2", "src/x.c": "", "src/xy.c": ""}},
	{name: "COPY --link", text: "FROM BASE\nCOPY --link f /f\nRUN test -f /f", files: map[string]string{"f": "x"}},
	{name: "COPY heredoc", text: "FROM BASE\nCOPY <<a <<\"b\" /to/\n$PATH\na\n$PATH\nb\nRUN test $(cat /to/a) = /bin && test $(cat /to/b) = '$PATH'"},
	{name: "RUN heredoc", text: "FROM BASE\nRUN <<EOF\nset -e\necho 1 > /a\necho 2 > /b\nEOF\nRUN test $(cat /a /b | tr -d '\\n') = 12"},
	{name: "RUN heredoc with interpreter", text: "FROM BASE\nRUN <<EOF awk 'BEGIN { } { print $1 > \"/out\" }'\nword other\nEOF\nRUN test $(cat /out) = word"},
	{name: "RUN heredoc with tabs", text: "FROM BASE\nRUN cat <<-EOF > /f\n\tx\n\tEOF\nRUN test $(cat /f) = x"},
	{name: "ADD archive", text: "FROM BASE\nADD t.tar /to/\nRUN test $(cat /to/in) = deep", files: map[string]string{"t.tar": archive()}},
	{name: "HEALTHCHECK", text: "FROM BASE\nHEALTHCHECK --interval=7s --retries=2 CMD true", look: func(t *testing.T, c image.InspectResponse) {
		if h := c.Config.Healthcheck; h == nil || h.Interval.Seconds() != 7 || h.Retries != 2 {
			t.Errorf("health check %+v", h)
		}
	}},
	{name: "SHELL", text: "FROM BASE\nSHELL [\"/bin/sh\", \"-euc\"]\nRUN test \"$-\" != \"${-#*e}\""},
	{name: "RUN exec form", text: "FROM BASE\nRUN [\"/bin/sh\", \"-c\", \"echo $HOME > /f\"]\nRUN test -s /f"},
	{name: "mount cache", text: "FROM BASE\nRUN --mount=type=cache,target=/c echo 1 > /c/f && test -f /c/f\nRUN --mount=type=cache,target=/c test -f /c/f\nRUN test ! -e /c/f"},
	{name: "mount secret", text: "FROM BASE\nRUN --mount=type=secret,id=s,mode=0440,required=true test \"$(cat /run/secrets/s)\" = word && test $(stat -c %a /run/secrets/s) = 440\nRUN test ! -s /run/secrets/s",
		set: func(r *build.Request) { r.Secrets = map[string][]byte{"s": []byte("word")} }},
	{name: "mount bind", text: "FROM BASE AS one\nRUN echo hi > /f\nFROM BASE\nRUN --mount=type=bind,from=one,target=/m test $(cat /m/f) = hi\nRUN --mount=target=/ctx test -f /ctx/f", files: map[string]string{"f": "x"}},
	{name: "mount tmpfs", text: "FROM BASE\nRUN --mount=type=tmpfs,target=/m grep ' /m ' /proc/mounts | grep -q tmpfs"},
	{name: "mount ssh", text: "FROM BASE\nRUN --mount=type=ssh,id=k test -S \"$SSH_AUTH_SOCK\"", set: func(r *build.Request) { r.SSHKeys = map[string][]byte{"k": []byte(sshKey)} }},
	{name: "network none", text: "FROM BASE\nRUN --network=none test $(ls /sys/class/net | tr -d '\\n') = lo"},
	{name: "USER and WORKDIR", text: "FROM BASE\nWORKDIR /a\nWORKDIR b\nUSER 12:13\nRUN test $(pwd) = /a/b && test $(id -u):$(id -g) = 12:13"},
	{name: "metadata", text: "FROM BASE\nLABEL a=1 \"b c\"=d\nEXPOSE 80 90/udp\nVOLUME /v\nSTOPSIGNAL SIGINT\nENTRYPOINT [\"x\"]\nCMD y z",
		set: func(r *build.Request) { r.Labels = map[string]string{"set": "here"} }, look: metadata},
	{name: "continuation and comments", text: "# escape=`\nFROM BASE\nRUN echo a `\n# in between\n  b > /f\nRUN test \"$(cat /f)\" = 'a b'"},
	{name: "syntax line", text: "# syntax=docker/dockerfile:1.7-labs\nFROM BASE\nRUN true"},
	{name: "platform arguments", text: "FROM --platform=$BUILDPLATFORM BASE\nARG TARGETOS TARGETARCH BUILDPLATFORM\nRUN test $TARGETOS = linux && test $BUILDPLATFORM = linux/$TARGETARCH"},
	{name: "target", text: "FROM BASE AS one\nRUN true\nFROM BASE AS two\nRUN false", set: func(r *build.Request) { r.Target = "one" }},
	{name: "unused stage", text: "FROM BASE AS one\nRUN false\nFROM BASE\nRUN true"},
	{name: "lower case", text: "from BASE\nrun true\ncopy f /f", files: map[string]string{"f": "x"}},
	{name: "from scratch", text: "FROM scratch\nCOPY f /", files: map[string]string{"f": "x"}, look: func(t *testing.T, c image.InspectResponse) {
		if c.Size != 1 {
			t.Errorf("size %d, want the one byte", c.Size)
		}
	}},
}

func metadata(t *testing.T, c image.InspectResponse) {
	g := c.Config
	got := fmt.Sprintln(g.Labels, g.ExposedPorts, g.Volumes, g.StopSignal, g.Entrypoint, g.Cmd)
	want := "map[a:1 b c:d set:here] map[80/tcp:{} 90/udp:{}] map[/v:{}] SIGINT [x] [/bin/sh -c y z]\n"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestDockerfiles(t *testing.T) {
	e := dockertest.Engine(t)
	base := shell(t, e)
	if len(syntaxes) < 30 {
		t.Fatalf("%d Dockerfiles, want 30", len(syntaxes))
	}
	for _, s := range syntaxes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(s.text, "BASE", base)
			r := build.Request{Context: tree(t, s.files), Text: &text}
			if s.set != nil {
				s.set(&r)
			}
			out, l, err := made(t, e, r)
			if err != nil {
				t.Fatalf("%v\n%s", err, l.text())
			}
			if s.look != nil {
				found, err := e.Client().ImageInspect(t.Context(), out.ID)
				if err != nil {
					t.Fatal(err)
				}
				s.look(t, found)
			}
		})
	}
}

// ONBUILD is kept in one image and runs in the build of the next.
func TestOnBuild(t *testing.T) {
	e := dockertest.Engine(t)
	name := dockertest.Name(t) + ":1"
	parent := "FROM " + shell(t, e) + "\nONBUILD RUN echo on > /f"
	if _, _, err := made(t, e, build.Request{Context: tree(t, nil), Text: &parent, Tags: []string{name}}); err != nil {
		t.Fatal(err)
	}
	child := "FROM " + name + "\nRUN test $(cat /f) = on"
	if _, l, err := made(t, e, build.Request{Context: tree(t, nil), Text: &child}); err != nil {
		t.Fatalf("%v\n%s", err, l.text())
	}
}

// ADD takes a file from a server, and holds it to a checksum.
func TestAddURL(t *testing.T) {
	e := dockertest.Engine(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "content") }))
	defer s.Close()
	sum := sha256.Sum256([]byte("content"))
	for want, checksum := range map[string]string{"": hex.EncodeToString(sum[:]), "digest mismatch": strings.Repeat("0", 64)} {
		text := fmt.Sprintf("FROM %s\nADD --checksum=sha256:%s %s/f /f\nRUN test $(cat /f) = content", shell(t, e), checksum, s.URL)
		_, l, err := made(t, e, build.Request{Context: tree(t, nil), Text: &text})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("checksum %s: %v\n%s", checksum, err, l.text())
		}
	}
}

// A Dockerfile's own ignore file goes before that of the context.
func TestIgnoreFileOfADockerfile(t *testing.T) {
	e := dockertest.Engine(t)
	dir := tree(t, map[string]string{
		"a": "1", "b": "2", ".dockerignore": "a\n", "ci/image": "FROM " + shell(t, e) + "\nCOPY . /to\nRUN test -f /to/a && test ! -e /to/b && test ! -e /to/ci",
		"ci/image.dockerignore": "b\nci\n",
	})
	if _, l, err := made(t, e, build.Request{Context: dir, Dockerfile: dir + "/ci/image"}); err != nil {
		t.Fatalf("%v\n%s", err, l.text())
	}
}
