package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// completeFlag offers the closed set of a flag's values to a shell.
func completeFlag(cmd *cobra.Command, flag string, values ...string) {
	// The error is for a flag that does not exist, which is a mistake of this package.
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// completePipelines offers the pipelines and parameters of the files that are meant so far,
// besides file names, and the profiles for --profile.
func (a *app) completePipelines(cmd *cobra.Command) {
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var out []string
		a.eachDeclaration(args, func(d ast.Decl) {
			p, ok := d.(*ast.Pipeline)
			if !ok {
				return
			}
			out = append(out, p.Name.Text)
			for _, f := range p.Params {
				out = append(out, f.Name.Text+"=")
			}
		})
		return out, cobra.ShellCompDirectiveNoSpace
	}
	a.completeProfiles(cmd)
}

// completeSettings offers the names of a module's pipelines, profiles and settings to the flags
// of pipe settings.
func (a *app) completeSettings(cmd *cobra.Command) {
	a.completeProfiles(cmd)
	pipelines := func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var out []string
		a.eachDeclaration(args, func(d ast.Decl) {
			if p, ok := d.(*ast.Pipeline); ok {
				out = append(out, p.Name.Text)
			}
		})
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("pipeline", pipelines); err != nil {
		panic(err)
	}
}

// completeProfiles offers a module's profiles to --profile, and its settings to --set.
func (a *app) completeProfiles(cmd *cobra.Command) {
	names := func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var out []string
		a.eachDeclaration(args, func(d ast.Decl) {
			if s, ok := d.(*ast.Settings); ok {
				for _, one := range s.Fields {
					out = append(out, one.Name.Text+"=")
				}
			}
		})
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	if err := cmd.RegisterFlagCompletionFunc("set", names); err != nil {
		panic(err)
	}
	profiles := func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var out []string
		a.eachDeclaration(args, func(d ast.Decl) {
			if p, ok := d.(*ast.Profile); ok {
				out = append(out, p.Name.Text)
			}
		})
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("profile", profiles); err != nil {
		panic(err)
	}
}

// eachDeclaration visits the declarations of the file that the arguments name, or of those here.
// What cannot be read offers nothing.
func (a *app) eachDeclaration(args []string, visit func(ast.Decl)) {
	files := pipeFiles(a.Dir)
	for _, arg := range args {
		if filepath.Ext(arg) == ".pipe" {
			files = []string{arg}
		}
	}
	for _, name := range files {
		text, err := os.ReadFile(a.abs(name))
		if err != nil {
			continue
		}
		for _, d := range parser.Parse(source.NewFile(name, string(text)), &diag.List{}).Decls {
			visit(d)
		}
	}
}
