package check

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// number reads a constant that is written out; only those are checked here.
func number(x ast.Expr) (float64, bool) {
	switch x := ast.Unparen(x).(type) {
	case *ast.IntLit:
		return float64(x.Value), true
	case *ast.FloatLit:
		return x.Value, true
	case *ast.SizeLit:
		return float64(x.Value), true
	case *ast.DurationLit:
		return float64(x.Value), true
	case *ast.Unary:
		if n, ok := number(x.X); ok && x.Op == "-" {
			return -n, true
		}
	}
	return 0, false
}

// atLeast refuses a constant below a limit.
func (f *file) atLeast(x ast.Expr, limit float64, what, expected string) {
	if x == nil {
		return
	}
	if n, ok := number(x); ok && n < limit {
		f.errorf(diag.InvalidValue, x.Span(), "%s: expected %s, found %s", what, expected, f.src.Slice(x.Span()))
	}
}

// positive refuses a constant of zero or less.
func (f *file) positive(x ast.Expr, what string) {
	if x == nil {
		return
	}
	if n, ok := number(x); ok && n <= 0 {
		f.errorf(diag.InvalidValue, x.Span(), "%s: expected more than zero, found %s", what, f.src.Slice(x.Span()))
	}
}

// nonEmpty refuses an empty list that is written out.
func (f *file) nonEmpty(x ast.Expr, what string) {
	if l, ok := ast.Unparen(x).(*ast.ListLit); ok && len(l.Elems) == 0 {
		f.errorf(diag.InvalidValue, x.Span(), "%s: expected at least one element, found []", what)
	}
}

// exitCodes refuses constants that no process can end with.
func (f *file) exitCodes(x ast.Expr) {
	l, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok {
		return
	}
	f.nonEmpty(x, "success_codes")
	for _, e := range l.Elems {
		if n, ok := number(e.Value); ok && (n < 0 || n > 255) {
			f.errorf(diag.InvalidValue, e.Value.Span(), "success_codes: expected an exit code from 0 to 255, found %s", f.src.Slice(e.Value.Span()))
		}
	}
}

// globs refuses globs that are written out and are none.
func (f *file) globs(x ast.Expr, what string) {
	switch x := ast.Unparen(x).(type) {
	case *ast.ListLit:
		for _, e := range x.Elems {
			f.globs(e.Value, what)
		}
	case *ast.StringLit:
		if x.Value == "" && what == "glob" || !doublestar.ValidatePattern(x.Value) && !doublestar.ValidatePattern(path.Clean(x.Value)) {
			f.report(finding{
				rule: diag.InvalidValue, at: x.Range, message: fmt.Sprintf("%s: %q is no glob", what, x.Value),
				help: "every [ and { needs its end, and a backslash stands before one that is meant as it is",
			})
		}
	}
}

// inRepository refuses globs and paths that are written out and lead out of the repository.
func (f *file) inRepository(x ast.Expr, what string) {
	switch x := ast.Unparen(x).(type) {
	case *ast.ListLit:
		for _, e := range x.Elems {
			f.inRepository(e.Value, what)
		}
	case *ast.StringLit:
		p := x.Value
		if !strings.HasPrefix(p, "/") {
			p = path.Join(f.load.Folder, p)
		}
		if p = path.Clean(strings.TrimLeft(p, "/")); p == ".." || strings.HasPrefix(p, "../") {
			f.report(finding{
				rule: diag.InvalidValue, at: x.Range, message: fmt.Sprintf("%s: %q leads out of the repository", what, x.Value),
				help: "paths start from the file's folder, and from the repository's root with a leading /",
			})
		}
	}
}
