// Package build makes images: BuildKit inside a Docker Engine solves what a Dockerfile asks,
// and this process reads the Dockerfile, so that its syntax is the same on every engine and
// its warnings are heard on old ones too. It knows no plan and no language, and nothing of
// registries beyond the references that it hands on.
package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Request is one build.
type Request struct {
	// Context is the absolute path of the folder that the builder may read.
	Context string
	// Dockerfile is an absolute path; "" is Dockerfile in the context. Text is a Dockerfile
	// itself, instead of a path.
	Dockerfile string
	Text       *string
	// Display is what messages call the Dockerfile.
	Display string

	Target       string
	Args, Labels map[string]string
	Secrets      map[string][]byte // by id
	SSHKeys      map[string][]byte // private keys in PEM, by id
	SSHAgent     string            // path of an agent's socket, under the id "default"
	Tags         []string
	Platforms    []string
	// CacheFrom and CacheTo are images, or type=…,name=value… as the docker command has them.
	CacheFrom, CacheTo []string
	NoCache, Pull      bool
	Network            string // default, none, host
	Epoch              *time.Time
	// Logins gives credentials for the registries of base images and caches, by host.
	Logins func(host string) (username, password string, err error)
}

// Warning is something that BuildKit says about a Dockerfile.
type Warning struct {
	Rule, Message, URL string
	Line               int // from 1; 0 for no line
}

// Result is what a build made.
type Result struct {
	ID       string // of the image on the engine, "sha256:…"
	Size     int64  // bytes, unpacked
	Warnings []Warning
	// Context is what the builder could read of the context, in files and bytes, and what was
	// sent of it: what it has from an earlier build is not.
	Files      int
	Bytes      int64
	Sent       int64
	FromEngine time.Duration // what the engine's part took
}

// Log takes lines of a build's log without line breaks, by section: a stage, "context",
// "export". It is called from one goroutine at a time, and p is only lent.
type Log func(section string, p []byte)

// Build builds an image and waits for its end. When ctx ends the builder is told, and stops
// what it runs. Errors are a *Error, or an *docker.EngineError.
func Build(ctx context.Context, e *docker.Engine, r Request, log Log) (Result, error) {
	s, err := r.solve()
	if err != nil {
		return Result{}, err
	}
	c, err := connect(ctx, e)
	if err != nil {
		return Result{}, e.Failure(ctx, err)
	}
	defer c.Close()
	watch := newWatch(log)
	began := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		watch.follow(s.status)
	}()
	answer, err := c.Build(ctx, s.opt, "pipe", s.frontend, s.status)
	<-done
	if err != nil {
		return Result{}, r.failure(ctx, e, cmp.Or(s.warnings.err, err), watch, s)
	}
	out := Result{ID: answer.ExporterResponse["containerimage.config.digest"], Warnings: s.warnings.list, Sent: watch.sent, FromEngine: time.Since(began)}
	if id := answer.ExporterResponse["containerimage.digest"]; out.ID == "" {
		out.ID = id
	}
	out.Files, out.Bytes = s.seen.totals()
	return out, out.inspect(ctx, e, r.Tags)
}

// inspect reads the image back from the engine: what it is called there, and how big it is.
func (r *Result) inspect(ctx context.Context, e *docker.Engine, tags []string) error {
	name := r.ID
	if name == "" && len(tags) > 0 {
		name = tags[0]
	}
	found, err := e.Client().ImageInspect(ctx, name)
	if err != nil && len(tags) > 0 {
		found, err = e.Client().ImageInspect(ctx, tags[0])
	}
	if err != nil {
		return e.Failure(ctx, err)
	}
	r.ID, r.Size = found.ID, found.Size
	return nil
}

// connect speaks to the engine's BuildKit.
func connect(ctx context.Context, e *docker.Engine) (*client.Client, error) {
	return client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return e.Client().DialHijack(ctx, "/grpc", "h2c", nil)
		}),
		client.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return e.Client().DialHijack(ctx, "/session", proto, meta)
		}))
}

// solve is a build as BuildKit takes it.
type solve struct {
	opt      client.SolveOpt
	status   chan *client.SolveStatus
	frontend gateway.BuildFunc
	warnings *warnings
	seen     *seen
}

func (r *Request) solve() (*solve, error) {
	text, err := r.content()
	if err != nil {
		return nil, err
	}
	s := &solve{status: make(chan *client.SolveStatus), warnings: &warnings{foreign: foreign(text)}, seen: &seen{}}
	s.frontend = s.warnings.frontend
	mounts, file, err := r.folders()
	if err != nil {
		return nil, err
	}
	s.opt = client.SolveOpt{
		LocalMounts: mounts, FrontendAttrs: r.attrs(file), LocalFilterOpt: s.seen.filter, SharedKey: r.shared(),
		Exports: []client.ExportEntry{{Type: "moby", Attrs: r.exportAttrs()}},
	}
	if s.opt.CacheImports, err = caches(r.CacheFrom); err != nil {
		return nil, err
	}
	if s.opt.CacheExports, err = caches(r.CacheTo); err != nil {
		return nil, err
	}
	s.opt.Session, err = r.attachables()
	return s, err
}

// shared is the same for each build of a folder by this user: what the builder has of the
// folder is then compared, and not sent again.
func (r *Request) shared() string {
	sum := sha256.Sum256([]byte("pipe\x00" + r.Context))
	return hex.EncodeToString(sum[:])
}

// folders are what the builder may read, and the name of the Dockerfile in its folder.
func (r *Request) folders() (map[string]fsutil.FS, string, error) {
	context, err := fsutil.NewFS(r.Context)
	if err != nil {
		return nil, "", &Error{Reason: "the context cannot be read: " + err.Error()}
	}
	if r.Text != nil {
		return map[string]fsutil.FS{"context": context, "dockerfile": inline(*r.Text)}, dockerfileName, nil
	}
	path := r.path()
	folder, err := fsutil.NewFS(filepath.Dir(path))
	if err != nil {
		return nil, "", &Error{Reason: "the Dockerfile's folder cannot be read: " + err.Error()}
	}
	return map[string]fsutil.FS{"context": context, "dockerfile": folder}, filepath.Base(path), nil
}

// path is where the Dockerfile is that is no text: docker takes a "dockerfile" for one too.
func (r *Request) path() string {
	if r.Dockerfile != "" {
		return r.Dockerfile
	}
	path := filepath.Join(r.Context, dockerfileName)
	if _, err := os.Stat(path); err != nil {
		if lower := filepath.Join(r.Context, strings.ToLower(dockerfileName)); exists(lower) {
			return lower
		}
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// content is the Dockerfile's text.
func (r *Request) content() ([]byte, error) {
	if r.Text != nil {
		return []byte(*r.Text), nil
	}
	text, err := os.ReadFile(r.path())
	if err != nil {
		return nil, &Error{Final: true, Reason: r.Display + " cannot be read: " + cause(err).Error() + ": paths start from the folder of the file that calls", Err: err}
	}
	return text, nil
}

// cause is a file's error without the path, which the message has already.
func cause(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

const dockerfileName = "Dockerfile"
