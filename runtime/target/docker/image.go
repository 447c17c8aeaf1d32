package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/pkg/jsonmessage"

	"github.com/pipelang/pipe/runtime/event"
)

// Pulls are told as output of this stream and section.
const (
	pullStream  = event.Stderr
	pullSection = "pull"
)

// images are those that a run has asked for; each is looked up, and pulled, once.
type images struct {
	engine *Engine
	pull   Pull

	mu    sync.Mutex
	known map[string]*lookedUp
}

type lookedUp struct {
	turn  chan struct{}
	image *image.InspectResponse
}

func newImages(e *Engine, pull Pull) *images {
	return &images{engine: e, pull: pull, known: map[string]*lookedUp{}}
}

// progress is told how a pull goes, in lines.
type progress interface{ say(line string) }

// get gives an image of the engine by its reference, pulled where it is to be.
func (m *images) get(ctx context.Context, ref string, p progress) (*image.InspectResponse, error) {
	m.mu.Lock()
	l := m.known[ref]
	if l == nil {
		l = &lookedUp{turn: make(chan struct{}, 1)}
		m.known[ref] = l
	}
	m.mu.Unlock()
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-l.turn }()
	if l.image != nil {
		return l.image, nil
	}
	found, err := m.fetch(ctx, ref, p)
	if err == nil {
		l.image = found
	}
	return found, err
}

// forget drops an image that turned out to be gone.
func (m *images) forget(ref string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, ref)
}

func (m *images) fetch(ctx context.Context, ref string, p progress) (*image.InspectResponse, error) {
	if m.pull != PullAlways {
		found, err := m.inspect(ctx, ref)
		switch {
		case err == nil:
			return found, nil
		case errdefs.IsInvalidArgument(err) || err != nil && strings.Contains(err.Error(), "invalid reference"):
			return nil, &ImageError{Image: ref, Kind: ErrNoImage, Err: errors.New("this is no name of an image"), WayOut: "write it as registry/name:tag or name@sha256:…"}
		case !errdefs.IsNotFound(err):
			return nil, err
		case m.pull == PullNever:
			return nil, &ImageError{Image: ref, Kind: ErrNoImage, Err: errors.New("the engine does not have it, and pull is never"), WayOut: "build or load it first"}
		}
	}
	if err := m.engine.PullImage(ctx, ref, p.say); err != nil {
		return nil, err
	}
	return m.inspect(ctx, ref)
}

// inspect looks an image up. One that was built here and never pushed has no digest of a
// registry: its reference carries the engine's own ID instead.
func (m *images) inspect(ctx context.Context, ref string) (*image.InspectResponse, error) {
	found, err := m.engine.api.ImageInspect(ctx, ref)
	if _, id, pinned := strings.Cut(ref, "@"); pinned && errdefs.IsNotFound(err) {
		found, err = m.engine.api.ImageInspect(ctx, id)
	}
	return &found, err
}

// PullImage pulls an image with the credentials that the docker command has, and tells in
// lines how it goes. An image that cannot be had is an *ImageError.
func (e *Engine) PullImage(ctx context.Context, ref string, say func(string)) error {
	named, err := reference.ParseDockerRef(ref)
	if err != nil {
		return &ImageError{Image: ref, Kind: ErrNoImage, Err: err, WayOut: "write it as registry/name:tag or name@sha256:…"}
	}
	auth, err := e.RegistryAuth(reference.Domain(named))
	if err != nil {
		return &ImageError{Image: ref, Kind: ErrPullDenied, Err: err, WayOut: "see the settings of the docker command"}
	}
	body, err := e.api.ImagePull(ctx, named.String(), image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return pullFailed(ctx, ref, err)
	}
	defer body.Close()
	if err := followPull(body, say); err != nil {
		return pullFailed(ctx, ref, err)
	}
	return nil
}

// RegistryAuth is what the engine is handed for a registry: what the docker command's settings,
// or the helper that they name, hold for it; "" is nothing.
func (e *Engine) RegistryAuth(domain string) (string, error) {
	file, err := config.Load(configFolder(e.env))
	if err != nil {
		return "", err
	}
	if domain == "docker.io" {
		domain = "https://index.docker.io/v1/"
	}
	found, err := file.GetAuthConfig(domain)
	if err != nil {
		return "", fmt.Errorf("credentials for %s: %w", domain, err)
	}
	if found.Username == "" && found.IdentityToken == "" && found.RegistryToken == "" {
		return "", nil
	}
	return registry.EncodeAuthConfig(registry.AuthConfig{
		Username: found.Username, Password: found.Password, Auth: found.Auth, ServerAddress: found.ServerAddress,
		IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
	})
}

// pullEvery is how often a pull in progress is told of.
const pullEvery = 2 * time.Second

// followPull reads the engine's messages to the end. Layers are told of together.
func followPull(body io.Reader, say func(string)) error {
	layers := map[string]*jsonmessage.JSONProgress{}
	done := map[string]bool{}
	var told time.Time
	for dec := json.NewDecoder(body); ; {
		var m jsonmessage.JSONMessage
		switch err := dec.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case m.Error != nil:
			return m.Error
		case m.ID == "" || m.Progress == nil && !strings.Contains(m.Status, "omplete") && !strings.Contains(m.Status, "exists"):
			if m.ID == "" && m.Status != "" {
				say(m.Status)
			}
			continue
		case m.Progress == nil:
			done[m.ID] = true
		case m.Status == "Downloading":
			layers[m.ID] = m.Progress
		}
		if time.Since(told) >= pullEvery {
			told = time.Now()
			say(pullLine(layers, done))
		}
	}
}

func pullLine(layers map[string]*jsonmessage.JSONProgress, done map[string]bool) string {
	var have, all int64
	complete := 0
	for id, p := range layers {
		all += p.Total
		if done[id] {
			have += p.Total
			complete++
		} else {
			have += p.Current
		}
	}
	return fmt.Sprintf("%d of %d layers, %.1f of %.1f MB", complete, max(len(layers), complete), float64(have)/1e6, float64(all)/1e6)
}
