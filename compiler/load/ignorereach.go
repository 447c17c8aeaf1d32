package load

import (
	"sort"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// reach lets comments that stand alone above a line hold for all that begins there: a declaration, a step, a string
// of several lines. They are in the order of the text.
func reach(f *ast.File, above []*ignore) {
	if len(above) == 0 {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		return n == ast.Node(f) || reaches(above, n.Span())
	})
}

// reaches lets the comments above the line where something begins hold to its end. It is false where none stands above
// a line of it.
func reaches(above []*ignore, at source.Span) bool {
	i := sort.Search(len(above), func(i int) bool { return above[i].line.End >= at.Start })
	for j := i; j < len(above) && above[j].line.Start <= at.Start; j++ {
		above[j].last = max(above[j].last, above[j].file.Position(at.End).Line)
	}
	return i < len(above) && above[i].line.Start <= at.End
}

// alone says that nothing but comments stands on an ignore's line, and keeps where the line is that it stands above.
func (g *ignore) alone() bool {
	if g.next > g.file.Lines() || !commentOnly(g.file.Line(g.first), g.mark) {
		return false
	}
	start := g.file.LineStart(g.next)
	g.line = source.Span{Start: start, End: start + int32(len(g.file.Line(g.next)))}
	return true
}

// reachStatements does the same for comments in a script, and the commands that begin below them. Within gives the
// place of a part of the text.
func reachStatements(text string, d script.Dialect, list []*ignore, within func(start, end int) source.Span) {
	var above []*ignore
	for _, g := range list {
		if g.alone() {
			above = append(above, g)
		}
	}
	if len(above) == 0 {
		return
	}
	script.EachStatement(text, d, func(at source.Span) { reaches(above, within(int(at.Start), int(at.End))) })
}
