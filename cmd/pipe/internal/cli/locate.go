package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/runtime/settings"
)

// invocation is what `[FILE|FOLDER] [PIPELINE] [name=value …]` means.
type invocation struct {
	path     string // absolute: a .pipe file, or a folder of them
	pipeline string // "" for the only one, or main
	args     []settings.Assignment
}

// locate reads positional arguments. Without a file or folder, the nearest folder that holds
// .pipe files is meant, from the working directory up to the repository's root.
func (a *app) locate(args []string) (invocation, error) {
	var inv invocation
	for i, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		switch {
		case assigned && isName(name):
			inv.args = append(inv.args, settings.Assignment{Name: name, Value: value})
		case i == 0 && a.looksLikePath(arg):
			path, err := a.existing(arg)
			if err != nil {
				return inv, err
			}
			inv.path = path
		case isName(arg) && inv.pipeline == "" && len(inv.args) == 0:
			inv.pipeline = arg
		default:
			return inv, usagef("the form is [FILE|FOLDER] [PIPELINE] [name=value …]", "cannot tell what %q means", arg)
		}
	}
	if inv.path != "" {
		return inv, nil
	}
	path, err := a.search()
	inv.path = path
	return inv, err
}

func (a *app) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(a.Dir, path)
}

// looksLikePath tells a file from a pipeline's name: a path has a separator or an ending, or is there.
func (a *app) looksLikePath(arg string) bool {
	if strings.ContainsAny(arg, `/\.`) {
		return true
	}
	info, err := os.Stat(a.abs(arg))
	return err == nil && info.IsDir()
}

func (a *app) existing(arg string) (string, error) {
	path := a.abs(arg)
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return path, nil
	case os.IsNotExist(err):
		return "", usagef(didYouMean(filepath.Base(arg), pipeFiles(filepath.Dir(path)), "`pipe init` writes a first pipeline"), "there is no file or folder %s", arg)
	}
	return "", usagef("", "%s cannot be used: %v", arg, reason(err))
}

// search looks for the nearest folder with .pipe files.
func (a *app) search() (string, error) {
	root, err := load.Root(a.Dir)
	if err != nil {
		return "", err
	}
	for dir := a.Dir; ; dir = filepath.Dir(dir) {
		switch files := pipeFiles(dir); {
		case len(files) == 1:
			return filepath.Join(dir, files[0]), nil
		case len(files) > 1:
			return dir, nil
		}
		if dir == root || dir == filepath.Dir(dir) {
			return "", usagef("`pipe init` writes a first pipeline; or name a file", "no .pipe file here, nor in a folder above up to the repository's root")
		}
	}
}

// pipeFiles are the names of a folder's .pipe files.
func pipeFiles(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".pipe") {
			out = append(out, e.Name())
		}
	}
	return out
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// reason is the part of an error about a file that says why, without operation and path.
func reason(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}
