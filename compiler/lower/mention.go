package lower

import "github.com/pipelang/pipe/lang/ast"

// inspect visits an expression and everything in it, outermost first.
func inspect(x ast.Expr, visit func(ast.Expr)) {
	if x == nil {
		return
	}
	visit(x)
	switch x := x.(type) {
	case *ast.Interpolation:
		inspectAll(x.Parts, visit)
	case *ast.Unary:
		inspect(x.X, visit)
	case *ast.Binary:
		inspect(x.X, visit)
		inspect(x.Y, visit)
	case *ast.Conditional:
		inspect(x.Cond, visit)
		inspect(x.Then, visit)
		inspect(x.Else, visit)
	case *ast.Select:
		inspect(x.X, visit)
	case *ast.Index:
		inspect(x.X, visit)
		inspect(x.Index, visit)
	case *ast.Call:
		inspect(x.Target, visit)
		inspectAll(x.Args, visit)
	case *ast.ListLit:
		for _, e := range x.Elems {
			inspect(e.Value, visit)
		}
	case *ast.MapLit:
		for _, e := range x.Entries {
			inspect(e.Key, visit)
			inspect(e.Value, visit)
		}
	case *ast.RecordLit:
		inspectFields(x.Fields, visit)
	case *ast.RecordBody:
		inspectFields(x.Fields, visit)
	case *ast.Paren:
		inspect(x.X, visit)
	}
}

func inspectAll(list []ast.Expr, visit func(ast.Expr)) {
	for _, x := range list {
		inspect(x, visit)
	}
}

func inspectFields(fields []ast.RecordField, visit func(ast.Expr)) {
	for _, f := range fields {
		inspect(f.Value, visit)
	}
}

// settingsIn names the settings that an expression reads; all says that it reads the whole record.
func settingsIn(x ast.Expr) (names []string, all bool) {
	whole, single := 0, 0
	inspect(x, func(x ast.Expr) {
		switch x := x.(type) {
		case *ast.Ident:
			if x.Name == "settings" {
				whole++
			}
		case *ast.Select:
			if id, ok := ast.Unparen(x.X).(*ast.Ident); ok && id.Name == "settings" {
				names = append(names, x.Name.Text)
				single++
			}
		}
	})
	return names, whole > single
}

// reads are the globs and paths of repository files that an expression names, and whether it
// calls such a function at all.
func reads(x ast.Expr) (globs []string, any bool) {
	inspect(x, func(x ast.Expr) {
		c, ok := x.(*ast.Call)
		if !ok || c.Target != nil || !repoFunctions[c.Name.Text] {
			return
		}
		any = true
		for _, a := range c.Args {
			globs = append(globs, literals(a)...)
		}
	})
	return globs, any
}

var repoFunctions = map[string]bool{"glob": true, "text": true, "json": true, "yaml": true}

// literals are the strings that are written out in a string or a list of them.
func literals(x ast.Expr) []string {
	switch x := ast.Unparen(x).(type) {
	case *ast.StringLit:
		return []string{x.Value}
	case *ast.ListLit:
		var out []string
		for _, e := range x.Elems {
			out = append(out, literals(e.Value)...)
		}
		return out
	}
	return nil
}

// recordNames are the names of records that an expression builds.
func recordNames(x ast.Expr) []string {
	var out []string
	inspect(x, func(x ast.Expr) {
		if r, ok := x.(*ast.RecordLit); ok {
			out = append(out, r.Type.String())
		}
	})
	return out
}

// branches reports whether an expression may have a value although a part of it is not known.
func branches(x ast.Expr) bool {
	found := false
	inspect(x, func(x ast.Expr) {
		switch x := x.(type) {
		case *ast.Conditional:
			found = true
		case *ast.Binary:
			found = found || x.Op == "&&" || x.Op == "||"
		case *ast.Call:
			found = found || x.Target != nil || x.Name.Text == "succeeded" || x.Name.Text == "failed" || x.Name.Text == "skipped"
		}
	})
	return found
}

// conjuncts are the parts of a top-level `&&`.
func conjuncts(x ast.Expr) []ast.Expr {
	x = ast.Unparen(x)
	if b, ok := x.(*ast.Binary); ok && b.Op == "&&" {
		return append(conjuncts(b.X), conjuncts(b.Y)...)
	}
	return []ast.Expr{x}
}
