package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/format"
)

func (a *app) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "docs [FILE|FOLDER|std/NAME]",
		Short: "Print a module's documentation as Markdown",
		Long:  "Prints what a module declares, with its /// documentation, as Markdown: settings, types, ops and pipelines.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("the form is pipe docs [FILE|FOLDER|std/NAME]", "pipe docs takes one module, found %d arguments", len(args))
			}
			m, err := a.documented(args)
			if err != nil {
				return err
			}
			writeDocs(a.Out, m)
			return nil
		},
	}
}

// documented is the module that is meant, checked: one of files, or one of the standard library.
func (a *app) documented(args []string) (*check.Module, error) {
	if len(args) == 1 && strings.HasPrefix(args[0], "std/") {
		return a.standard(args[0])
	}
	inv, err := a.locateModule(args)
	if err != nil {
		return nil, err
	}
	c, err := a.check(inv.path)
	if err != nil {
		return nil, err
	}
	if c.errors() {
		a.showDiagnostics(a.Err, c.found)
		return nil, exit(ExitFailed)
	}
	return c.program.Entry, nil
}

// standard checks a module of the standard library through a file that is nowhere but here.
func (a *app) standard(name string) (*check.Module, error) {
	path := filepath.Join(a.Dir, "docs.pipe")
	c, err := a.checkWith(path, map[string]string{path: fmt.Sprintf("use %q\n", name)})
	if err != nil {
		return nil, err
	}
	for loaded, m := range c.program.Modules {
		if loaded.ID == name {
			return m, nil
		}
	}
	help := ""
	for _, d := range c.found {
		help = d.Help
	}
	return nil, usagef(help, "there is no module %s", name)
}

func writeDocs(w io.Writer, m *check.Module) {
	fmt.Fprintf(w, "# %s\n", m.Load.ID)
	for _, f := range m.Load.Files {
		paragraph(w, f.Doc)
	}
	for _, f := range m.Load.Files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.Settings:
				docSettings(w, d)
			case *ast.TypeDecl:
				heading(w, "type "+d.Name.Text, d.Doc)
				docFields(w, "field", d.Fields)
			case *ast.Op:
				docOp(w, m.Ops[d.Name.Text], d)
			case *ast.Pipeline:
				docPipeline(w, m.Pipelines[d.Name.Text], d)
			}
		}
	}
}

func heading(w io.Writer, title string, doc *ast.Doc) {
	fmt.Fprintf(w, "\n## %s\n", title)
	paragraph(w, doc)
}

func paragraph(w io.Writer, doc *ast.Doc) {
	if doc != nil && doc.Text != "" {
		fmt.Fprintf(w, "\n%s\n", doc.Text)
	}
}

func docSettings(w io.Writer, d *ast.Settings) {
	heading(w, "Settings", d.Doc)
	fmt.Fprintf(w, "\n| setting | type | default | variable | |\n|---|---|---|---|---|\n")
	for _, f := range d.Fields {
		variable := strings.ToUpper(f.Name.Text)
		if f.From != nil && f.From.Variable != nil {
			variable = f.From.Variable.Value
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | `%s` | %s |\n", f.Name.Text, code(format.Type(f.Type)), defaultOf(f), variable, cell(f.Doc))
	}
}

func docFields(w io.Writer, what string, fields []*ast.Field) {
	if len(fields) == 0 {
		return
	}
	fmt.Fprintf(w, "\n| %s | type | default | |\n|---|---|---|---|\n", what)
	for _, f := range fields {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", f.Name.Text, code(format.Type(f.Type)), defaultOf(f), cell(f.Doc))
	}
}

func docOp(w io.Writer, op *check.Op, d *ast.Op) {
	heading(w, "op "+d.Name.Text, d.Doc)
	docFields(w, "parameter", d.Params)
	if op != nil && d.Result != nil {
		fmt.Fprintf(w, "\nReturns %s.\n", code(op.Result.String()))
	}
}

func docPipeline(w io.Writer, p *check.Pipeline, d *ast.Pipeline) {
	heading(w, "pipeline "+d.Name.Text, d.Doc)
	docFields(w, "parameter", d.Params)
	if p == nil {
		return
	}
	if p.Return != nil {
		fmt.Fprintf(w, "\nReturns %s.\n", code(p.Result.String()))
	}
	if len(p.Steps) > 0 {
		fmt.Fprintf(w, "\nSteps:\n\n")
	}
	for _, s := range p.Steps {
		fmt.Fprintf(w, "- `%s`%s\n", s.Name, after(s))
	}
}

// after names what a step waits for.
func after(s *check.Step) string {
	edges := append(append([]string{}, s.ValueEdges...), s.OrderEdges...)
	if len(edges) == 0 {
		return ""
	}
	return " after `" + strings.Join(edges, "`, `") + "`"
}

func defaultOf(f *ast.Field) string {
	if f.Default == nil {
		return ""
	}
	return code(format.Expr(f.Default))
}

// code quotes a text for a table's cell.
func code(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }

func cell(doc *ast.Doc) string {
	if doc == nil {
		return ""
	}
	return strings.ReplaceAll(strings.ReplaceAll(doc.Text, "\n", " "), "|", `\|`)
}
