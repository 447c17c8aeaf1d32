package parser_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/pipelang/pipe/lang/ast"
)

// TestWalkVisitsAll compares what Walk visits with what reflection finds in the trees of all archives.
func TestWalkVisitsAll(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/parse/*.txtar")
	types := map[reflect.Type]bool{}
	for _, name := range files {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tree, _ := parse(section(a, "input.pipe"))
		visited := map[ast.Node]bool{}
		ast.Inspect(tree, func(n ast.Node) bool {
			if visited[n] {
				t.Errorf("%s: %T is visited twice", name, n)
			}
			visited[n] = true
			types[reflect.TypeOf(n)] = true
			return true
		})
		for _, d := range tree.Decls {
			eachNode(reflect.ValueOf(d), func(n ast.Node) {
				if !visited[n] {
					t.Errorf("%s: %T is not visited", name, n)
				}
			})
		}
	}
	if len(types) < 60 {
		t.Errorf("only %d kinds of nodes are in the archives", len(types))
	}
}

// eachNode finds the pointers to nodes below a value, documentation excepted.
func eachNode(v reflect.Value, f func(ast.Node)) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			eachNode(v.Elem(), f)
		}
	case reflect.Pointer:
		if v.IsNil() || v.Type() == reflect.TypeFor[*ast.Doc]() {
			return
		}
		if n, ok := v.Interface().(ast.Node); ok {
			f(n)
		}
		eachNode(v.Elem(), f)
	case reflect.Slice:
		for i := range v.Len() {
			eachNode(v.Index(i), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachNode(v.Field(i), f)
		}
	}
}

// TestInspectSkips holds that what lies in a node is left out where the function says so.
func TestInspectSkips(t *testing.T) {
	tree, _ := parse("let a = f(x)\nlet b = y\n")
	var names []string
	ast.Inspect(tree, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		_, call := n.(*ast.Call)
		return !call
	})
	if len(names) != 1 || names[0] != "y" {
		t.Errorf("visited %q, want only y", names)
	}
}
