package docker_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
	"github.com/pipelang/pipe/runtime/target/host"
)

// TestAsOrdinaryUser runs what has to do with the owners of files as a user who may use the engine's socket and is
// not root, as most users of an engine are.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		return // this is already so
	}
	t.Parallel()
	dockertest.Tools(t, dockertest.Engine(t)) // who is not root may not read all that it is made of
	socket, err := os.Stat("/var/run/docker.sock")
	if err != nil {
		dockertest.Missing(t, "the engine's socket: "+err.Error())
	}
	const nobody = 65534
	base, err := os.MkdirTemp("", "pipe-ordinary-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(base, "docker.test")
	if err := errors.Join(os.WriteFile(self, binary, 0o755), os.Chown(base, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.short", "-test.timeout=5m",
		"-test.run=^(TestConformance|TestFilesOfOtherUsers|TestFilesOfAStepThatIsEnded|TestFilesNobodyGaveBack|TestCachesAreGivenBackByTheLast)$/^/^(writesStayInTheWorkspace|kept|outputsOfAStep|readers|inPlace|cacheFoldersAreKept)$")
	cmd.Dir = base
	cmd.Env = append(os.Environ(), "HOME="+base, "TMPDIR="+base)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{socket.Sys().(*syscall.Stat_t).Gid}}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// asRoot is a step that works as root, which owns what it makes, and lets nobody else see it.
const asRoot = `
umask 077
mkdir -p out/deep && echo secret > out/deep/file && ln out/deep/file out/again && ln -s deep/file out/link
echo run > out/program && chmod 700 out/program
ln -s ../../../far out/far && ln -s ../far far
long=$(printf %0120d 7); mkdir -p "deep/$long/$long" && echo > "deep/$long/$long/file"
rm -rf old && mkdir old && echo new > old/new && rm gone
echo text > kept && cat kept >> there
if [ -d cache ]; then mkdir -p cache/deep/er; echo cached > cache/deep/er/file; fi
echo name=value >> "$PIPE_OUTPUT"
`

func rooted(image string) target.Job {
	j := job(image, asRoot)
	j.Container.User = "0"
	j.Container.Capabilities = []string{"CHOWN", "DAC_OVERRIDE", "FOWNER"}
	return j
}

// listed are the files below a folder with their modes and texts; those of others are said to be.
func listed(t *testing.T, folder string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(folder, p)
		if err != nil || rel == "." {
			return err
		}
		fmt.Fprintf(&out, "%s %s", info.Mode(), rel)
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, " %q", text)
		}
		if int(info.Sys().(*syscall.Stat_t).Uid) != os.Getuid() {
			out.WriteString(" of another user")
		}
		out.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return out.String()
}

