package check

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
)

// usedIn are the names that items read: in expressions, and as words of scripts, which get
// parameters as variables.
func usedIn(items []ast.Item) map[string]bool {
	used := map[string]bool{}
	for _, it := range items {
		markUsed(it, used)
	}
	return used
}

// eachName visits the names that could stand in a text.
func eachName(text string, visit func(string)) {
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		if name := strings.TrimLeft(w, "0123456789"); name != "" {
			visit(name)
		}
	}
}

func markUsed(it ast.Item, used map[string]bool) {
	eachExpr(it, func(x ast.Expr) {
		for _, r := range expr.Refs(x) {
			used[r.Name] = true
		}
	})
	if a, ok := it.(*ast.Attr); ok && a.Key.Text == "exec" {
		markCode(a.Value, used)
	}
	eachScript(it, func(s *ast.Script) {
		eachName(s.Text, func(name string) { used[name] = true })
	})
}

// markCode takes in the words of what exec gives to an interpreter to run: sh -c "echo $x".
func markCode(x ast.Expr, used map[string]bool) {
	l, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok {
		return
	}
	var a argument
	for _, e := range l.Elems {
		if text, written := constantText(e.Value); written {
			if len(a.interpreters) > 0 {
				eachName(text, func(name string) { used[name] = true })
			}
			a.written(text)
		}
	}
}

// damaged says that some text of a declaration could not be read, so that nobody knows what it uses.
func damaged(d ast.Node) bool {
	var found bool
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BadItem, *ast.BadExpr:
			found = true
		case *ast.Step:
			found = found || n.Bad
		case *ast.Assign:
			found = found || n.Bad
		}
		return !found
	})
	return found
}

func eachScript(it ast.Item, visit func(*ast.Script)) {
	switch it := it.(type) {
	case *ast.Run:
		if it.Script != nil {
			visit(it.Script)
		}
	case *ast.Service:
		for _, inner := range it.Items {
			eachScript(inner, visit)
		}
	case *ast.Step:
		for _, inner := range it.Items {
			eachScript(inner, visit)
		}
	}
}

// eachExpr visits the expressions of an item and of the items within it, in the order of the text.
func eachExpr(it ast.Item, visit func(ast.Expr)) {
	each := func(xs ...ast.Expr) {
		for _, x := range xs {
			if x != nil {
				visit(x)
			}
		}
	}
	inner := func(items []ast.Item) {
		for _, i := range items {
			eachExpr(i, visit)
		}
	}
	switch it := it.(type) {
	case *ast.Attr:
		if it.Key.Text != "target" {
			each(it.Value)
		}
	case *ast.Run:
		each(it.When)
	case *ast.Env:
		for _, a := range it.Entries {
			each(a.Value)
		}
	case *ast.Mount:
		for _, e := range it.Entries {
			each(e.Path, e.Value)
		}
	case *ast.Cached:
		each(it.For, it.Vary)
	case *ast.Service:
		inner(it.Items)
	case *ast.Retry:
		each(it.Count, it.Every, it.Backoff, it.Max, it.When)
	case *ast.Return:
		each(it.Value)
	case *ast.Needs:
		for _, n := range it.Items {
			each(n.Value)
		}
	case *ast.When:
		each(it.Cond)
	case *ast.For:
		each(it.List, it.Where, it.Max)
	case *ast.Require:
		each(it.Cond, it.Else)
	case *ast.Approve:
		each(it.Message, it.When)
	case *ast.Lock:
		each(it.Key)
	case *ast.AllowFailure:
		each(it.When)
	case ast.LetItem:
		each(it.Value)
	case *ast.LetItem:
		each(it.Value)
	case *ast.Step:
		for _, a := range it.Args {
			each(a.Value)
		}
		inner(it.Items)
	case *ast.OnFailure:
		inner(it.Items)
	case *ast.Finally:
		inner(it.Items)
	}
}
