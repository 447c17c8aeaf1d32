package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// engine says which Docker engine the pipelines would use.
func (s *Surroundings) engine(ctx context.Context) []Line {
	lines := s.look(ctx, docker.Endpoint{Environ: s.Environ})
	if host, named := s.getenv("DOCKER_HOST"), s.getenv("DOCKER_CONTEXT"); host != "" && named != "" {
		lines = append(lines, warns("unset one of them", "DOCKER_HOST (%s) and DOCKER_CONTEXT (%s) are both set: the first one counts", host, named)...)
	}
	return lines
}

// declared looks at the engine of a target.
func (s *Surroundings) declared(e DeclaredEngine) func(context.Context) []Line {
	return func(ctx context.Context) []Line {
		if e.Unknown != nil {
			return fails("set what it reads in the environment or in .env, or change target "+e.Name, "it is not known where it is: %v", e.Unknown)
		}
		lines := s.look(ctx, e.Where)
		for i := range lines {
			if strings.Contains(lines[i].Help, "DOCKER_HOST") { // it counts for the usual engine alone
				lines[i].Help = "see that an engine listens there, or change target " + e.Name
			}
		}
		return lines
	}
}

func (s *Surroundings) look(ctx context.Context, where docker.Endpoint) []Line {
	e, err := docker.Connect(ctx, where)
	if err != nil {
		return noEngine(err, len(s.Needs.Containers)+len(s.Needs.Builds) > 0 || where.Host != "" || where.Context != "")
	}
	defer e.Close()
	d, err := e.Describe(ctx)
	if err != nil {
		return noEngine(err, true)
	}
	at := e.Endpoint().Host
	if name := e.Endpoint().Context; name != "" && name != "default" {
		at += ", context " + name
	}
	lines := ok("engine %s (API %s) at %s: %s, storage %s, cgroups %s, %d processors, %s of memory", d.Version, d.API, at, d.Platform, d.Driver, orNone(d.Cgroups), d.CPUs, size(d.Memory))
	if d.Rootless {
		lines[0].Text += ", rootless"
	}
	if err := e.Builder(ctx); err != nil {
		l := Line{Level: Warn, Text: fmt.Sprintf("the engine's BuildKit cannot be spoken to: %v", err), Help: "upgrade the engine, or let it build by BuildKit"}
		if len(s.Needs.Builds) > 0 {
			l.Level, l.NeededBy = Fail, s.Needs.Builds
		}
		lines = append(lines, l)
	} else {
		lines[0].Text += ", BuildKit"
	}
	if strings.HasPrefix(e.Endpoint().Host, "unix://") && d.Root != "" {
		lines = append(lines, s.disk(d.Root, "the engine's data")...)
	}
	if d.Driver == "vfs" {
		lines = append(lines, warns("let the engine use overlay2", "the engine's storage driver vfs copies every layer whole")...)
	}
	if len(d.Unlimited) > 0 {
		lines = append(lines, warns("mount the controllers of control groups on its machine, v2 or v1 with memory, pids and cpu, and restart it",
			"the engine cannot hold containers to %s: a step may take the whole machine", strings.Join(d.Unlimited, ", "))...)
	}
	for _, w := range d.Warnings {
		lines = append(lines, warns("see the engine's documentation", "the engine says: %s", w)...)
	}
	return append(lines, clock(d.Clock)...)
}

// maxSkew between clocks does no harm.
const maxSkew = 10 * time.Second

// clock complains where the engine's time is not ours: files of the one are older or newer to
// the other than they are.
func clock(theirs time.Time) []Line {
	skew := time.Until(theirs).Abs()
	if theirs.IsZero() || skew < maxSkew {
		return nil
	}
	return warns("let both follow the same time server", "the engine's clock is %v off this machine's", skew.Round(time.Second))
}

func noEngine(err error, needed bool) []Line {
	var bad *docker.EngineError
	if !errors.As(err, &bad) {
		return fails("see what DOCKER_HOST and the docker command's context say", "%v", err)
	}
	if !needed && errors.Is(err, docker.ErrAbsent) {
		return ok("no engine at %s, and no pipeline here needs one", bad.Endpoint)
	}
	return fails(bad.WayOut, "%v (%s): %v", bad.Kind, bad.Endpoint, bad.Err)
}

func orNone(s string) string {
	if s == "" {
		return "unknown"
	}
	return "v" + strings.TrimPrefix(s, "v")
}

// missingImages are those that the engine does not have.
func (s *Surroundings) missingImages(ctx context.Context, names []string) ([]string, error) {
	e, err := docker.Connect(ctx, docker.Endpoint{Environ: s.Environ})
	if err != nil {
		return names, fmt.Errorf("no engine to ask: %w", err)
	}
	defer e.Close()
	var out []string
	for _, n := range names {
		if has, err := e.Has(ctx, n); err != nil || !has {
			out = append(out, n)
		}
	}
	return out, nil
}
