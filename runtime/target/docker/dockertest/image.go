package dockertest

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// programs are what the scripts of tests call.
var programs = []string{
	"sh", "bash", "perl", "git", "cat", "ls", "cp", "mv", "rm", "mkdir", "rmdir", "ln", "touch", "chmod", "stat", "head", "tail",
	"tr", "seq", "sleep", "env", "printf", "echo", "true", "false", "test", "find", "sort", "grep", "sed", "wc", "date", "id", "basename",
	"dirname", "readlink", "mkfifo", "uname", "dd", "kill", "nl", "cut", "tee", "pwd", "yes", "sha256sum", "expr", "chown", "mktemp", "realpath", "printenv", "setsid", "od", "node",
}

// Tools gives an image with a shell, the usual programs, git and Python. It is made once an
// engine, of this machine's own files, and stays there for the tests that follow.
func Tools(t testing.TB, e *docker.Engine) string {
	t.Helper()
	python, library := pythonHere(t)
	return Installed(t, e, "tools", append([]string{python}, programs...), []string{library})
}

// Installed gives an image of programs, with the libraries that they need, and of folders and
// files, all at the paths that they have here. PATH leads to the programs; env are further variables.
func Installed(t testing.TB, e *docker.Engine, name string, programs, more []string, env ...string) string {
	t.Helper()
	return build(t, e, name, programs, more, nil, env)
}

// build makes an image as Installed does, with further files by their path, and settings as
// lines of a Dockerfile.
func build(t testing.TB, e *docker.Engine, name string, programs, more []string, texts map[string]string, env []string, settings ...string) string {
	t.Helper()
	c := closure{seen: map[string]bool{}, texts: texts}
	for _, p := range programs {
		path, err := exec.LookPath(p)
		if err != nil {
			Missing(t, p)
		}
		c.program(path)
		if dir := filepath.Dir(path); !slices.Contains(c.folders, dir) {
			c.folders = append(c.folders, dir)
		}
	}
	for _, p := range more {
		c.tree(p)
	}
	slices.Sort(c.paths)
	settings = append(settings, "ENV PATH="+strings.Join(c.folders, ":"))
	for _, v := range env {
		settings = append(settings, "ENV "+v)
	}
	ref := fmt.Sprintf("pipe-test/%s:%s", name, c.digest(settings))
	if _, err := e.Client().ImageInspect(t.Context(), ref); err == nil {
		return ref
	}
	Import(t, e, ref, c.write, settings...)
	return ref
}

// Import makes an image of an archive, with settings as lines of a Dockerfile.
func Import(t testing.TB, e *docker.Engine, ref string, write func(*tar.Writer) error, settings ...string) {
	t.Helper()
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		err := write(out)
		if err == nil {
			err = out.Close()
		}
		w.CloseWithError(err)
	}()
	name, tag, _ := strings.Cut(ref, ":")
	answer, err := e.Client().ImageImport(context.WithoutCancel(t.Context()), image.ImportSource{Source: r, SourceName: "-"}, name, image.ImportOptions{Tag: tag, Changes: settings})
	if err != nil {
		t.Fatalf("import %s: %v", ref, err)
	}
	defer answer.Close()
	if said, err := io.ReadAll(answer); err != nil || strings.Contains(string(said), "errorDetail") {
		t.Fatalf("import %s: %v\n%s", ref, err, said)
	}
}

// pythonHere gives the interpreter itself, which may hide behind a script that chooses one, and
// its library.
func pythonHere(t testing.TB) (program, library string) {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		out, err := exec.Command(name, "-c", "import os, sys; print(sys.executable); print(os.path.dirname(os.__file__))").Output()
		if program, library, ok := strings.Cut(strings.TrimSpace(string(out)), "\n"); ok && err == nil {
			return program, library
		}
	}
	Missing(t, "python3")
	return "", ""
}

// closure is files of this machine with all that they need.
type closure struct {
	paths   []string
	seen    map[string]bool
	folders []string // of programs
	texts   map[string]string
}

func (c *closure) add(path string) bool {
	if c.seen[path] {
		return false
	}
	c.seen[path] = true
	c.paths = append(c.paths, path)
	return true
}

// program adds a program, through its links, with its libraries.
func (c *closure) program(path string) {
	if !c.link(path) {
		return
	}
	// A program that is a script or static needs none.
	out, _ := exec.Command("ldd", path).Output()
	for _, word := range strings.Fields(string(out)) {
		if strings.HasPrefix(word, "/") {
			c.link(word)
		}
	}
}

// link adds a file, and what it leads to where it is a link.
func (c *closure) link(path string) bool {
	if !c.add(path) {
		return false
	}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		c.add(real)
	}
	return true
}

// unneeded are folders of libraries that no test reads.
var unneeded = []string{"__pycache__", "test", "site-packages", "dist-packages", "idlelib", "ensurepip", "tkinter", "lib2to3", "bitcode", "locale"}

// tree adds a folder with all that is in it, and the libraries of what is loaded from there.
func (c *closure) tree(path string) {
	filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case slices.Contains(unneeded, d.Name()):
			return filepath.SkipDir
		case d.IsDir():
		case strings.Contains(d.Name(), ".so"):
			c.program(p)
		default:
			c.link(p)
		}
		return nil
	})
}

// digest tells one set of files from another by what they look like.
func (c *closure) digest(settings []string) string {
	h := sha256.New()
	for _, p := range c.paths {
		if info, err := os.Stat(p); err == nil {
			fmt.Fprintf(h, "%s %d %d\n", p, info.Size(), info.ModTime().UnixNano())
		}
	}
	fmt.Fprint(h, settings, c.texts)
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// write writes the files, each link as what it leads to, beside the folders that all systems have.
func (c *closure) write(out *tar.Writer) error {
	for _, dir := range []struct {
		name string
		mode int64
	}{{"tmp/", 0o1777}, {"root/", 0o755}, {"etc/", 0o755}, {"run/", 0o755}, {"var/", 0o755}} {
		if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir.name, Mode: dir.mode}); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\npostgres:x:70:70::/tmp:/bin/sh\n", "etc/group": "root:x:0:\nnogroup:x:65534:\npostgres:x:70:\n"} {
		if err := writeFile(out, name, 0o644, []byte(text)); err != nil {
			return err
		}
	}
	for name, text := range c.texts {
		if err := writeFile(out, name, 0o755, []byte(text)); err != nil {
			return err
		}
	}
	for _, p := range c.paths {
		text, err := os.ReadFile(p)
		if err != nil {
			continue // a folder behind a link, or what nobody may read
		}
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if err := writeFile(out, strings.TrimPrefix(p, "/"), int64(info.Mode().Perm()), text); err != nil {
			return err
		}
	}
	return writeLink(out, "bin/sh", "/usr/bin/sh")
}

func writeFile(out *tar.Writer, name string, mode int64, text []byte) error {
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err := out.Write(text)
	return err
}

func writeLink(out *tar.Writer, name, to string) error {
	return out.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777})
}
