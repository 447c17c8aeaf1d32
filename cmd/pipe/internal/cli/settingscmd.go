package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/settings"
)

// settingsFlags are the flags of pipe settings.
type settingsFlags struct {
	sources
	format           string
	pipeline         string
	long             bool
	template, schema bool
}

func (a *app) settingsCommand() *cobra.Command {
	var f settingsFlags
	cmd := &cobra.Command{
		Use:   "settings [FILE|FOLDER]",
		Short: "Show every setting's value, where it came from and what it shadows",
		Long: "Shows each setting with its value, the source that won and the sources that it shadows; a record's fields\n" +
			"each with their own source. Secrets are shown as ***. What is wrong follows, all of it at once, and makes\n" +
			"the exit code 1. Programs of `from exec` are not run.\n\n" +
			"--template and --schema look at the declarations alone: the same text on any machine.",
		Example: "  pipe settings                             the settings of the module here\n" +
			"  pipe settings --profile production        as a run with that profile would see them\n" +
			"  pipe settings --pipeline ship             only what the pipeline ship needs\n" +
			"  pipe settings --long                      with documentation, types and who needs what\n" +
			"  pipe settings --template > .env.example   a .env file to fill in\n" +
			"  pipe settings --schema                    a JSON Schema, for editors and other tools",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("the form is [FILE|FOLDER]", "pipe settings takes one file or folder, found %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			return a.settings(cmd.Context(), args, f)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	cmd.Flags().StringVar(&f.pipeline, "pipeline", "", "show only the settings that this `pipeline` needs, and check only those")
	cmd.Flags().BoolVar(&f.long, "long", false, "whole values, with documentation, types and the pipelines that need them")
	cmd.Flags().BoolVar(&f.template, "template", false, "print a .env file to fill in")
	cmd.Flags().BoolVar(&f.schema, "schema", false, "print a JSON Schema of the settings")
	completeFlag(cmd, "format", "text", "json")
	a.completeSettings(cmd)
	return cmd
}

// check refuses flags that have no meaning together.
func (f *settingsFlags) check(cmd *cobra.Command) error {
	if err := oneOf("--format", f.format, "text", "json"); err != nil {
		return err
	}
	var forms, values []string
	for _, name := range []string{"template", "schema", "format", "long"} {
		if cmd.Flags().Changed(name) {
			forms = append(forms, "--"+name)
		}
	}
	for _, name := range []string{"set", "profile", "secrets-dir", "pipeline"} {
		if cmd.Flags().Changed(name) {
			values = append(values, "--"+name)
		}
	}
	switch {
	case len(forms) > 1 && !(f.long && f.format == "text" && len(forms) == 2 && forms[0] == "--format"):
		return usagef("choose one", "%s cannot be used together", strings.Join(forms, " and "))
	case (f.template || f.schema) && len(values) > 0:
		return usagef("leave it out", "%s shows declarations, which %s does not change", forms[0], values[0])
	}
	return nil
}

func (a *app) settings(ctx context.Context, args []string, f settingsFlags) error {
	inv, err := a.locateSettings(args)
	if err != nil {
		return err
	}
	c, err := a.check(inv.path)
	if err != nil {
		return err
	}
	if c.errors() {
		a.showDiagnostics(a.Err, c.found)
		return exit(ExitFailed)
	}
	if f.template || f.schema {
		return a.declared(c, f)
	}
	set, err := a.resolve(ctx, c, lower.ForSettings(c.program), f.sources)
	if err != nil {
		return err
	}
	view, err := newSettingsView(c, set, f)
	if err != nil {
		return err
	}
	if f.format == "json" {
		return a.settingsJSON(view)
	}
	a.settingsText(view, f.long)
	if len(set.Problems(view.names())) > 0 {
		fmt.Fprintln(a.Err)
	}
	return a.problems(set, view.names())
}

// locateSettings is locateModule with a way out for the name of a pipeline.
func (a *app) locateSettings(args []string) (invocation, error) {
	inv, err := a.locateModule(args)
	if usage := (*usageError)(nil); errors.As(err, &usage) && inv.pipeline != "" && slices.Contains(declaredPipelines(inv.path), inv.pipeline) {
		usage.help = "for what one pipeline needs: pipe settings --pipeline " + inv.pipeline
	}
	return inv, err
}

// declared prints what follows from the declarations alone.
func (a *app) declared(c checked, f settingsFlags) error {
	d := lower.ForSettings(c.program)
	of := settings.Declared{Settings: d.Settings(), Types: d.Types(), Conditions: d.Conditions()}
	title := "Settings of " + c.program.Entry.Load.ID
	if f.template {
		text, err := settings.Template(title, of)
		if err != nil {
			return err
		}
		_, err = a.Out.Write([]byte(text))
		return err
	}
	raw, err := settings.Schema(title, of)
	if err != nil {
		return err
	}
	_, err = a.Out.Write(event.EscapeJSON(raw))
	return err
}

// settingsView is what is shown: the settings, each with the pipelines that need it.
type settingsView struct {
	set      *settings.Set
	shown    []settings.Resolved
	neededBy map[string][]string
}

func newSettingsView(c checked, set *settings.Set, f settingsFlags) (*settingsView, error) {
	v := &settingsView{set: set, shown: set.All(), neededBy: map[string][]string{}}
	if f.pipeline != "" {
		if _, err := choosePipeline(c.program, f.pipeline); err != nil {
			return nil, err
		}
	}
	for _, name := range pipelineNames(c.program) {
		draft, err := lower.New(c.program, name)
		if err != nil {
			return nil, err
		}
		// An expression that fails is shown where the pipeline is planned; the names are complete.
		_, reached, _ := draft.Bind(lower.Values{Profile: f.profile, Setting: set.Known})
		for _, s := range reached {
			v.neededBy[s] = append(v.neededBy[s], name)
		}
	}
	if f.pipeline != "" {
		v.shown = slices.DeleteFunc(v.shown, func(r settings.Resolved) bool {
			return !slices.Contains(v.neededBy[r.Decl.Name], f.pipeline)
		})
	}
	return v, nil
}

func (v *settingsView) names() []string {
	var out []string
	for _, r := range v.shown {
		out = append(out, r.Decl.Name)
	}
	return out
}
