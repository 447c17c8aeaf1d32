// Package cli is pipe's command line: one file a command. It turns arguments into calls of
// the compiler and the runtime, and their answers into text, JSON and exit codes.
// It knows nothing of how a file is read, checked or run.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/secret"
)

// The exit codes, which are part of the contract with scripts.
const (
	ExitOK          = 0
	ExitFailed      = 1   // errors were found, or a run failed
	ExitUsage       = 2   // the command line is wrong
	ExitInternal    = 3   // a fault of pipe itself
	ExitWaiting     = 4   // a run waits for an approval
	ExitInterrupted = 130 // a person interrupted
)

// Environment is what a command may see of its surroundings.
type Environment struct {
	In       io.Reader
	Out, Err io.Writer
	Environ  []string
	Dir      string // working directory, absolute
	// Terminal says that Out is one, Answers that In is one, and Width how many columns Out has (0: unknown).
	Terminal, Answers bool
	Width             int
	// ErrWidth is how many columns Err has (0: unknown, or no terminal).
	ErrWidth int
	// Size gives columns and rows of Out as they are now, 0 where it is no terminal.
	Size func() (columns, rows int)

	resolved func() // called when settings have been looked up; for tests of faults
}

// System is the environment of this process.
func System() Environment {
	dir, _ := os.Getwd()
	e := Environment{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), Dir: dir}
	e.Terminal = term.IsTerminal(int(os.Stdout.Fd()))
	e.Size = func() (columns, rows int) {
		columns, rows, _ = term.GetSize(int(os.Stdout.Fd()))
		return columns, rows
	}
	e.Answers = term.IsTerminal(int(os.Stdin.Fd()))
	if e.Terminal {
		e.Width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		e.ErrWidth, _, _ = term.GetSize(int(os.Stderr.Fd()))
	}
	return e
}

func (e Environment) getenv(name string) string {
	for i := len(e.Environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e.Environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// app is one invocation.
type app struct {
	Environment
	color string // auto, always, never
	place string // --store, "" for what the environment says
	// masker knows every secret from when it is looked up on; nothing on Err holds one.
	masker *secret.Masker
	// ahead is the journal of a command that is about to start a run.
	ahead *journal.Ahead
}

// exit is an error that has been shown, or needs no words; it carries the exit code.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// usageError is a command line that cannot be meant. Help says the way out.
type usageError struct{ message, help string }

func (e *usageError) Error() string { return e.message }

func usagef(help, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), help}
}

// Main runs a command line and returns the exit code.
func Main(args []string, e Environment) (code int) {
	out := &keepsError{w: e.Out}
	masker := secret.NewMasker()
	masked := newMaskedErr(masker, e.Err)
	e.Out, e.Err = out, masked
	a := &app{Environment: e, masker: masker}
	defer masked.flush()
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(e.Err, "pipe: internal fault: %v\n%s\nThis is a mistake of pipe itself; nothing that you wrote should cause it.\n", r, debug.Stack())
			code = ExitInternal
		}
	}()
	root := a.root(args)
	root.SetArgs(args)
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	code = a.code(root.ExecuteContext(context.Background()))
	if code == ExitOK && out.err != nil {
		return a.code(fmt.Errorf("the output is not complete: %w", out.err))
	}
	return code
}

// keepsError remembers the first error of a writer whose users do not look.
type keepsError struct {
	w   io.Writer
	err error
}

func (k *keepsError) Write(p []byte) (int, error) {
	n, err := k.w.Write(p)
	if k.err == nil {
		k.err = err
	}
	return n, err
}

// code shows an error that has not been shown and gives its exit code.
func (a *app) code(err error) int {
	var shown exit
	var usage *usageError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &shown):
		return int(shown)
	case errors.As(err, &usage):
		fmt.Fprintf(a.Err, "pipe: %s\n", ui.Lines(usage.message))
		if usage.help != "" {
			fmt.Fprintf(a.Err, "  help: %s\n", ui.Lines(usage.help))
		}
		return ExitUsage
	}
	fmt.Fprintf(a.Err, "pipe: %s\n", ui.Lines(err.Error()))
	if help := a.storeHelp(err); help != "" {
		fmt.Fprintf(a.Err, "  help: %s\n", help)
	}
	return ExitFailed
}

// root is pipe itself with its commands, or with the one alone that the arguments begin with.
func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:           "pipe",
		Short:         "A pipeline language: checked before it runs, planned before it changes anything",
		Long:          "pipe checks, plans and runs .pipe files: typed settings, ops that pass typed results, guards.\n\nStart with `pipe init`, then `pipe run`.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.PersistentFlags().StringVar(&a.color, "color", "auto", "when to colour output: auto, always or never")
	root.PersistentFlags().StringVar(&a.place, "store", "", "the `folder` of runs, caches and artifacts (default: $PIPE_STORE, else below $XDG_STATE_HOME)")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		return oneOf("--color", a.color, "auto", "always", "never")
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	if one := a.command(args); one != nil {
		root.CompletionOptions.DisableDefaultCmd = true
		root.AddCommand(one)
		return root
	}
	root.Version = version()
	root.SetVersionTemplate(versionLine())
	root.CompletionOptions.HiddenDefaultCmd = false
	for _, c := range a.commands() {
		root.AddCommand(c.make())
	}
	a.help(root)
	return root
}

// command is the one that the arguments begin with, nil where they begin otherwise.
func (a *app) command(args []string) *cobra.Command {
	for _, c := range a.commands() {
		if len(args) > 0 && args[0] == c.name {
			return c.make()
		}
	}
	return nil
}

// maker is a command before it is made.
type maker struct {
	name string
	make func() *cobra.Command
}

func (a *app) commands() []maker {
	return []maker{
		{"init", a.initCommand}, {"check", a.checkCommand}, {"rules", a.rulesCommand}, {"fmt", a.fmtCommand},
		{"plan", a.planCommand}, {"lock", a.lockCommand}, {"run", a.runCommand}, {"settings", a.settingsCommand},
		{"graph", a.graphCommand}, {"eval", a.evalCommand}, {"explain", a.explainCommand}, {"docs", a.docsCommand},
		{"runs", a.runsCommand}, {"show", a.showCommand}, {"logs", a.logsCommand}, {"artifacts", a.artifactsCommand},
		{"resume", a.resumeCommand}, {"approve", a.approveCommand}, {"audit", a.auditCommand}, {"store", a.storeCommand},
		{"doctor", a.doctorCommand}, {"version", a.versionCommand},
	}
}

func (a *app) unknownCommand(root *cobra.Command, name string) error {
	if strings.HasSuffix(name, ".pipe") {
		return usagef("write: pipe run "+name, "%q is not a command", name)
	}
	return usagef(didYouMean(name, namesBelow(root), "`pipe help` lists the commands"), "unknown command %q", name)
}

// colored says whether Out takes colour.
func (a *app) colored() bool {
	switch a.color {
	case "always":
		return true
	case "never":
		return false
	}
	return a.Terminal && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}
