package docker

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/system"
)

// Description is what an engine says of itself.
type Description struct {
	Version, API    string
	Driver          string // that stores layers
	Root            string // its data, on its own machine
	Platform        string // linux/amd64
	Cgroups         string // "1", "2"
	Rootless        bool
	CPUs            int
	Memory          int64 // bytes
	Clock           time.Time
	Warnings        []string // in its own words
	Running, Images int
	// Unlimited are attributes of ops that containers are not held to there: the kernel lacks the
	// controller of control groups, or nobody mounted it.
	Unlimited []string
}

// Describe asks the engine what it is.
func (e *Engine) Describe(ctx context.Context) (Description, error) {
	info, err := e.api.Info(ctx)
	if err != nil {
		return Description{}, e.Failure(ctx, err)
	}
	d := Description{
		Version: info.ServerVersion, API: e.api.ClientVersion(), Driver: info.Driver, Root: info.DockerRootDir,
		Platform: info.OSType + "/" + architecture(info.Architecture), Cgroups: info.CgroupVersion,
		CPUs: info.NCPU, Memory: info.MemTotal, Running: info.ContainersRunning, Images: info.Images,
	}
	d.Rootless = secured(info, "rootless")
	for _, w := range info.Warnings {
		d.Warnings = append(d.Warnings, strings.TrimSpace(strings.TrimPrefix(w, "WARNING:")))
	}
	for _, limit := range []struct {
		name string
		has  bool
	}{{"memory", info.MemoryLimit}, {"pids", info.PidsLimit}, {"cpu", info.CPUCfsQuota}} {
		if !limit.has {
			d.Unlimited = append(d.Unlimited, limit.name)
		}
	}
	// A clock that cannot be read is told as none.
	d.Clock, _ = time.Parse(time.RFC3339Nano, info.SystemTime)
	return d, nil
}

// secured says that an engine has a security option.
func secured(info system.Info, name string) bool {
	return slices.ContainsFunc(info.SecurityOptions, func(o string) bool { return strings.Contains(o, "name="+name) })
}

// Builder says why the engine's BuildKit cannot be spoken to; nil where it can.
func (e *Engine) Builder(ctx context.Context) error {
	conn, err := e.api.DialHijack(ctx, "/grpc", "h2c", nil)
	if err != nil {
		return e.Failure(ctx, err)
	}
	return conn.Close()
}

// architecture is the kernel's word in that of images.
func architecture(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "armv7l":
		return "arm/v7"
	}
	return machine
}
