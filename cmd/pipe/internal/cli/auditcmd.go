package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/audit"
	"github.com/pipelang/pipe/runtime/secret"
)

func (a *app) auditCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who approved, denied or assumed what",
		Long:  "Shows the audit log of the store, oldest first: who said what of which step, and when. `pipe audit verify` checks that it is as it was written.",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			return a.withAudit(func(log *audit.Log) error { return a.showAudit(log, format) })
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	completeFlag(cmd, "format", "text", "json")
	cmd.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Check that no line of the audit log was edited, dropped, moved or cut off",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withAudit(a.verifyAudit)
		},
	})
	return cmd
}

func (a *app) withAudit(f func(*audit.Log) error) error {
	place, err := a.store(secret.NewSealer(a.getenv))
	if err != nil {
		return err
	}
	return f(audited(place.Dir()))
}

func (a *app) showAudit(log *audit.Log, format string) error {
	entries, err := log.Entries()
	if err != nil {
		return err
	}
	if format == "json" {
		if entries == nil {
			entries = []audit.Entry{}
		}
		return a.writeJSON(entries)
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintln(a.Out, "nobody has decided anything")
		return err
	}
	for _, e := range entries {
		fmt.Fprintf(a.Out, "%4d  %s  %s\n", e.Line, e.Time.Local().Format(dayAndTime), ui.Line(decision(e)))
	}
	return nil
}

// decision words an entry: who did what to which step, why, and in which run.
func decision(e audit.Entry) string {
	text := e.Who + "  " + e.What
	if e.Step != "" {
		text += " " + e.Step
	}
	if e.Comment != "" {
		text += ": " + e.Comment
	}
	return text + " (run " + e.Run + ")"
}

func (a *app) verifyAudit(log *audit.Log) error {
	lines, err := log.Verify()
	var fault *audit.FaultError
	if errors.As(err, &fault) {
		fmt.Fprintf(a.Err, "pipe: the audit log was changed: %s\n", ui.Line(fault.Error()))
		fmt.Fprintln(a.Err, "what stands from there on proves nothing: compare it with a copy that was kept elsewhere, and ask those it names")
		return exit(ExitFailed)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Out, "lines: %d, all as they were written\n", lines)
	return err
}
