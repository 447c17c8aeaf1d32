package cli

import (
	"bytes"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/plan"
)

func (a *app) planCommand() *cobra.Command {
	var s sources
	var format, out string
	cmd := &cobra.Command{
		Use:   "plan [FILE|FOLDER] [PIPELINE] [name=value …]",
		Short: "Print what a run would do",
		Long: "Prints the plan of a pipeline: every step with its op, arguments, guards and edges, what it reads\n" +
			"and what it changes. The same sources and values give the same bytes on any machine.\n" +
			"`pipe run --plan FILE` runs exactly it.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format == "" {
				format = a.defaultPlanFormat(out)
			}
			if err := oneOf("--format", format, "json", "tree", "dot", "mermaid"); err != nil {
				return err
			}
			inv, err := a.locate(args)
			if err != nil {
				return err
			}
			b, err := a.bind(cmd.Context(), inv, s)
			if err != nil {
				return err
			}
			if err := a.problems(b.settings, b.reached); err != nil {
				return err
			}
			return a.writePlan(b, format, out)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "", "json, tree, dot or mermaid (default: tree on a terminal, else json)")
	cmd.Flags().StringVar(&out, "out", "", "write to this `file` instead of standard output")
	completeFlag(cmd, "format", "json", "tree", "dot", "mermaid")
	a.completePipelines(cmd)
	return cmd
}

func (a *app) defaultPlanFormat(out string) string {
	if a.Terminal && out == "" {
		return "tree"
	}
	return "json"
}

func (a *app) writePlan(b *bound, format, out string) error {
	text, err := renderedPlan(b, format)
	if err != nil {
		return err
	}
	if out == "" {
		_, err := a.Out.Write(text)
		return err
	}
	if err := os.WriteFile(a.abs(out), text, 0o644); err != nil {
		return usagef("", "%s cannot be written: %v", out, reason(err))
	}
	return nil
}

// renderedPlan is the plan as JSON, or as one of the drawings.
func renderedPlan(b *bound, format string) ([]byte, error) {
	if format == "json" {
		return plan.Indent(b.text)
	}
	var drawn bytes.Buffer
	err := drawPlan(&drawn, b.plan, format)
	return drawn.Bytes(), err
}

func drawPlan(w io.Writer, p *plan.Plan, format string) error {
	switch format {
	case "dot":
		return plan.Dot(w, p)
	case "mermaid":
		return plan.Mermaid(w, p)
	}
	return plan.Tree(w, p)
}

func (a *app) graphCommand() *cobra.Command {
	var s sources
	var format string
	cmd := &cobra.Command{
		Use:   "graph [FILE|FOLDER] [PIPELINE] [name=value …]",
		Short: "Draw a pipeline's steps and the edges between them",
		Long:  "Draws a pipeline. Unlike `pipe plan`, it needs no value of any setting: what is not known stays an expression.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "tree", "dot", "mermaid"); err != nil {
				return err
			}
			inv, err := a.locate(args)
			if err != nil {
				return err
			}
			b, err := a.bindLoosely(cmd.Context(), inv, s)
			if err != nil {
				return err
			}
			return drawPlan(a.Out, b.plan, format)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "tree", "tree, dot or mermaid")
	completeFlag(cmd, "format", "tree", "dot", "mermaid")
	a.completePipelines(cmd)
	return cmd
}
