package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// config is what matters of git's configuration.
type config struct {
	origin  string   // URL of the remote
	filters []string // keys of the repository's own filters, and what makes git insist on them
}

// disarmed is git without the filters that the repository's own configuration names: git runs
// those to compare a file with the index, and whoever packed the repository chose them. Filters
// of the user's and the machine's configuration stay, and those of Git LFS.
func (g git) disarmed(ctx context.Context) (git, config, error) {
	c, err := g.readConfig(ctx)
	if err != nil || len(c.filters) == 0 {
		return g, c, err
	}
	// As variables: on a command line a name with "=" in it would end early.
	env := append(slices.Clone(g.env), fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(c.filters)))
	for i, key := range c.filters {
		off := ""
		if strings.HasSuffix(key, ".required") {
			off = "false"
		}
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, off))
	}
	return git{dir: g.dir, env: env}, c, nil
}

func (g git) readConfig(ctx context.Context) (config, error) {
	out, err := g.run(ctx, "config", "--show-scope", "-z", "--get-regexp", `^(filter\.|lfs\.extension\.|remote\.origin\.url$)`)
	var none *gitError
	switch {
	case errors.As(err, &none) && none.code == 1: // no such key
		return config{}, nil
	case err != nil:
		return config{}, err
	}
	return parseConfig(names(out)), nil
}

// parseConfig reads pairs of a scope, and a key and its value.
func parseConfig(parts []string) config {
	var c config
	var lfs []string
	foreign := false // Git LFS is told to run programs
	for pair := range slices.Chunk(parts, 2) {
		if len(pair) < 2 {
			break
		}
		key, val, _ := strings.Cut(pair[1], "\n")
		own := pair[0] == "local" || pair[0] == "worktree"
		switch {
		case key == "remote.origin.url":
			c.origin = val
		case !own:
		case strings.HasPrefix(key, "lfs.extension."):
			foreign = true
		case lfsFilter[key] != "" && lfsFilter[key] == strings.ReplaceAll(val, "--skip ", ""):
			lfs = append(lfs, key)
		default:
			foreign = foreign || strings.HasPrefix(key, "filter.lfs.")
			c.filters = append(c.filters, key)
		}
	}
	if foreign {
		c.filters = append(c.filters, lfs...)
	}
	slices.Sort(c.filters)
	c.filters = slices.Compact(c.filters)
	return c
}

// lfsFilter is what Git LFS writes into a repository's configuration.
var lfsFilter = map[string]string{
	"filter.lfs.clean":    "git-lfs clean -- %f",
	"filter.lfs.smudge":   "git-lfs smudge -- %f",
	"filter.lfs.process":  "git-lfs filter-process",
	"filter.lfs.required": "true",
}
