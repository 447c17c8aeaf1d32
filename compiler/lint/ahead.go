package lint

import (
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	shell "github.com/pipelang/pipe/lang/script"
)

// ReadAhead reads the scripts of a program that is being checked, so that a lint with the same cache finds them
// read. It says nothing, and may be left out.
func ReadAhead(p *load.Program, c *shell.Cache) {
	for _, m := range p.Modules {
		if m.Std {
			continue
		}
		for _, f := range m.Files {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.Op:
					readItems(d.Items, c)
				case *ast.Pipeline:
					readItems(d.Items, c)
				}
			}
		}
	}
}

func readItems(items []ast.Item, c *shell.Cache) {
	for _, it := range items {
		switch it := it.(type) {
		case *ast.Run:
			if it.Script == nil {
				continue
			}
			if d, ok := shell.DialectOf(it.Script.Lang); ok {
				c.Read(it.Script.Text, d)
			}
		case *ast.Step:
			readItems(it.Items, c)
		case *ast.OnFailure:
			readItems(it.Items, c)
		case *ast.Finally:
			readItems(it.Items, c)
		}
	}
}
