// Package load finds and reads modules: the entry file, the files and folders that it uses,
// and the standard library; pipe.toml, pipe.lock, and the comments that silence findings. It
// resolves paths and import cycles; it knows no names and no types.
package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Program is the entry module and all that it reaches.
type Program struct {
	// Root is the absolute path of the repository: the nearest ancestor with pipe.toml or .git.
	Root    string
	Entry   *Module
	Modules []*Module // every module, imports before importers, the entry last
	Config  Config
	Lock    Lock
}

// Options of a load.
type Options struct {
	// Std is the standard library: NAME/NAME.pipe.
	Std fs.FS
	// Overlay replaces the content of files, by absolute path (unsaved editor buffers).
	Overlay map[string]string
	// Cache shares modules and their parsed files with other loads, and parsed files with the loads of earlier forms of
	// the same entry; nil shares nothing.
	Cache *Cache
}

// PathError is an entry that cannot be loaded: no such file, no .pipe file, an empty folder.
type PathError struct {
	Path    string // as it was given
	Message string
	Help    string // the way out; may be empty
	Err     error  // the system's error; may be nil
}

func (e *PathError) Error() string { return e.Path + ": " + e.Message }

// Unwrap gives the system's error.
func (e *PathError) Unwrap() error { return e.Err }

// Load reads the module at path (a .pipe file or a folder) and what it uses. A mistake in the
// files is a diagnostic; the error is for a path that cannot be used at all, a *PathError.
func Load(name string, o Options, diags *diag.List) (*Program, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", name, err)
	}
	o.Cache.begin()
	disk := newDisk(o.Cache)
	root := disk.root(abs)
	l := &loader{
		root: root, opts: o, diags: diags, disk: disk,
		modules: map[string]*Module{}, files: map[string]*ast.File{},
	}
	p := &Program{Root: root, Config: l.config(), Lock: l.lock()}
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", name, err)
	}
	entry, prob := l.module(slashed(rel))
	if prob != nil {
		return nil, &PathError{Path: name, Message: prob.message, Help: prob.help, Err: prob.err}
	}
	l.entered = true
	l.imports(entry)
	p.Entry, p.Modules = entry, l.done
	return p, nil
}

// loader carries one load.
type loader struct {
	root    string // as given
	opts    Options
	diags   *diag.List
	disk    *disk
	modules map[string]*Module   // by ID
	files   map[string]*ast.File // by name; nil for one that could not be read
	broken  map[string]bool      // files whose content is no text; nil where there are none
	entered bool                 // the entry is read: what follows are modules that others may use, too
	stack   []*Module
	done    []*Module
}

// problem is why a path gives no module, in words that fit behind its name.
type problem struct {
	rule, message, help string
	near                string // the last part of the path that was meant
	err                 error
}

// module makes the module of a file or folder, without its imports. A file that exists and
// cannot be parsed is part of the module all the same.
func (l *loader) module(rel string) (*Module, *problem) {
	if m := l.modules[rel]; m != nil {
		return m, nil
	}
	if p := l.inside(rel); p != nil {
		return nil, p
	}
	names, folder, p := l.members(rel)
	if p != nil {
		return nil, p
	}
	m := &Module{ID: rel, Folder: trimDot(folder), Uses: map[*ast.File]map[string]*Import{}}
	l.modules[rel] = m
	for _, n := range names {
		f, p := l.file(n)
		switch {
		case p != nil && len(names) == 1:
			delete(l.modules, rel)
			return nil, p
		case p != nil:
			l.diags.Add(diag.Diagnostic{Rule: p.rule, File: f.Source, Message: "the file " + p.message, Help: p.help})
			m.Broken = true
		}
		m.Broken = m.Broken || l.broken[n]
		m.Files = append(m.Files, f)
		m.Copy = m.Copy || l.ofStd(f)
	}
	return m, nil
}

