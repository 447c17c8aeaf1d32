package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, showDiff bool
	cmd := &cobra.Command{
		Use:   "fmt [FILE|FOLDER …]",
		Short: "Rewrite .pipe files in their canonical form",
		Long: "Rewrites .pipe files in place. A folder means every .pipe file below it; without arguments, the\n" +
			"whole repository; \"-\" reads standard input and writes standard output.",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if check && showDiff {
				return usagef("give one of them", "--check and --diff exclude each other")
			}
			if len(args) == 1 && args[0] == "-" {
				return a.formatInput()
			}
			files, without, err := a.pipeFilesOf(args)
			if err != nil {
				return err
			}
			for _, s := range without {
				a.cannotRead(s.path, s.err)
			}
			err = a.formatFiles(files, check, showDiff)
			if err == nil && slices.ContainsFunc(without, func(s shut) bool { return s.named }) {
				return exit(ExitFailed)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "change nothing; name the files that would change and exit with 1")
	cmd.Flags().BoolVar(&showDiff, "diff", false, "change nothing; show what would change and exit with 1")
	return cmd
}

// formatted is the canonical text, or false after showing what is wrong with it.
func (a *app) formatted(name, text string) (string, bool) {
	var diags diag.List
	f := parser.Parse(source.NewFile(name, text), &diags)
	if diags.HasErrors() {
		a.showDiagnostics(a.Err, diags.Sorted())
		return "", false
	}
	return format.File(f), true
}

func (a *app) formatInput() error {
	text, err := io.ReadAll(a.In)
	if err != nil {
		return err
	}
	out, ok := a.formatted("<standard input>", string(text))
	if !ok {
		return exit(ExitFailed)
	}
	_, err = io.WriteString(a.Out, out)
	return err
}

func (a *app) formatFiles(files []string, check, showDiff bool) error {
	var failed, changed bool
	for _, path := range files {
		old, err := os.ReadFile(path)
		if err != nil {
			a.cannotRead(path, err)
			failed = true
			continue
		}
		text, ok := a.formatted(a.display(path), string(old))
		if !ok {
			failed = true
			continue
		}
		if text == string(old) {
			continue
		}
		changed = true
		if err := a.applyFormat(path, old, text, check, showDiff); err != nil {
			return err
		}
	}
	if failed || changed && (check || showDiff) {
		return exit(ExitFailed)
	}
	return nil
}

// cannotRead says why one of several files is left as it is.
func (a *app) cannotRead(path string, err error) {
	fmt.Fprintf(a.Err, "pipe: %s cannot be read: %v\n", a.display(path), reason(err))
	if errors.Is(err, fs.ErrPermission) {
		fmt.Fprintf(a.Err, "  help: %s\n", mayRead)
	}
}

func (a *app) applyFormat(path string, old []byte, text string, check, showDiff bool) error {
	name := a.display(path)
	switch {
	case check:
		_, err := fmt.Fprintln(a.Out, name)
		return err
	case showDiff:
		_, err := a.Out.Write(diff.Diff(name, old, name+" (formatted)", []byte(text)))
		return err
	}
	return replaceFile(path, text)
}

// replaceFile writes beside the file and renames, so that a full disk loses nothing.
func replaceFile(path, text string) error {
	if target, err := os.Readlink(path); err == nil && target != "" {
		return os.WriteFile(path, []byte(text), 0o644) // keep the link; write through it
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".pipe-fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already where all went well
	_, err = tmp.WriteString(text)
	if err := errors.Join(err, tmp.Chmod(mode), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
