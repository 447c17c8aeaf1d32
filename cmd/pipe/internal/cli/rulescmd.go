package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/diag"
)

func (a *app) rulesCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "rules [NAME|TEXT]",
		Short: "List what pipe check looks for, or explain one rule",
		Long: "Without an argument: every rule, its severity and whether `pipe check --fix` mends it.\n" +
			"With the name of a rule: what it finds, why that matters, an example of each kind, and how to silence it.\n" +
			"With another text: the rules that speak of it.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("", "pipe rules takes one name, found %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			if len(args) == 0 {
				return a.listRules(format, diag.Rules())
			}
			if r, ok := diag.Lookup(args[0]); ok {
				return a.showRule(format, r)
			}
			found := rulesAbout(args[0])
			if len(found) == 0 {
				return usagef(didYouMean(args[0], diag.Rules(), "`pipe rules` lists them"), "there is no rule %q", args[0])
			}
			return a.listRules(format, found)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return diag.Rules(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	completeFlag(cmd, "format", "text", "json")
	return cmd
}

// rulesAbout are the names of the rules that hold a text, or whose one sentence does.
func rulesAbout(text string) (names []string) {
	text = strings.ToLower(text)
	for _, name := range diag.Rules() {
		r, _ := diag.Lookup(name)
		if strings.Contains(name, text) || strings.Contains(strings.ToLower(r.What), text) {
			names = append(names, name)
		}
	}
	return names
}

// ruleRecord is a rule as --format json gives it; its fields are a contract with scripts.
type ruleRecord struct {
	Name     string `json:"name"`
	Severity string `json:"severity"`
	Since    string `json:"since"`
	Fix      bool   `json:"fix"`
	What     string `json:"what"`
	Why      string `json:"why,omitempty"`
	Wrong    string `json:"wrong,omitempty"`
	Right    string `json:"right,omitempty"`
}

func recordOf(r diag.Rule) ruleRecord {
	return ruleRecord{r.Name, r.Severity.String(), r.Since, r.Fix, r.What, r.Why, r.Wrong, r.Right}
}

func (a *app) listRules(format string, names []string) error {
	records := make([]ruleRecord, len(names))
	rows := make([][]string, len(names))
	for i, name := range names {
		r, _ := diag.Lookup(name)
		fix := ""
		if r.Fix {
			fix = "fix"
		}
		records[i] = recordOf(r)
		rows[i] = []string{name, r.Severity.String(), fix, r.What}
	}
	if format == "json" {
		return a.writeJSON(records)
	}
	ui.Grid(a.Out, a.style(), []ui.Column{{Title: "RULE"}, {Title: "SEVERITY"}, {Title: "FIX"}, {Title: "WHAT IT FINDS"}}, rows)
	return nil
}

func (a *app) showRule(format string, r diag.Rule) error {
	if format == "json" {
		return a.writeJSON(recordOf(r))
	}
	fix := ""
	if r.Fix {
		fix = ", pipe check --fix mends it"
	}
	fmt.Fprintf(a.Out, "%s (%s, since %s%s)\n\n", r.Name, r.Severity, r.Since, fix)
	a.paragraph(r.What)
	for p := range strings.SplitSeq(r.Why, "\n\n") {
		if p != "" {
			fmt.Fprintln(a.Out)
			a.paragraph(p)
		}
	}
	if r.Wrong != "" {
		fmt.Fprint(a.Out, "\nWrong:\n\n")
		quoteExample(a.Out, r.Wrong)
		fmt.Fprint(a.Out, "\nRight:\n\n")
		quoteExample(a.Out, r.Right)
	}
	fmt.Fprintln(a.Out)
	if r.Severity == diag.Error {
		a.paragraph("An error cannot be silenced: the program would have no meaning.")
		return nil
	}
	fmt.Fprintf(a.Out, "To silence it, on its line or above what it is in (# within a script):\n\n    // pipe:ignore %s reason\n\n", r.Name)
	fmt.Fprintf(a.Out, "For the whole repository, in pipe.toml:\n\n    [check]\n    %s = \"off\"  # or \"hint\", \"warning\", \"error\"\n", r.Name)
	return nil
}

// widestText is how wide lines of prose are at most, whatever the screen.
const widestText = 80

// paragraph prints Markdown as the plain text that it is, links as their text alone.
func (a *app) paragraph(text string) {
	width := widestText
	if a.Width > 0 {
		width = min(width, a.Width)
	}
	text = strings.Join(strings.Fields(markdownLink().ReplaceAllString(text, "$1")), " ")
	for _, line := range ui.Fold(text, width) {
		fmt.Fprintln(a.Out, line)
	}
}

var markdownLink = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[([^\]]+)\]\([a-z./]*\.md[^)]*\)`) })

func quoteExample(w io.Writer, text string) {
	for line := range strings.Lines(text) {
		if line != "\n" {
			line = "    " + line
		}
		fmt.Fprint(w, line)
	}
}