// Whoever a container works as, its files come back as this user's.
func TestFilesOfOtherUsers(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	for _, way := range []struct {
		name string
		env  []string
		in   bool // place
	}{
		{"layers", []string{"PIPE_DOCKER_FILES=bind"}, false},
		{"folders", []string{"PIPE_DOCKER_FILES=bind", "PIPE_WORKSPACE=copy"}, false},
		{"shipped", []string{"PIPE_DOCKER_FILES=ship"}, false},
		{"in place", nil, true},
	} {
		t.Run(way.name, func(t *testing.T) {
			run := newRun(t, way.env...)
			write(t, filepath.Join(run.Root, "old", "inside"), "old")
			write(t, filepath.Join(run.Root, "gone"), "gone")
			write(t, filepath.Join(run.Root, "there"), "was\n")
			s, err := docker.New(docker.Endpoint{}).Open(t.Context(), run)
			if err != nil {
				t.Fatal(err)
			}
			j := rooted(image)
			if !way.in {
				j.Mounts = []target.Mount{{Path: "cache", Cache: "tools"}}
			}
			j.Inputs, j.AllTree, j.InPlace, j.Keep = nil, true, way.in, []string{"out/**", "old/**", "kept", "there", "gone"}
			a, err := s.Start(t.Context(), j, nil)
			if err != nil {
				t.Fatal(err)
			}
			outputs, err := a.Outputs()
			if d := cmp.Diff(map[string]string{"name": "value"}, outputs); err != nil || d != "" || a.Exit().Code != 0 {
				t.Errorf("%v, %+v, outputs (-want +got):\n%s\n%s", err, a.Exit(), d, a.Stderr())
			}
			if _, err := a.Kept(t.Context(), nil); err != nil {
				t.Error(err)
			}
			if err := errors.Join(a.Close(), s.Close(), e.ForgetCaches(t.Context(), run)); err != nil {
				t.Error(err)
			}
			want := `drwxr-xr-x step
-rw------- step/kept "text\n"
drwxr-xr-x step/old
-rw------- step/old/new "new\n"
drwxr-xr-x step/out
-rw------- step/out/again "secret\n"
drwxr-xr-x step/out/deep
-rw------- step/out/deep/file "secret\n"
-rw------- step/out/link "secret\n"
-rwx------ step/out/program "run\n"
-rw-r--r-- step/there "was\ntext\n"
`
			if d := cmp.Diff(want, listed(t, run.Keep)); d != "" {
				t.Errorf("kept (-want +got):\n%s", d)
			}
			if got := listed(t, run.State); got != "" {
				t.Errorf("left:\n%s", got)
			}
			// Files of a cache, which others may be reading, stay as they are. Folders do not, so that they can be removed.
			if err := os.RemoveAll(run.Cache); err != nil {
				t.Error(err)
			}
			if way.in {
				if got := listed(t, run.Root); strings.Contains(got, "another") || !strings.Contains(got, "-rwx------ out/program") {
					t.Errorf("in place:\n%s", got)
				}
			}
		})
	}
}

// A step that is cancelled, or whose time is over, gives back what it made until then.
func TestFilesOfAStepThatIsEnded(t *testing.T) {
	run := newRun(t)
	s := openRun(t, docker.New(docker.Endpoint{}), run)
	j := rooted(dockertest.Tools(t, dockertest.Engine(t)))
	j.Inputs, j.AllTree, j.Keep = nil, true, []string{"out/**"}
	j.Scripts[0].Text = "umask 077; mkdir -p out/deep; echo text > out/deep/file; echo made; sleep 1000"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := waitFor("made")
	go func() {
		<-out.seen
		cancel()
	}()
	a, err := s.Start(ctx, j, out)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if kept, err := a.Kept(t.Context(), nil); err != nil || len(kept) != 1 || !a.Exit().Cancelled {
		t.Errorf("kept %q, %v, %+v", kept, err, a.Exit())
	}
	want := "drwxr-xr-x step\ndrwxr-xr-x step/out\ndrwxr-xr-x step/out/deep\n-rw------- step/out/deep/file \"text\\n\"\n"
	if d := cmp.Diff(want, listed(t, run.Keep)); d != "" {
		t.Errorf("kept (-want +got):\n%s", d)
	}
}

// What a killed run's container made as root is removed by the next run, and by who removes what was left.
func TestFilesNobodyGaveBack(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	for what, remove := range map[string]func(run target.Run, path string) error{
		"next run": func(run target.Run, _ string) error {
			s, err := docker.New(docker.Endpoint{}).Open(t.Context(), run)
			return errors.Join(err, s.Close())
		},
		"by hand": func(run target.Run, path string) error {
			return host.RemoveLeftover(path, func(path string) error { return e.Reclaim(t.Context(), run, path) })
		},
	} {
		t.Run(what, func(t *testing.T) {
			run := newRun(t)
			killed := filepath.Join(filepath.Dir(run.State), "killed")
			path := filepath.Join(killed, fmt.Sprintf("pipe-docker-%d-killed", os.Getuid()))
			write(t, filepath.Join(path, "lock"), "")
			leaves(t, e, image, path)
			if got := host.Leftovers(filepath.Dir(run.State), func(string) bool { return false }); !cmp.Equal(got, []string{path}) {
				t.Errorf("left: %q", got)
			}
			if err := remove(run, path); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(killed); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("still there: %v\n%s", err, listed(t, killed))
			}
		})
	}
}

