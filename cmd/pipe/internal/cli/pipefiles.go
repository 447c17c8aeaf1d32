package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// shut is a folder that may not be read, so that nobody knows which .pipe files it holds.
type shut struct {
	path  string
	named bool // an argument says that it is meant
	err   error
}

// mayRead is the way out where a file or folder may not be read.
const mayRead = "give the user that runs pipe the right to read it"

// finding is an error where the folder was asked for; elsewhere it may be a database's, which is none of ours.
func (s shut) finding() diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.UnreadableFile, File: source.NewFile(fromRoot(s.path), ""), Help: mayRead}
	d.Message = fmt.Sprintf("the folder may not be read, and the .pipe files in it are not checked: %v", reason(s.err))
	if !s.named {
		d.Severity = diag.Hint
	}
	return d
}

// fromRoot is a path as findings name it.
func fromRoot(path string) string {
	if root, err := load.Root(path); err == nil {
		if rel, err := filepath.Rel(root, path); err == nil {
			return filepath.ToSlash(rel)
		}
	}
	return path
}

// pipeFilesOf lists the .pipe files that arguments mean, without those in hidden folders, node_modules and
// testdata unless named. A file that may not be looked at is one of them, since reading it says so.
func (a *app) pipeFilesOf(args []string) (files []string, without []shut, err error) {
	if len(args) == 0 {
		root, err := load.Root(a.Dir)
		if err != nil {
			return nil, nil, err
		}
		args = []string{root}
	}
	for _, arg := range args {
		found, closed, err := a.pipeFilesIn(arg)
		if err != nil {
			return nil, nil, err
		}
		files, without = append(files, found...), append(without, closed...)
	}
	slices.Sort(files)
	return slices.Compact(files), without, nil
}

func (a *app) pipeFilesIn(arg string) ([]string, []shut, error) {
	path := a.abs(arg)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrPermission) && filepath.Ext(path) == ".pipe":
		return []string{path}, nil, nil
	case errors.Is(err, fs.ErrPermission):
		return nil, []shut{{path, true, err}}, nil
	case err == nil && !info.IsDir() && filepath.Ext(path) != ".pipe":
		return nil, nil, usagef("the names of pipe files end in .pipe", "%s is no .pipe file", arg)
	case err == nil && !info.IsDir():
		return []string{path}, nil, nil
	case err != nil:
		_, err = a.existing(arg)
		return nil, nil, err
	}
	files, closed := walkPipeFiles(path)
	if len(files)+len(closed) == 0 {
		return nil, nil, usagef("`pipe init` writes a first pipeline", "%s holds no .pipe file", a.display(path))
	}
	return files, closed, nil
}

// walkPipeFiles lists the .pipe files below a folder, and the folders that may not be read.
func walkPipeFiles(path string) (files []string, without []shut) {
	path += string(filepath.Separator) // a link to a folder is a folder
	_ = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			without = append(without, shut{filepath.Clean(p), p == path, err})
		case e.IsDir() && p != path && skipped(e.Name()):
			return filepath.SkipDir
		case !e.IsDir() && strings.HasSuffix(p, ".pipe"):
			files = append(files, p)
		}
		return nil
	})
	return files, without
}

func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules" || folder == "testdata" || folder == "vendor"
}
