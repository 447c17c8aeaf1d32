package host_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

func TestNoDescriptorIsInherited(t *testing.T) {
	b := open(t, nil)
	for name, job := range map[string]target.Job{"empty": empty(), "whole": whole()} {
		job.Exec = []string{"ls", "/proc/self/fd"}
		if got := b.Start(job).Stdout(); got != "0\n1\n2\n3" { // 3 is the folder that ls reads
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestImagesAreNotForThisTarget(t *testing.T) {
	b := open(t, nil)
	job := empty()
	job.Image = "alpine"
	if _, err := b.Session.Start(t.Context(), job, nil); err == nil || err.Error() != "image alpine: this machine itself runs no images" {
		t.Errorf("got %v", err)
	}
}

// TestCloseEndsWhatIsLeft closes a session with an attempt that nobody closed.
func TestCloseEndsWhatIsLeft(t *testing.T) {
	b := newBench(t, sample(), "PIPE_WORKSPACE=overlay")
	s, err := openTarget(b)
	must(t, err)
	job := whole()
	job.Scripts = script("touch x")
	_, err = s.Start(t.Context(), job, nil)
	must(t, err)
	must(t, s.Close())
}

// counter is an output that counts and keeps nothing.
type counter struct{ n int }

func (c *counter) Write(_ event.Stream, _ string, p []byte) { c.n += len(p) }

func TestAHundredMegabytesWithoutNewline(t *testing.T) {
	b := open(t, nil)
	job := empty()
	job.Scripts = script("head -c 104857600 /dev/zero | tr '\\0' x")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var c counter
	a, err := b.Session.Start(t.Context(), job, &c)
	must(t, err)
	defer a.Close()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 { // of which some goes to each message from the supervisor
		t.Errorf("allocated %d bytes", got)
	}
	if c.n != 100<<20 {
		t.Errorf("delivered %d bytes", c.n)
	}
	if !a.Truncated() || len(a.Stdout()) != target.MaxCapture {
		t.Errorf("kept %d bytes, truncated %v", len(a.Stdout()), a.Truncated())
	}
}

// startAndCancel cancels a job when it has written "ready".
func startAndCancel(t *testing.T, b *bench, job target.Job) target.Attempt {
	t.Helper()
	ctx, cancel := contextWithCancel(t)
	r := waitFor("ready\n")
	go func() {
		<-r.Seen
		cancel()
	}()
	a, err := b.Session.Start(ctx, job, r)
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	return a
}

func TestTheWholeGroupIsGone(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		b := open(t, nil, kind)
		for name, text := range map[string]string{
			"left in the background":          "sleep 1000 & echo $!",
			"left without output":             "sleep 1000 >/dev/null 2>&1 & echo $!",
			"left by a child":                 "sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!'",
			"left by one that ignores SIGINT": "(trap '' INT TERM HUP; exec sleep 1000) >/dev/null 2>&1 & echo $!",
			"left where the script failed":    "sleep 1000 >/dev/null 2>&1 & echo $!; exit 1",
		} {
			started := time.Now()
			a := b.Shell(whole(), text)
			mustBeGone(t, a.Stdout())
			if took := time.Since(started); took > time.Minute {
				t.Errorf("%s: took %v", name, took)
			}
		}
	})
}

func TestCancelReachesTheWholeGroup(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		b := open(t, nil, kind)
		job := whole()
		job.Grace = 50 * time.Millisecond
		job.Scripts = script("(trap '' INT; sleep 1000) & echo $!; sleep 1000 & echo $!; echo ready; wait")
		a := startAndCancel(t, b, job)
		for pid := range strings.FieldsSeq(strings.TrimSuffix(a.Stdout(), "ready")) {
			mustBeGone(t, pid)
		}
	})
}

// mustBeGone fails where a process still runs. One that is dead and that its parent has not
// collected yet runs no more.
func mustBeGone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(pid))
	must(t, err)
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n))
	if regexp.MustCompile(`\) [ZX] `).Match(stat) {
		return
	}
	if err := syscall.Kill(n, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v %s", n, err, stat)
	}
}

func TestEnvironmentIsExact(t *testing.T) {
	b := newBench(t, nil)
	b.Run.Environ = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/home/x", "USER=x", "LANG=C.UTF-8", "LC_ALL=C", "TZ=UTC", "TMPDIR=/tmp", "TERM=dumb",
		"SECRET=no", "LD_PRELOAD=no", "GIVEN=yes", "LANGUAGE=no", "HOME=/home/y",
	}
	b.Open()
	eachPlace := map[string]target.Job{"empty": empty(), "whole": whole()}
	for name, job := range eachPlace {
		job.Inherit = []string{"GIVEN", "ABSENT"}
		job.Params = []target.Param{{Name: "who", Value: str("param")}, {Name: "odd", Value: str("\";id;# $(id) `id`\nnext")}}
		job.Env = []target.EnvVar{{Name: "TZ", Value: "CET"}, {Name: "who", Value: "env"}, {Name: "EMPTY", Value: ""}}
		job.Exec = []string{"env", "-0"}
		a := b.Start(job)
		got := map[string]string{}
		for kv := range strings.SplitSeq(strings.TrimSuffix(a.Stdout(), "\x00"), "\x00") {
			k, v, _ := strings.Cut(kv, "=")
			if _, twice := got[k]; twice {
				t.Errorf("%s is there twice", k)
			}
			got[k] = v
		}
		if !filepath.IsAbs(got["PIPE_OUTPUT"]) {
			t.Errorf("PIPE_OUTPUT is %q", got["PIPE_OUTPUT"])
		}
		delete(got, "PIPE_OUTPUT")
		want := map[string]string{
			"PATH": os.Getenv("PATH"), "HOME": "/home/y", "USER": "x", "LANG": "C.UTF-8", "LC_ALL": "C", "TMPDIR": "/tmp", "TERM": "dumb",
			"GIVEN": "yes", "TZ": "CET", "who": "env", "EMPTY": "", "odd": "\";id;# $(id) `id`\nnext",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestEnvironmentThatIsTooLargeTogether(t *testing.T) {
	b := open(t, nil)
	job := empty()
	job.Scripts = script("true")
	for i := range 60 {
		job.Env = append(job.Env, target.EnvVar{Name: "PART_" + strconv.Itoa(i), Value: strings.Repeat("x", 120_000+i)})
	}
	_, err := b.Session.Start(t.Context(), job, nil)
	if err == nil || !strings.Contains(err.Error(), "more than this system gives a program; the largest are PART_59 (120059 bytes), PART_58 (120058 bytes), PART_57 (120057 bytes): hand them over as files") {
		t.Errorf("got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "xxx") {
		t.Error("the error shows a value")
	}
}

func str(s string) value.Value { return value.String(s) }
