package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

func (a *app) checkCommand() *cobra.Command {
	var format string
	var strict, fix, risky bool
	cmd := &cobra.Command{
		Use:   "check [FILE|FOLDER …]",
		Short: "Say what is wrong with .pipe files",
		Long: "Reads .pipe files and says everything that is wrong with them, without running anything.\n" +
			"A folder means every .pipe file below it; without arguments, the whole repository.\n\n" +
			"`pipe rules NAME` says more of a finding: why it matters, and how to silence it with // pipe:ignore.",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--format", format, diag.Formats()...); err != nil {
				return err
			}
			if risky && !fix {
				return usagef("write --fix --unsafe", "--unsafe says which fixes --fix applies")
			}
			found, err := a.find(args, fix, risky)
			if err != nil {
				return err
			}
			if err := a.writeFindings(a.Out, format, found); err != nil {
				return err
			}
			if failed(found, strict) {
				return exit(ExitFailed)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text, json, github or sarif")
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings fail too")
	cmd.Flags().BoolVar(&fix, "fix", false, "apply the fixes of what is found, then say what remains")
	cmd.Flags().BoolVar(&risky, "unsafe", false, "with --fix: also those that change what the program does")
	completeFlag(cmd, "format", diag.Formats()...)
	return cmd
}

// find checks what the arguments mean, and mends it first when asked to.
func (a *app) find(args []string, fix, risky bool) ([]diag.Diagnostic, error) {
	look := a.checkAll
	if fix {
		look = func(args []string) ([]diag.Diagnostic, map[*source.File]string, error) { return a.fixAll(args, risky) }
	}
	found, paths, err := look(args)
	return a.apart(found, paths), err
}

func failed(found []diag.Diagnostic, strict bool) bool {
	return slices.ContainsFunc(found, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error || strict && d.Severity == diag.Warning
	})
}

// checkAll checks every file that the arguments mean, several at a time. A file that another one
// uses as a module, alone or with its folder, is checked there and not a second time; of files
// that use each other the first is. It gives the absolute paths of the files that the findings are
// about, too.
func (a *app) checkAll(args []string) ([]diag.Diagnostic, map[*source.File]string, error) {
	files, without, err := a.pipeFilesOf(args)
	if err != nil {
		return nil, nil, err
	}
	results := a.checkEach(files)
	used := map[string]bool{}
	paths := map[*source.File]string{}
	for i, r := range results {
		switch {
		case r.fault != "":
			panic(r.fault)
		case r.err != nil:
			return nil, nil, r.err
		}
		maps.Copy(paths, r.paths)
		for _, name := range r.used {
			if name != files[i] {
				used[name] = true
			}
		}
	}
	var all diag.List
	for _, s := range without {
		all.Add(s.finding())
	}
	covered := map[string]bool{}
	report := func(i int) {
		for _, d := range results[i].found {
			all.Add(d)
		}
		covered[files[i]] = true
		for _, name := range results[i].used {
			covered[name] = true
		}
	}
	for i, f := range files {
		if !used[f] {
			report(i)
		}
	}
	for i, f := range files {
		if !covered[f] {
			report(i)
		}
	}
	return uniqueFindings(all.Sorted(), paths), paths, nil
}

// outcome is what remains of a checked entry when its program is let go: with many files,
// programs are what fills the memory.
type outcome struct {
	found []diag.Diagnostic
	used  []string // the absolute paths of the files of other modules
	paths map[*source.File]string
	err   error
	fault string // what panicked, to be said by whoever waits
}

// checkEach checks entries, as many at a time as there are processors for, and gives an outcome for
// each. Modules that several of them use are parsed, checked and linted once where no processor is free, and a glob is
// looked up once.
func (a *app) checkEach(files []string) []outcome {
	out := make([]outcome, len(files))
	processors := runtime.GOMAXPROCS(0)
	s := &session{cache: &load.Cache{}, roots: map[string]lint.Options{}, ahead: processors > len(files)}
	var next atomic.Int64
	var all sync.WaitGroup
	var memory between
	work := func() {
		for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
			memory.run(func() { out[i] = a.checkOne(files[i], s) })
		}
	}
	for range min(processors, len(files)) - 1 {
		all.Go(work)
	}
	work() // here, for one file is the usual, and no other goroutine has a stack that is large enough already
	all.Wait()
	return out
}

// checkOne checks one entry. What panics in a goroutine would end the process past whoever is to say so.
func (a *app) checkOne(file string, s *session) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o.fault = fmt.Sprintf("%s: %v\n%s", file, r, debug.Stack())
		}
	}()
	c, err := a.checkIn(file, nil, s)
	if bad := (*load.PathError)(nil); errors.As(err, &bad) {
		d := unreadable(file, bad)
		return outcome{found: []diag.Diagnostic{d}, paths: map[*source.File]string{d.File: file}}
	}
	if err != nil {
		return outcome{err: err}
	}
	o = outcome{found: c.found, used: c.usedFiles(), paths: map[*source.File]string{}}
	c.locate(o.paths)
	return o
}

// unreadable says that a file which was found could not be loaded, so that the others are checked
// all the same.
func unreadable(file string, bad *load.PathError) diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.UnreadableFile, File: source.NewFile(fromRoot(file), ""), Message: "the file " + bad.Message, Help: bad.Help}
	if to, err := os.Readlink(file); err == nil && errors.Is(bad.Err, fs.ErrNotExist) {
		d.Message, d.Help = fmt.Sprintf("the file is a link to %q, which does not exist", to), "remove the link, or let it point at a file"
	}
	return d
}

// locate adds the absolute paths of the program's own files, and of pipe.toml.
func (c checked) locate(paths map[*source.File]string) {
	for _, m := range c.program.Load.Modules {
		for _, f := range m.Files {
			if !m.Std {
				paths[f.Source] = filepath.Join(c.program.Load.Root, filepath.FromSlash(f.Source.Name))
			}
		}
	}
	config := c.program.Load.Config.Path
	for _, d := range c.found {
		if d.File != nil && config != "" && d.File.Name == filepath.Base(config) {
			paths[d.File] = config
		}
	}
}

// usedFiles are the absolute paths of the files of modules other than the entry.
func (c checked) usedFiles() []string {
	var out []string
	for _, m := range c.program.Load.Modules {
		if m == c.program.Load.Entry || m.Std {
			continue
		}
		for _, f := range m.Files {
			out = append(out, filepath.Join(c.program.Load.Root, filepath.FromSlash(f.Source.Name)))
		}
	}
	return out
}

// uniqueFindings drops what was found through two entries; their files are different objects of one name. Two roots may
// each have a file of a name.
func uniqueFindings(found []diag.Diagnostic, paths map[*source.File]string) []diag.Diagnostic {
	type told struct {
		root, file, rule, message string
		at                        source.Span
	}
	before := make(map[told]bool, len(found))
	roots := rootsOf(paths)
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		if d.File == nil {
			return false
		}
		one := told{roots[d.File], d.File.Name, d.Rule, d.Message, d.Span}
		again := before[one]
		before[one] = true
		return again
	})
}

// display shortens a path for people: relative to the working directory where that is below it.
func (a *app) display(path string) string {
	if rel, err := filepath.Rel(a.Dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
