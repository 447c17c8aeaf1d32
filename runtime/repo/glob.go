package repo

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Glob are the files that any of some patterns matches, sorted. `*` and `?` stay within a
// folder, `**` crosses them, `{a,b}` and `[a-z]` choose; names that start with a dot are names
// like others. Paths and patterns are relative to the root.
func (r *Repo) Glob(ctx context.Context, patterns ...string) ([]string, error) {
	files, err := r.Files(ctx)
	if err != nil {
		return nil, err
	}
	return choose(files, patterns)
}

// choose keeps the files that a pattern matches.
func choose(files, patterns []string) ([]string, error) {
	cleaned := make([]string, len(patterns))
	for i, p := range patterns {
		cleaned[i] = strings.TrimPrefix(path.Clean("/"+p), "/")
		if !doublestar.ValidatePattern(cleaned[i]) || p == "" {
			return nil, fmt.Errorf("%q is no glob", p)
		}
	}
	out := []string{}
	for _, name := range files {
		for _, p := range cleaned {
			if doublestar.MatchUnvalidated(p, name) {
				out = append(out, name)
				break
			}
		}
	}
	return out, nil
}
