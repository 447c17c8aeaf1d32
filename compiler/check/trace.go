package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// maxPlaces are shown of the way that a label came; the birth is always among them.
const maxPlaces = 6

// trace is how a label came into an expression.
type trace struct {
	// subject is what the expression reads that has the label.
	subject mention
	// places from the birth to the expression, at most maxPlaces.
	places []diag.Related
	// known says that the subject itself is a name that is always there.
	known bool
}

// way is a lead with the places that led to it, from the expression on.
type way struct {
	lead
	subject *mention
	places  []diag.Related
}

// trace finds the shortest way of a label into an expression; ok is false when the expression
// names nothing that has it.
func (s site) trace(x ast.Expr, l types.Label) (t trace, ok bool) {
	seen := map[ast.Expr]bool{x: true}
	for queue := []way{{lead: lead{s, x}}}; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		for _, m := range mentioned(w.x) {
			o := w.site.origin(m, l)
			if o == nil {
				continue
			}
			next := w.along(m, o)
			if o.from == nil {
				return trace{subject: *next.subject, places: told(next.places), known: o.known && w.subject == nil}, true
			}
			if !seen[o.from.x] {
				seen[o.from.x] = true
				queue = append(queue, next)
			}
		}
	}
	return trace{}, false
}

// along is the way one mention further.
func (w way) along(m mention, o *origin) way {
	next := way{subject: w.subject, places: append(slices.Clone(w.places), o.notes...)}
	if o.from != nil {
		next.lead = *o.from
	}
	switch {
	case w.subject == nil:
		next.subject = &m
	case o.known:
		f := w.site.file
		known := f.note(m.at, chosen(f.brief(m.at)))
		if last := &next.places[len(next.places)-1]; last.File == known.File && last.Span == known.Span {
			last.Message += "; " + known.Message
			break
		}
		next.places = append(next.places, known)
	}
	return next
}

// told turns the places round, and leaves some out near the birth when there are too many.
func told(places []diag.Related) []diag.Related {
	if n := len(places); n > maxPlaces {
		places = append(slices.Clone(places[:maxPlaces-1]), places[n-1])
	}
	places = slices.Clone(places)
	slices.Reverse(places)
	return places
}
