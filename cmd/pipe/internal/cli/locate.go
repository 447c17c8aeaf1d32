package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/runtime/settings"
)

// invocation is what `[FILE|FOLDER] [PIPELINE] [name=value …]` means.
type invocation struct {
	path     string // absolute: a .pipe file, or a folder of them
	pipeline string // "" for the only one, or main
	args     []settings.Assignment
}

// locate reads positional arguments. Without a file or folder, the nearest folder that holds
// .pipe files is meant, from the working directory up to the repository's root; of several files
// there, the one that declares the pipeline.
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
			return inv, a.unclear(arg)
		}
	}
	if inv.path != "" {
		return inv, nil
	}
	path, err := a.search(inv.pipeline)
	inv.path = path
	return inv, err
}

// locateModule is locate for commands that are about a whole module.
func (a *app) locateModule(args []string) (invocation, error) {
	inv, err := a.locate(args)
	if err == nil && (inv.pipeline != "" || inv.args != nil) {
		return inv, usagef("the form is [FILE|FOLDER]", "there is no file or folder %s", args[0])
	}
	return inv, err
}

// unclear is an argument that stands where nothing like it may.
func (a *app) unclear(arg string) error {
	help := "the form is [FILE|FOLDER] [PIPELINE] [name=value …]"
	switch _, err := os.Stat(a.abs(arg)); {
	case err == nil:
		help = "the file comes first: " + help
	case isName(arg):
		help = "a parameter is written " + arg + "=VALUE; " + help
	}
	return usagef(help, "cannot tell what %q means", arg)
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
	if err != nil {
		return !os.IsNotExist(err) // it is there and cannot be used, which existing says
	}
	return info.IsDir()
}

func (a *app) existing(arg string) (string, error) {
	path := a.abs(arg)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return path, readable(path, arg)
	case err == nil:
		return path, nil
	case os.IsNotExist(err):
		return "", usagef(a.meantBy(arg), "there is no file or folder %s", arg)
	}
	return "", usagef(helpTo(err), "%s cannot be used: %v", arg, reason(err))
}

// meantBy says what a path may have been meant for that leads nowhere.
func (a *app) meantBy(arg string) string {
	if file, pipeline, ok := strings.Cut(arg, ":"); ok && isName(pipeline) {
		if _, err := os.Stat(a.abs(file)); err == nil {
			return fmt.Sprintf("the pipeline follows the file: %s %s", file, pipeline)
		}
	}
	if near := a.near(arg); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if there := pipeFiles(filepath.Dir(a.abs(arg))); len(there) > 0 {
		return "there are: " + list(there)
	}
	return "`pipe init` writes a first pipeline"
}

// near is a path that is there and differs from one that is not by names that are like the right ones, or "".
func (a *app) near(arg string) string {
	dir, shown := a.Dir, ""
	clean := filepath.ToSlash(filepath.Clean(arg))
	if filepath.IsAbs(arg) {
		dir, shown, clean = "/", "/", strings.TrimPrefix(clean, "/")
	}
	for clean != "" {
		part, rest, _ := strings.Cut(clean, "/")
		if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
			if part = diag.Suggest(part, choices(dir, rest == "")); part == "" {
				return ""
			}
		}
		dir, shown, clean = filepath.Join(dir, part), path.Join(shown, part), rest
	}
	return shown
}

// choices are the folders in a folder that may hold pipelines, and its .pipe files where files are meant.
func choices(dir string, files bool) []string {
	var out []string
	if files {
		out = pipeFiles(dir)
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out
}

// readable says why a folder cannot be a module, when it cannot.
func readable(dir, arg string) error {
	if _, err := os.ReadDir(dir); err != nil {
		return usagef(helpTo(err), "%s cannot be read: %v", arg, reason(err))
	}
	return nil
}

// helpTo is the way out where a path may not be read, "" for other errors.
func helpTo(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return mayRead
	}
	return ""
}

// errNoFiles says that there is nothing that could be meant.
var errNoFiles = usagef("`pipe init` writes a first pipeline; or name a file", "no .pipe file here, nor in a folder above up to the repository's root")

// search looks for the nearest folder with .pipe files and chooses one of them.
func (a *app) search(pipeline string) (string, error) {
	root, err := load.Root(a.Dir)
	if err != nil {
		return "", err
	}
	for dir := a.Dir; ; dir = filepath.Dir(dir) {
		switch files := pipeFiles(dir); {
		case len(files) == 1:
			return filepath.Join(dir, files[0]), nil
		case len(files) > 1:
			return a.choose(dir, files, pipeline)
		}
		if dir == root || dir == filepath.Dir(dir) {
			return "", errNoFiles
		}
	}
}

// choose finds the one file of a folder that declares a pipeline; "" asks for main.
func (a *app) choose(dir string, files []string, pipeline string) (string, error) {
	wanted := pipeline
	if wanted == "" {
		wanted = "main"
	}
	var with, names []string
	for _, f := range files {
		declared := declaredPipelines(filepath.Join(dir, f))
		names = append(names, declared...)
		if slices.Contains(declared, wanted) {
			with = append(with, f)
		}
	}
	switch {
	case len(with) == 1:
		return filepath.Join(dir, with[0]), nil
	case len(with) > 1:
		return "", usagef("name one of: "+list(with), "%d files declare a pipeline %s", len(with), wanted)
	case pipeline == "":
		return "", usagef("name a file or a pipeline: "+list(files), "%s holds %d .pipe files and none declares a pipeline main", a.display(dir), len(files))
	}
	return "", usagef(didYouMean(pipeline, names, "there are: "+list(names)), "there is no file, folder or pipeline %s", pipeline)
}

// declaredPipelines are the names of a file's pipelines, as far as it can be read.
func declaredPipelines(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out []string
	for _, d := range parser.Parse(source.NewFile(path, string(text)), &diag.List{}).Decls {
		if d, ok := d.(*ast.Pipeline); ok {
			out = append(out, d.Name.Text)
		}
	}
	return out
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
