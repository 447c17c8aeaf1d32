package doctor

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/pipelang/pipe/runtime/registry"
)

// registries are a check for each registry that an image's name leads to.
func (s *Surroundings) registries() []Check {
	byHost, places := map[string][]string{}, map[string][]string{}
	var out []Check
	for _, name := range s.Needs.Names() {
		ref, err := registry.Parse(name)
		if err != nil {
			out = append(out, Check{Name: "image " + name, Needed: s.Needs.Images[name], Look: func(context.Context) []Line { return failure(err) }})
			continue
		}
		host := registry.Host(ref)
		byHost[host] = append(byHost[host], name)
		for _, at := range s.Needs.Images[name] {
			list := places[host]
			note(&list, at)
			places[host] = list
		}
	}
	for _, host := range slices.Sorted(maps.Keys(byHost)) {
		out = append(out, Check{Name: "registry " + host, Needed: places[host], Look: s.registry(host, byHost[host])})
	}
	return out
}

// registry says whether one answers and takes our credentials. Where the engine has all images
// that are wanted of it, nothing is lost when it does not.
func (s *Surroundings) registry(host string, images []string) func(context.Context) []Line {
	return func(ctx context.Context) []Line {
		access, err := registry.Knock(ctx, host, registry.Options{})
		if err != nil {
			lines := failure(err)
			if missing, bad := s.missingImages(context.WithoutCancel(ctx), images); bad == nil && len(missing) == 0 {
				lines[0].Level = Warn
				lines[0].Text += "; the engine has the images already"
			}
			return lines
		}
		switch {
		case access.Asks && !access.Known:
			return ok("answers; what is not public wants credentials, and there are none: docker login %s", host)
		case !access.Asks:
			return ok("answers, and lets everybody in")
		case access.User != "":
			return ok("answers, and takes the credentials of %s", access.User)
		}
		return ok("answers, and takes the credentials that there are")
	}
}

func failure(err error) []Line {
	var failed *registry.Error
	if !errors.As(err, &failed) {
		return fails("try again later", "%v", err)
	}
	switch failed.Kind {
	case registry.Denied:
		return fails(failed.Help(), "refuses the credentials that docker's configuration has for it")
	case registry.Unreachable:
		return fails(failed.Help(), "cannot be reached: %v", failed.Err)
	}
	return fails(failed.Help(), "%v", failed.Err)
}
