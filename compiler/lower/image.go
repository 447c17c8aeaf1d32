package lower

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// image is fold for the name of an image: one that is known has the digest that pipe.lock gives
// it. A value of type image carries its own.
func (s spot) image(x ast.Expr) (plan.Expr, value.Value) {
	out, v := s.fold(x, nil)
	name, known := v.(value.String)
	switch {
	case known:
		if pinned := s.draft.program.Load.Lock.Pinned(string(name)); pinned != string(name) {
			v = value.String(pinned)
			out = s.constant(v)
		}
	case v == nil && !s.carriesDigest(x):
		s.lateImage = true
	}
	return out, v
}

func (s spot) carriesDigest(x ast.Expr) bool { return s.typeOf(x) == types.ImageType.Text() }

// pins are those that the name of an image may need which only the run knows: all of them.
func (b *binder) pins() map[string]string {
	lock := b.draft.program.Load.Lock.Images
	if !b.lateImage || len(lock) == 0 {
		return nil
	}
	out := map[string]string{}
	for name, pin := range lock {
		out[name] = pin.Digest
	}
	return out
}

// Image is a place of a pipeline that names an image.
type Image struct {
	// Name is as pipelines write it, "" where only the run knows it.
	Name string
	// Text is the expression, and At its place: file:line:column.
	Text, At string
	// User is the step's path, or the pipeline whose service it is.
	User string
}

// Images are the images that the pipeline names, each with its place, whatever pipe.lock says:
// also the names that an op's image comes to with the arguments of its steps, as far as they
// are known. A value of type image is none of them. What fails for these values is known
// no better.
func (d *Draft) Images(v Values) []Image {
	b := newBinder(d, v)
	b.images = map[Image]bool{}
	b.bind()
	var out []Image
	for x := range b.images {
		out = append(out, x)
	}
	slices.SortFunc(out, func(x, y Image) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.At, y.At), cmp.Compare(x.User, y.User))
	})
	return out
}

// maxInstances of a step's loops are looked at for the names of their images, as many as a pipeline
// may have steps. Of more than that, the names are said to be known to the run alone.
const maxInstances = check.MaxSteps

// imagesOf notes the images of a step's op, for each instance of its loops.
func (g *graph) imagesOf(in spot, s *check.Step) {
	if g.images == nil || s.Op == nil {
		return
	}
	exprs := imageExprs(s.Op.Items)
	if len(exprs) == 0 {
		return
	}
	left := maxInstances
	g.instances(in, s.Loops, &left, func(in spot) {
		at := g.inOp(in, s)
		for _, x := range exprs {
			at.noteImage(x, g.prefix+s.Name)
		}
	})
	if left >= 0 {
		return
	}
	at := g.inOp(in, s)
	for _, x := range exprs {
		if !at.carriesDigest(x) {
			at.images[Image{Text: fmt.Sprintf("%s, of more than %d instances", format.Expr(x), maxInstances), At: place(at.file.Source, x.Span()), User: g.prefix + s.Name}] = true
		}
	}
}

// instances calls f for each element of the loops that is known, else once without.
func (g *graph) instances(in spot, loops []check.Loop, left *int, f func(spot)) {
	if len(loops) == 0 {
		if *left--; *left >= 0 {
			f(in)
		}
		return
	}
	l := loops[0]
	in.mention(l.Decl.List)
	list, _ := in.eval(l.Decl.List, types.ListOf(l.Type))
	elements, known := list.(value.List)
	if !known {
		elements = value.List{nil}
	}
	outer := in.names
	for _, e := range elements {
		if *left < 0 {
			return
		}
		in.names = outer.child(true)
		in.names.set(l.Var, &name{value: e})
		if l.Decl.Where == nil || !in.isFalse(l.Decl.Where) {
			g.instances(in, loops[1:], left, f)
		}
	}
}

// inOp is where the attributes of a step's op stand, its parameters as the step gives them.
func (g *graph) inOp(in spot, s *check.Step) spot {
	o := s.Op
	if o.Inline != nil {
		in.scope = o.Scope
		return in
	}
	at := g.within(o.Module, o.File, o.Scope)
	at.names = at.names.child(true)
	given := map[string]check.Arg{}
	for _, a := range s.Args {
		given[a.Param.Name] = a
	}
	for _, p := range o.Params {
		var v value.Value
		if a, ok := given[p.Name]; ok {
			in.mention(a.Value)
			v, _ = in.eval(a.Value, p.Type)
		} else {
			_, v = g.defaultOf(p, o.Module)
		}
		at.names.set(p.Name, &name{value: v})
	}
	return at
}

func (s spot) noteImage(x ast.Expr, user string) {
	if s.images == nil || x == nil || s.carriesDigest(x) {
		return
	}
	s.mention(x)
	v, _ := s.eval(x, nil)
	known, _ := v.(value.String)
	s.images[Image{Name: string(known), Text: format.Expr(x), At: place(s.file.Source, x.Span()), User: user}] = true
}

// imageExprs are the images that items name, those of services too.
func imageExprs(items []ast.Item) (out []ast.Expr) {
	for _, it := range items {
		switch it := it.(type) {
		case *ast.Attr:
			if it.Key.Text == "image" && it.Value != nil {
				out = append(out, it.Value)
			}
		case *ast.Service:
			out = append(out, imageExprs(it.Items)...)
		}
	}
	return out
}
