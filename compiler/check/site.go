package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
)

// site is where an expression stands, and so what its names mean.
type site struct {
	file *file
	pipe *body // nil outside pipelines
	tail *stage
	step *node
	op   *Op // whose attribute it is, declared or inline
	// attempt says that it reads what an attempt left behind.
	attempt bool
	// self is the field whose condition it is, and selfIs what sort of field that is.
	self   *ast.Field
	selfIs string
	// loops are those of the step that it is inside; bound that it sees the step's bindings.
	loops int
	bound bool
}

// enclosing are the nodes of a file around a place, outermost first.
func enclosing(f *ast.File, at source.Span) (path []ast.Node) {
	ast.Inspect(f, func(n ast.Node) bool {
		if n == ast.Node(f) {
			return true
		}
		s := n.Span()
		if s.Start > at.Start || s.End < at.End {
			return false
		}
		path = append(path, n)
		return true
	})
	return path
}

// siteOf follows the nodes around an expression into it.
func (f *file) siteOf(path []ast.Node) site {
	s := site{file: f, bound: true}
	for i, n := range path {
		switch n := n.(type) {
		case *ast.Pipeline:
			if d := f.pipelines[n.Name.Text]; d != nil && d.decl == n {
				s.pipe = d.body
			}
		case *ast.Op:
			if d := f.ops[n.Name.Text]; d != nil && d.decl == n {
				s.op = d.out
			}
		case *ast.Field: // conditions see their own value only, defaults none of the others
			s = site{file: f, self: n, selfIs: "parameter"}
			if i == 0 {
				break
			}
			switch path[i-1].(type) {
			case *ast.Settings:
				s.selfIs = "setting"
			case *ast.TypeDecl:
				s.selfIs = "field"
			}
		case *ast.Step:
			s.enter(n)
		case *ast.Needs:
			s.loops, s.bound = 0, false
		case *ast.For:
			if s.step != nil {
				s.loops = slices.IndexFunc(s.step.step.Loops, func(l Loop) bool { return l.Decl == n })
			}
		case *ast.Return:
			s.attempt = s.op != nil
		case *ast.Retry, *ast.AllowFailure:
			s.attempt = s.op != nil
		case ast.Expr:
			return s.inWhere(n)
		}
	}
	return s
}

// inWhere says that the condition of a `for` sees the variable.
func (s site) inWhere(x ast.Expr) site {
	if s.step != nil && s.loops >= 0 && s.loops < len(s.step.step.Loops) && s.step.step.Loops[s.loops].Decl.Where == x {
		s.loops++
	}
	return s
}

func (s *site) enter(d *ast.Step) {
	if s.pipe == nil {
		return
	}
	for _, stage := range append([]*stage{s.pipe.main}, s.pipe.tails...) {
		for _, n := range stage.list {
			if n.step.Decl == d {
				s.step, s.loops = n, len(n.step.Loops)
				if stage.tail {
					s.tail = stage
				}
				if n.step.Op != nil && n.step.Op.Inline != nil {
					s.op = n.step.Op
				}
			}
		}
	}
}

// node finds a step by name as the site sees it.
func (s site) node(name string) *node {
	if s.tail != nil && s.tail.nodes[name] != nil {
		return s.tail.nodes[name]
	}
	if s.pipe != nil {
		return s.pipe.main.nodes[name]
	}
	return nil
}
