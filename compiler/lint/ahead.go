package lint

import (
	"iter"
	"sync"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	shell "github.com/pipelang/pipe/lang/script"
)

// ReadAhead reads the scripts of a program on another goroutine while it is checked, so that a lint with the same
// cache finds them read; few are left to the lint, which is quicker than a processor that has to start. It says nothing,
// and may be left out. What it gives waits for the end. What panics is left to the lint, which reads the same.
func ReadAhead(p *load.Program, c *shell.Cache) (wait func()) {
	few := worthSharing
	for range scriptsOf(p) {
		if few--; few == 0 {
			break
		}
	}
	if few > 0 {
		return func() {}
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		defer func() { _ = recover() }()
		readAll(p, c)
	})
	return reading.Wait
}

func readAll(p *load.Program, c *shell.Cache) {
	for s := range scriptsOf(p) {
		if d, ok := shell.DialectOf(s.Lang); ok {
			c.Read(s.Text, d)
		}
	}
}

// scriptsOf are the scripts of a program's modules but for those of the standard library.
func scriptsOf(p *load.Program) iter.Seq[*ast.Script] {
	return func(yield func(*ast.Script) bool) {
		for _, m := range p.Modules {
			if m.Std {
				continue
			}
			for _, f := range m.Files {
				for _, d := range f.Decls {
					if !scriptsIn(bodyOf(d), yield) {
						return
					}
				}
			}
		}
	}
}

func bodyOf(d ast.Decl) []ast.Item {
	switch d := d.(type) {
	case *ast.Op:
		return d.Items
	case *ast.Pipeline:
		return d.Items
	}
	return nil
}

// scriptsIn goes through items and those within them; it is false once nobody wants more.
func scriptsIn(items []ast.Item, yield func(*ast.Script) bool) bool {
	for _, it := range items {
		var inner []ast.Item
		switch it := it.(type) {
		case *ast.Run:
			if it.Script != nil && !yield(it.Script) {
				return false
			}
		case *ast.Step:
			inner = it.Items
		case *ast.OnFailure:
			inner = it.Items
		case *ast.Finally:
			inner = it.Items
		}
		if !scriptsIn(inner, yield) {
			return false
		}
	}
	return true
}
