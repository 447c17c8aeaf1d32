package cli

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// apart names the files of several repositories from the working directory, since each is named from its own root
// and two may have one of a name.
func (a *app) apart(found []diag.Diagnostic, paths map[*source.File]string) []diag.Diagnostic {
	if !manyRoots(paths) {
		return found
	}
	names := make(map[*source.File]string, len(paths))
	for f, path := range paths {
		names[f] = path
		if rel, err := filepath.Rel(a.Dir, path); err == nil {
			names[f] = filepath.ToSlash(rel)
		}
	}
	found = diag.Renamed(found, names)
	slices.SortStableFunc(found, func(x, y diag.Diagnostic) int { return cmp.Compare(fileOf(x), fileOf(y)) })
	return found
}

func fileOf(d diag.Diagnostic) string {
	if d.File == nil {
		return ""
	}
	return d.File.Name
}

// manyRoots says that files are named from more than one root.
func manyRoots(paths map[*source.File]string) bool {
	first, any := "", false
	for f, path := range paths {
		root := strings.TrimSuffix(path, filepath.FromSlash(f.Name))
		if any && root != first {
			return true
		}
		first, any = root, true
	}
	return false
}

// rootsOf are the folders that the names of files start from, behind links.
func rootsOf(paths map[*source.File]string) map[*source.File]string {
	real := map[string]string{}
	out := make(map[*source.File]string, len(paths))
	for f, path := range paths {
		root := strings.TrimSuffix(path, filepath.FromSlash(f.Name))
		if _, known := real[root]; !known {
			real[root] = root
			if target, err := filepath.EvalSymlinks(root); err == nil {
				real[root] = target
			}
		}
		out[f] = real[root]
	}
	return out
}
