package cli

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/pipelang/pipe/compiler/lint"
)

// surroundings are what lints may look at in a repository.
func (a *app) surroundings(root string) lint.Options {
	var known sync.Map // what many files ask is looked up once
	look := func(glob string) match {
		found, ok := known.Load(glob)
		if !ok {
			found = matches(root, glob)
			known.Store(glob, found)
		}
		return found.(match)
	}
	o := lint.Options{
		Matches:     func(glob string) bool { return look(glob) != nothing },
		FoldersOnly: func(glob string) bool { return look(glob) == folders },
		Plain:       func(path string) bool { return notProgram(filepath.Join(root, filepath.FromSlash(path))) },
	}
	var entries sync.Map
	o.Entries = func(folder string) []string {
		found, ok := entries.Load(folder)
		if !ok {
			found = entriesOf(filepath.Join(root, filepath.FromSlash(folder)))
			entries.Store(folder, found)
		}
		return found.([]string)
	}
	names := sync.OnceValue(func() map[string]bool { return fileNames(root) })
	o.Named = func(name string) bool { return names()[name] }
	o.Python = pythonMistakes
	return o
}

// notProgram says that there is a file that is no program for anybody.
func notProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 == 0
}

// errFound ends a walk.
var errFound = errors.New("found")

// match is what a glob matches.
type match uint8

const (
	nothing match = iota
	folders       // and no file
	files         // and maybe folders
)

// matches says what in a folder matches a glob. A folder that cannot be read holds nothing.
func matches(root, glob string) (found match) {
	_ = doublestar.GlobWalk(os.DirFS(root), glob, func(_ string, e fs.DirEntry) error {
		if found = folders; !e.IsDir() {
			found = files
			return errFound
		}
		return nil
	})
	return found
}

// entriesOf are the names of what stands in a folder; none where it cannot be read.
func entriesOf(folder string) []string {
	list, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name()
	}
	return names
}

// maxNames is how many files and folders are looked at for their names.
const maxNames = 50_000

// fileNames are the names of the files in a folder and those below, but for what git and npm keep there. Of a very
// large one they are some.
func fileNames(root string) map[string]bool {
	names, left := map[string]bool{}, maxNames
	_ = fs.WalkDir(os.DirFS(root), ".", func(_ string, e fs.DirEntry, err error) error {
		left--
		switch {
		case left < 0:
			return fs.SkipAll
		case err != nil || e.IsDir() && (e.Name() == ".git" || e.Name() == "node_modules"):
			return fs.SkipDir
		case !e.IsDir():
			names[e.Name()] = true
		}
		return nil
	})
	return names
}

// pythonTime is how long an interpreter may take to parse the scripts of a program.
const pythonTime = 10 * time.Second

//go:embed syntax.py
var pythonSyntax string

// pythonMistakes lets an interpreter parse scripts, isolated from the user's modules; it runs none
// of them. It gives nothing when there is none, or when that fails: the syntax is then found at the run.
func pythonMistakes(scripts []string) []lint.Mistake {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil
	}
	in, err := json.Marshal(scripts)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pythonTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-I", "-S", "-c", pythonSyntax)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	var found []lint.Mistake
	if err != nil || json.Unmarshal(out, &found) != nil {
		return nil
	}
	return found
}
