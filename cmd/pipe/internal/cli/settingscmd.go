package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/settings"
)

func (a *app) settingsCommand() *cobra.Command {
	var s sources
	var format string
	cmd := &cobra.Command{
		Use:   "settings [FILE|FOLDER]",
		Short: "Show every setting's value, where it came from and what it shadows",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			inv, err := a.locateModule(args)
			if err != nil {
				return err
			}
			set, err := a.resolveOnly(cmd.Context(), inv, s)
			if err != nil {
				return err
			}
			if err := a.writeSettings(set, format); err != nil {
				return err
			}
			return a.problems(set, nil)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	completeFlag(cmd, "format", "text", "json")
	return cmd
}

// resolveOnly finds the settings of a module without a pipeline in mind.
func (a *app) resolveOnly(ctx context.Context, inv invocation, s sources) (*settings.Set, error) {
	c, err := a.check(inv.path)
	if err != nil {
		return nil, err
	}
	if c.errors() {
		a.showDiagnostics(a.Err, c.found)
		return nil, exit(ExitFailed)
	}
	return a.resolve(ctx, c, lower.ForSettings(c.program), s)
}

// settingJSON is one element of `settings --format json`.
type settingJSON struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Variable string          `json:"variable"`
	Secret   bool            `json:"secret"`
	Set      bool            `json:"set"`
	Value    json.RawMessage `json:"value,omitempty"` // absent for a secret
	Source   originJSON      `json:"source"`
	Shadows  []originJSON    `json:"shadows"`
	Problem  string          `json:"problem,omitempty"`
}

type originJSON struct {
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
	At   string `json:"at,omitempty"`
}

func (a *app) writeSettings(set *settings.Set, format string) error {
	rows := []settingJSON{}
	for _, r := range set.All() {
		rows = append(rows, settingRow(r))
	}
	if format == "json" {
		return a.writeJSON(rows)
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tVALUE\tFROM\tSHADOWS")
	for _, r := range rows {
		var shadows []string
		for _, o := range r.Shadows {
			shadows = append(shadows, o.String())
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Name, r.shown(), r.Source, strings.Join(shadows, ", "))
	}
	return w.Flush()
}

func settingRow(r settings.Resolved) settingJSON {
	row := settingJSON{Name: r.Decl.Name, Type: r.Type.String(), Variable: r.Decl.Variable, Secret: r.Decl.Secret,
		Source: originJSON(r.Origin), Shadows: []originJSON{}}
	_, none := r.Value.(value.None)
	row.Set = r.Value != nil && !none
	if row.Set && !row.Secret {
		row.Value, _ = value.Marshal(r.Value)
	}
	for _, o := range r.Shadows {
		row.Shadows = append(row.Shadows, originJSON(o))
	}
	if r.Problem != nil {
		row.Problem = r.Problem.Message
	}
	return row
}

func (s settingJSON) shown() string {
	switch {
	case s.Problem != "":
		return "! " + s.Problem
	case !s.Set:
		return "(unset)"
	case s.Secret:
		return "***"
	}
	return string(s.Value)
}

func (o originJSON) String() string {
	text := o.Kind
	if o.Name != "" {
		text += " " + o.Name
	}
	if o.At != "" {
		text += " (" + o.At + ")"
	}
	return text
}
