package check

import (
	"fmt"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// Effect is what a native op changes in the world beyond the run. An op that the standard
// library implements in Go has no script that would tell.
type Effect struct {
	// Does names it as people would: "image.push".
	Does string
	// Publishes says that others see what it changes: it belongs behind tests.
	Publishes bool
	// What is changed, as a plan says it: "images of a registry". Names are the parameters that
	// say which, the first that has a value counting; a name then stands for What, behind Kind.
	// "" is nothing.
	What, Kind string
	Names      []string
	// Reads is the parameter that is a folder of the repository, "" for none; Instead is another
	// that takes its place.
	Reads, Instead string
	// Images are the parameters that name images, or list such names; Either are two of which one may be given.
	Images []string
	Either [2]string
	// Engine says that it works on a Docker engine: that of its target. Others use no target.
	Engine bool
}

var nativeEffects = map[string]Effect{
	"std/image.build": {Does: "image.build", What: "images of the engine", Reads: "context", Instead: "context_dir", Engine: true,
		Images: []string{"tag", "tags"}, Either: [2]string{"dockerfile", "dockerfile_text"}},
	"std/image.tag":     {Does: "image.tag", What: "images of the engine", Engine: true, Images: []string{"tag"}},
	"std/image.push":    {Does: "image.push", Publishes: true, What: "images of a registry", Kind: "image", Names: []string{"tag"}, Engine: true, Images: []string{"tag"}},
	"std/image.copy":    {Does: "image.copy", Publishes: true, What: "images of a registry", Kind: "image", Names: []string{"to"}, Images: []string{"from", "to"}},
	"std/image.inspect": {Does: "image.inspect", Images: []string{"ref"}},
}

// NativeEffect is what a native op changes; false for one that is not native, or of which that
// is not known.
func NativeEffect(o *Op) (Effect, bool) {
	if o == nil || !o.Native {
		return Effect{}, false
	}
	e, ok := nativeEffects[o.Module.Load.ID+"."+o.Name]
	return e, ok
}

// Changes is what a call changes, with the name where an argument gives one.
func (e Effect) Changes(text func(param string) string) string {
	for _, p := range e.Names {
		if name := text(p); name != "" {
			return e.Kind + " " + name
		}
	}
	return e.What
}

// native checks what a native op would refuse of its arguments.
func (n *node) native(e exprs) {
	effect, ok := NativeEffect(n.step.Op)
	if !ok {
		return
	}
	given := map[string]Arg{}
	for _, a := range n.step.Args {
		given[a.Param.Name] = a
		if slices.Contains(effect.Images, a.Param.Name) {
			e.imageNames(a.Value, "argument "+a.Param.Name)
		}
	}
	first, second := given[effect.Either[0]], given[effect.Either[1]]
	if first.Value == nil || second.Value == nil || e.texts(first.Value) == nil || e.texts(second.Value) == nil {
		return // what is left out may be absent
	}
	e.file.report(finding{
		rule: diag.InvalidValue, at: second.At, message: fmt.Sprintf("%s and %s are both given, and one takes the place of the other", first.Param.Name, second.Param.Name),
		help:    "leave one of them out",
		related: []diag.Related{{File: e.file.src, Span: first.At, Message: "the other one"}},
	})
}

// imageNames refuses names of images that are none, or lists of such.
func (e exprs) imageNames(x ast.Expr, what string) {
	if l, ok := ast.Unparen(x).(*ast.ListLit); ok {
		for i := range l.Elems {
			e.imageNames(l.Elems[i].Value, what)
		}
		return
	}
	if lit, ok := ast.Unparen(x).(*ast.StringLit); ok && imageForm().MatchString(lit.Value) {
		return
	}
	for _, t := range e.texts(x) {
		if imageForm().MatchString(t.Value) {
			continue
		}
		e.decided([]ast.Expr{x}, finding{
			rule: diag.InvalidValue, at: x.Span(), message: fmt.Sprintf("%s: %q is no name of an image%s", what, t.Value, t.Round),
			help: `write it as "name:tag", "registry/name:tag" or "name@sha256:…", in lower case`,
		})
		return
	}
}
