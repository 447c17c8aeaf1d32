package host

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// globs choose files: the last one that matches a path decides.
type globs []glob

type glob struct {
	pattern string
	exclude bool // written with a leading "!"
	literal bool // without wildcards; a folder's name means all that is in it
}

func parseGlobs(texts []string) (globs, error) {
	out := make(globs, 0, len(texts))
	for _, text := range texts {
		g, err := parseGlob(text)
		if err != nil {
			return nil, fmt.Errorf("inputs: %w", err)
		}
		out = append(out, g)
	}
	return out, nil
}

func parseGlob(text string) (glob, error) {
	pattern, exclude := strings.CutPrefix(text, "!")
	if strings.ContainsRune(pattern, 0) || !doublestar.ValidatePattern(pattern) {
		return glob{}, fmt.Errorf("%q is no valid glob", text)
	}
	literal := !strings.ContainsAny(pattern, `*?[{\`)
	if literal || !strings.Contains(pattern, `\`) {
		pattern = path.Clean(pattern)
	}
	if pattern == ".." || strings.HasPrefix(pattern, "../") || path.IsAbs(pattern) {
		return glob{}, fmt.Errorf("%q leaves the repository", text)
	}
	return glob{pattern: pattern, exclude: exclude, literal: literal}, nil
}

func (gs globs) match(p string) bool {
	in := false
	for _, g := range gs {
		if in == g.exclude && g.match(p) {
			in = !g.exclude
		}
	}
	return in
}

func (g glob) match(p string) bool {
	if g.literal {
		return g.pattern == "." || p == g.pattern || strings.HasPrefix(p, g.pattern+"/")
	}
	return doublestar.MatchUnvalidated(g.pattern, p)
}

// workspacePath is localPath for what people write: with a leading / it starts from the workspace's root.
func workspacePath(dir, p string) (string, error) {
	if below, ok := strings.CutPrefix(p, "/"); ok {
		dir, p = "", strings.TrimLeft(below, "/")
	}
	return localPath(dir, p)
}

// localPath joins a path that an op gives to the folder that it is relative to. The result
// is slash-separated, clean and inside the workspace, as far as the text tells; links are
// looked after by whoever opens it.
func localPath(dir, p string) (string, error) {
	joined := path.Join(dir, p)
	switch {
	case strings.ContainsRune(p, 0):
		return "", fmt.Errorf("path %q holds a NUL byte", p)
	case path.IsAbs(p) || filepath.IsAbs(p):
		return "", fmt.Errorf("path %q is absolute, expected one inside the workspace", p)
	case joined == "":
		return ".", nil
	case !filepath.IsLocal(joined):
		return "", fmt.Errorf("path %q leaves the workspace", p)
	}
	return joined, nil
}
