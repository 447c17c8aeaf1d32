package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/repo"
	"github.com/pipelang/pipe/runtime/settings"
)

func (a *app) evalCommand() *cobra.Command {
	var s sources
	var file string
	cmd := &cobra.Command{
		Use:   "eval EXPR",
		Short: "Evaluate an expression and print its value as JSON",
		Long: "Evaluates an expression as a file's `let` would see it: settings, the file's lets and types, git, run, ci\n" +
			"and the repository's files. Without --file, the nearest .pipe files are meant, if there are any.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("quote it: pipe eval 'git.branch + \"x\"'", "eval takes one expression, found %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := a.evaluation(cmd.Context(), file, s)
			if err != nil {
				return err
			}
			defer e.repo.Close()
			return a.eval(cmd.Context(), e, args[0])
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&file, "file", "", "the .pipe `file` or folder whose names the expression may use")
	return cmd
}

// evaluation is what an expression of eval may read.
type evaluation struct {
	program  *check.Program // nil without a file
	scope    *expr.Scope
	settings *settings.Set
	repo     *repo.Repo
	lets     map[string]value.Value
	needs    []string // settings that have no value
}

func (a *app) evaluation(ctx context.Context, file string, s sources) (*evaluation, error) {
	e := &evaluation{lets: map[string]value.Value{}}
	inv, err := a.evalFile(file)
	if err != nil {
		return nil, err
	}
	root := a.Dir
	if inv.path != "" {
		c, err := a.check(inv.path)
		if err != nil {
			return nil, err
		}
		if c.errors() {
			a.showDiagnostics(a.Err, c.found)
			return nil, exit(ExitFailed)
		}
		e.program, e.scope, root = c.program, c.program.Entry.Scope, c.program.Load.Root
		if e.settings, err = a.resolve(ctx, c, lower.ForSettings(c.program), s); err != nil {
			return nil, err
		}
		if err := a.problems(e.settings, nil); err != nil {
			return nil, err
		}
	} else {
		e.scope = check.Globals()
	}
	now := time.Now()
	e.repo, err = repo.Capture(ctx, root, repo.Options{Run: newRunID(now), Environ: a.Environ, Started: now, Except: a.ownFolder()})
	return e, err
}

// evalFile finds the file that is meant; having none is fine unless one was named.
func (a *app) evalFile(file string) (invocation, error) {
	if file != "" {
		path, err := a.existing(file)
		return invocation{path: path}, err
	}
	path, err := a.search("")
	if errors.Is(err, errNoFiles) {
		return invocation{}, nil
	}
	return invocation{path: path}, err
}

func (a *app) eval(ctx context.Context, e *evaluation, text string) error {
	f := source.NewFile("<expression>", text)
	var diags diag.List
	x := parser.ParseExpr(f, &diags)
	if !diags.HasErrors() {
		t := expr.Check(x, e.scope, expr.Options{File: f, Diags: &diags})
		if !diags.HasErrors() && t.DeepLabels()&types.Secret != 0 {
			diags.Add(diag.Diagnostic{Rule: diag.SecretLeak, File: f, Span: x.Span(), Message: "a secret cannot be printed", Help: "`pipe settings` says where its value comes from"})
		}
	}
	if diags.HasErrors() {
		a.showDiagnostics(a.Err, diags.Sorted())
		return exit(ExitFailed)
	}
	v, err := e.value(ctx, x, nil)
	if err != nil {
		return a.evalFailed(e, f, x, err)
	}
	raw, err := value.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Out, "%s\n", event.EscapeJSON(raw))
	return err
}

// evalFailed shows why there is no value: settings without one, or what only data shows.
func (a *app) evalFailed(e *evaluation, f *source.File, x ast.Expr, err error) error {
	var failed *expr.EvalError
	missing := e.missing(x)
	switch {
	case len(missing) > 0:
		a.showProblems(e.settings, e.settings.Problems(missing))
	case errors.As(err, &failed):
		a.showDiagnostics(a.Err, []diag.Diagnostic{{Rule: diag.InvalidValue, File: f, Span: failed.Span, Message: failed.Message}})
	default:
		return err
	}
	return exit(ExitFailed)
}

// missing are the settings without a value that an expression reads, or a let that it may read.
func (e *evaluation) missing(x ast.Expr) []string {
	read := map[string]bool{}
	note := func(n ast.Node) bool {
		if s, ok := n.(*ast.Select); ok {
			if of, ok := s.X.(*ast.Ident); ok && of.Name == "settings" {
				read[s.Name.Text] = true
			}
		}
		return true
	}
	ast.Inspect(x, note)
	if e.program != nil {
		for _, l := range e.program.Entry.Lets {
			ast.Inspect(l.Decl.Value, note)
		}
	}
	var out []string
	for _, name := range e.needs {
		if read[name] {
			out = append(out, name)
		}
	}
	return out
}

// value evaluates an expression; want is nil for any type.
func (e *evaluation) value(ctx context.Context, x ast.Expr, want *types.Type) (value.Value, error) {
	p, err := expr.Compile(x, expr.CompileOptions{Want: want, Records: e.records()})
	if err != nil {
		return nil, err
	}
	return p.Eval(ctx, expr.Input{Var: func(name string) (value.Value, bool) { return e.name(ctx, name) }, Host: e.repo})
}

func (e *evaluation) records() map[string]*types.Type {
	if e.program == nil {
		return nil
	}
	return e.program.Entry.Types
}

func (e *evaluation) name(ctx context.Context, name string) (value.Value, bool) {
	if v, ok := e.lets[name]; ok {
		return v, v != nil
	}
	if name == "settings" && e.settings != nil {
		return e.settingsRecord(), true
	}
	if v, ok := e.repo.Values()[name]; ok {
		return v, true
	}
	if e.program == nil {
		return nil, false
	}
	for _, l := range e.program.Entry.Lets {
		if l.Name == name {
			v, err := e.value(ctx, l.Decl.Value, l.Type)
			if err != nil {
				v = nil
			}
			e.lets[name] = v
			return v, v != nil
		}
	}
	return nil, false
}

// settingsRecord holds every setting that has a value; one that is missing is noted, since
// only it can be what the expression lacks.
func (e *evaluation) settingsRecord() value.Record {
	out := value.Record{}
	for _, r := range e.settings.All() {
		v, ok := e.settings.Value(r.Decl.Name)
		if !ok {
			e.needs = append(e.needs, r.Decl.Name)
			continue
		}
		if _, none := v.(value.None); !none {
			out[r.Decl.Name] = v
		}
	}
	return out
}
