package build

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/builder"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// warnings is the Dockerfile's reader, which keeps what is to be said about the file: engines
// before 23 cannot pass it on.
type warnings struct {
	foreign string // another reader that the file asks for, "" for none

	mu   sync.Mutex
	list []Warning
	// err is why the file could not be read or solved, before it went through the engine: old
	// ones drop its place.
	err error
	// lines are where instructions stand in the Dockerfile, by what the builder makes of them.
	lines map[digest.Digest]int
}

// frontend reads the Dockerfile in this process. A "# syntax" line that asks for what this
// reader is, in a version of the first line, is met by it; others are run by the builder.
func (w *warnings) frontend(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
	if opts := c.BuildOpts().Opts; w.foreign == "" {
		opts["cmdline"] = own
	}
	out, err := builder.Build(ctx, listening{c, w})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
	return out, err
}

// own keeps the reader from handing the file on for a "# syntax" line.
const own = "pipe"

// ours are the names of what this reader is.
var ours = lazily(`^(docker\.io/)?docker/dockerfile(-upstream)?(:1(\.\d+)*(-labs)?|:latest|:master)?(@sha256:[0-9a-f]{64})?$`)

// foreign is the reader that a Dockerfile asks for, "" when it is this one.
func foreign(text []byte) string {
	ref, _, _, ok := parser.DetectSyntax(text)
	if !ok || ours().MatchString(ref) {
		return ""
	}
	return ref
}

// listening hears warnings.
type listening struct {
	gateway.Client
	to *warnings
}

// Warn implements gateway.Client.
func (l listening) Warn(_ context.Context, _ digest.Digest, message string, opts gateway.WarnOpts) error {
	l.to.add(message, opts)
	return nil
}

// Solve implements gateway.Client.
func (l listening) Solve(ctx context.Context, r gateway.SolveRequest) (*gateway.Result, error) {
	if r.Definition != nil && r.Definition.Source != nil {
		l.to.places(r.Definition.Source.Locations)
	}
	return l.Client.Solve(ctx, r)
}

func (w *warnings) places(all map[string]*pb.Locations) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lines == nil {
		w.lines = map[digest.Digest]int{}
	}
	for id, at := range all {
		if len(at.Locations) > 0 && len(at.Locations[0].Ranges) > 0 {
			w.lines[digest.Digest(id)] = int(at.Locations[0].Ranges[0].Start.Line)
		}
	}
}

// line is where an instruction stands, 0 where that is not known.
func (w *warnings) line(id digest.Digest) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines[id]
}

// short is a warning as the reader words it: "FromAsCasing: 'as' and 'FROM' … (line 3)".
var short = lazily(`^([A-Za-z]+): (.*?)(?: \(line \d+\))?$`)

func (w *warnings) add(message string, opts gateway.WarnOpts) {
	out := Warning{Message: message, URL: opts.URL}
	if m := short().FindStringSubmatch(message); m != nil {
		out.Rule, out.Message = m[1], m[2]
	}
	out.Message = strings.Join(strings.Fields(out.Message), " ")
	if len(opts.Range) > 0 {
		out.Line = int(opts.Range[0].Start.Line)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.list, out) {
		w.list = append(w.list, out)
	}
}