// leaves has a container make files of root's in a folder.
func leaves(t *testing.T, e *docker.Engine, image, folder string) {
	t.Helper()
	made, err := e.Client().ContainerCreate(t.Context(), &container.Config{Image: image, Entrypoint: []string{"sh", "-c", "umask 077; mkdir -p a/b c; touch a/b/f c/f; chmod 0 a/b; ls -R"}, WorkingDir: "/work"},
		&container.HostConfig{NetworkMode: "none", Binds: []string{folder + ":/work"}}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Client().ContainerRemove(t.Context(), made.ID, container.RemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	}()
	ended, failed := e.Client().ContainerWait(t.Context(), made.ID, container.WaitConditionNextExit)
	if err := e.Client().ContainerStart(t.Context(), made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-ended:
		if got.StatusCode != 0 {
			t.Fatalf("exit code %d", got.StatusCode)
		}
	case err := <-failed:
		t.Fatal(err)
	}
}

// An image that a killed pipe made to give files back is removed by the next run.
func TestImagesOfReclaimAreSwept(t *testing.T) {
	e := dockertest.Engine(t)
	run := newRun(t)
	id, err := e.EmptyImage(t.Context(), run, filepath.Join(run.State, `a "folder" of \ $HOME`))
	if err != nil {
		t.Fatal(err)
	}
	next := run
	next.ID, next.State = "next", filepath.Join(filepath.Dir(run.State), "next")
	swept, err := e.Sweep(t.Context(), next)
	if err != nil || len(swept) != 1 || swept[0].Kind != "image" || swept[0].ID != id || swept[0].Run != run.ID {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if _, err := e.Client().ImageInspect(t.Context(), id); !errdefs.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
}

// Who gives files back does not mind that another step removed some of them, and gives no device.
func TestOwn(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "there", "file"), "text")
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = 65534, 65534
	}
	device := filepath.Join(dir, "there", "device")
	if os.Getuid() == 0 {
		if err := syscall.Mknod(device, syscall.S_IFCHR|0o600, 1<<8|3); err != nil {
			t.Fatal(err)
		}
	}
	if err := docker.Own(dir, []string{"gone", "there"}, uid, gid); err != nil {
		t.Error(err)
	}
	info, err := os.Lstat(filepath.Join(dir, "there", "file"))
	if err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != uid {
		t.Errorf("not given: %v", err)
	}
	if info, err := os.Lstat(device); err == nil && info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Error("a device was given away")
	}
}

// In a cache that others are at work in nothing is given back, since folders that they remove would be made anew. The
// last one does it.
func TestCachesAreGivenBackByTheLast(t *testing.T) {
	image := dockertest.Tools(t, dockertest.Engine(t))
	run := newRun(t, "PIPE_DOCKER_FILES=bind")
	s := openRun(t, docker.New(docker.Endpoint{}), run)
	j := job(image, "mkdir -p cache/deep")
	j.Container = rooted(image).Container
	j.Mounts = []target.Mount{{Path: "cache", Cache: "tools"}}
	lock := filepath.Join(run.Cache, ".locks", "tools")
	write(t, lock, "")
	other, err := os.OpenFile(lock, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	theirs := func() bool {
		info, err := os.Lstat(filepath.Join(run.Cache, "tools", "deep"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Uid == 0
	}
	end := func() {
		a := start(t, s, j)
		if err := a.Close(); err != nil || a.Exit().Code != 0 {
			t.Errorf("%+v, %v", a.Exit(), err)
		}
	}
	if end(); !theirs() {
		t.Error("given back beside another step")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if end(); theirs() && os.Getuid() != 0 {
		t.Error("not given back by the last")
	}
}