// members lists a module's files by root-relative name, and its folder.
func (l *loader) members(rel string) (names []string, folder string, p *problem) {
	if _, ok := l.overlay(rel); ok {
		return []string{rel}, path.Dir(rel), nil
	}
	info, err := l.disk.stat(l.abs(rel))
	switch {
	case err != nil:
		return nil, "", l.unreadable(rel, err)
	case !info.IsDir() && !strings.HasSuffix(rel, ".pipe"):
		return nil, "", &problem{rule: diag.UnknownModule, message: "is no .pipe file", help: "name a file that ends in .pipe, or a folder with such files"}
	case !info.IsDir() && !info.Mode().IsRegular():
		return nil, "", notRegular()
	case !info.IsDir():
		return []string{rel}, path.Dir(rel), nil
	}
	pipes, err := l.disk.pipes(l.abs(rel), info)
	if err != nil {
		return nil, "", l.unreadable(rel, err)
	}
	for _, name := range pipes {
		names = append(names, path.Join(rel, name))
	}
	if len(names) == 0 {
		return nil, "", &problem{rule: diag.UnknownModule, message: "has no .pipe files", help: "a folder is a module when .pipe files stand in it directly"}
	}
	return names, rel, nil
}

// unreadable puts a system's error into words.
func (l *loader) unreadable(rel string, err error) *problem {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p := &problem{rule: diag.UnknownModule, message: "does not exist", near: l.nearby(rel), err: err}
		if p.near != "" {
			p.help = fmt.Sprintf("did you mean %q?", p.near)
		}
		return p
	case errors.Is(err, fs.ErrPermission):
		return &problem{rule: diag.UnreadableFile, message: "may not be read: permission denied", help: "give the user that runs pipe the right to read it", err: err}
	case errors.Is(err, errTooLarge):
		return tooLarge(rel)
	case isLoop(err):
		return &problem{rule: diag.UnreadableFile, message: "is a loop of symbolic links", help: "let the link point at a file or folder", err: err}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &problem{rule: diag.UnreadableFile, message: "cannot be read: " + err.Error(), err: err}
}

// nearby is the last part of what a path that does not exist was meant to be; "" when nothing is like it.
func (l *loader) nearby(rel string) string {
	if _, err := os.Stat(l.abs(rel + ".pipe")); err == nil {
		return path.Base(rel) + ".pipe"
	}
	entries, _ := os.ReadDir(l.abs(path.Dir(rel)))
	var names []string
	for _, e := range entries {
		if (e.IsDir() || strings.HasSuffix(e.Name(), ".pipe")) && !l.underway(path.Join(path.Dir(rel), e.Name())) {
			names = append(names, e.Name())
		}
	}
	return diag.Suggest(path.Base(rel), names)
}

// underway says that a file or folder is, or is part of, a module whose imports are being read, so that to use it
// would be a circle.
func (l *loader) underway(rel string) bool {
	return slices.ContainsFunc(l.stack, func(m *Module) bool {
		return m.ID == rel || slices.ContainsFunc(m.Files, func(f *ast.File) bool { return f.Source.Name == rel })
	})
}

// report says at a place what is wrong with the path that stands there.
func (l *loader) report(f *source.File, s source.Span, text string, p *problem) {
	help := p.help
	switch {
	case p.near != "":
		written := strings.TrimRight(text, "/")
		help = fmt.Sprintf("did you mean %q?", written[:strings.LastIndexByte(written, '/')+1]+p.near)
	case help == "" && errors.Is(p.err, fs.ErrNotExist):
		help = "the path starts from the folder of this file"
	}
	l.diags.Add(diag.Diagnostic{Rule: p.rule, File: f, Span: s, Message: fmt.Sprintf("module %q %s", text, p.message), Help: help})
}

func (l *loader) abs(rel string) string { return filepath.Join(l.root, filepath.FromSlash(rel)) }

func slashed(rel string) string { return path.Clean(filepath.ToSlash(rel)) }

func trimDot(folder string) string {
	if folder == "." {
		return ""
	}
	return folder
}
