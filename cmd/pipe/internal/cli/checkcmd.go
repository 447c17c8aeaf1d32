package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

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
			"A folder means every .pipe file below it; without arguments, the whole repository.",
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
	if fix {
		return a.fixAll(args, risky)
	}
	found, _, err := a.checkAll(args)
	return found, err
}

func failed(found []diag.Diagnostic, strict bool) bool {
	return slices.ContainsFunc(found, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error || strict && d.Severity == diag.Warning
	})
}

// checkAll checks every file that the arguments mean. A file that another one uses as a module,
// alone or with its folder, is checked there and not a second time; of files that use each other
// the first is. It gives the absolute paths of the files that the findings are about, too.
func (a *app) checkAll(args []string) ([]diag.Diagnostic, map[*source.File]string, error) {
	files, err := a.pipeFilesOf(args)
	if err != nil {
		return nil, nil, err
	}
	used := map[string]bool{}
	results := map[string]checked{}
	paths := map[*source.File]string{}
	for _, f := range files {
		c, err := a.check(f)
		if err != nil {
			return nil, nil, err
		}
		results[f] = c
		c.locate(paths)
		for _, name := range c.usedFiles() {
			if name != f {
				used[name] = true
			}
		}
	}
	var all diag.List
	covered := map[string]bool{}
	report := func(f string) {
		for _, d := range results[f].found {
			all.Add(d)
		}
		covered[f] = true
		for _, name := range results[f].usedFiles() {
			covered[name] = true
		}
	}
	for _, f := range files {
		if !used[f] {
			report(f)
		}
	}
	for _, f := range files {
		if !covered[f] {
			report(f)
		}
	}
	return uniqueFindings(all.Sorted()), paths, nil
}

// locate adds the absolute paths of the program's own files.
func (c checked) locate(paths map[*source.File]string) {
	for _, m := range c.program.Load.Modules {
		for _, f := range m.Files {
			if !m.Std {
				paths[f.Source] = filepath.Join(c.program.Load.Root, filepath.FromSlash(f.Source.Name))
			}
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

// uniqueFindings drops what was found through two entries; their files are different objects of one name.
func uniqueFindings(found []diag.Diagnostic) []diag.Diagnostic {
	return slices.CompactFunc(found, func(a, b diag.Diagnostic) bool {
		return a.File != nil && b.File != nil && a.File.Name == b.File.Name && a.Span == b.Span && a.Rule == b.Rule && a.Message == b.Message
	})
}

// pipeFilesOf lists the .pipe files that arguments mean, without those in hidden folders,
// node_modules and testdata unless named.
func (a *app) pipeFilesOf(args []string) ([]string, error) {
	if len(args) == 0 {
		root, err := load.Root(a.Dir)
		if err != nil {
			return nil, err
		}
		args = []string{root}
	}
	var out []string
	for _, arg := range args {
		path, err := a.existing(arg)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(path); err == nil && !info.IsDir() && filepath.Ext(path) != ".pipe" {
			return nil, usagef("the names of pipe files end in .pipe", "%s is no .pipe file", arg)
		}
		files, err := walkPipeFiles(path)
		if err != nil {
			return nil, usagef("", "%s cannot be read: %v", arg, reason(err))
		}
		if len(files) == 0 {
			return nil, usagef("`pipe init` writes a first pipeline", "%s holds no .pipe file", a.display(path))
		}
		out = append(out, files...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func walkPipeFiles(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, err
	}
	path += string(filepath.Separator) // a link to a folder is a folder
	var out []string
	err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && p == path:
			return err
		case err != nil:
			return nil // a folder that cannot be read holds nothing that could run either
		case e.IsDir() && p != path && skipped(e.Name()):
			return filepath.SkipDir
		case !e.IsDir() && strings.HasSuffix(p, ".pipe"):
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules" || folder == "testdata" || folder == "vendor"
}

// display shortens a path for people: relative to the working directory where that is below it.
func (a *app) display(path string) string {
	if rel, err := filepath.Rel(a.Dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
