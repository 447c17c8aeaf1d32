package cli

import (
	"github.com/spf13/cobra"
)

// help makes the library's own commands answer a wrong word as ours do.
func (a *app) help(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Run, c.RunE = nil, func(_ *cobra.Command, args []string) error { return a.helpOn(root, args) }
		case "completion":
			c.Args, c.RunE = cobra.ArbitraryArgs, completionOf
			for _, shell := range c.Commands() {
				shell.Args = noArgs
			}
		}
	}
}

func (a *app) helpOn(root *cobra.Command, args []string) error {
	about, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return a.unknownCommand(root, args[0])
	}
	return about.Help()
}

// completionOf is for what is no shell; each shell is a command below.
func completionOf(cmd *cobra.Command, args []string) error {
	shells := namesBelow(cmd)
	if len(args) == 0 {
		return usagef("there are: "+list(shells), "pipe completion takes the name of a shell")
	}
	return usagef(didYouMean(args[0], shells, "there are: "+list(shells)), "pipe completion knows no shell %q", args[0])
}
