package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/runtime/target/docker"
)

// Needs are what the pipelines of a repository ask of a machine, each with the places that do.
type Needs struct {
	// Containers are ops with an image or a service, and targets of the kind docker.
	Containers []string
	// Builds are steps that build or push images.
	Builds []string
	// Interpreters run the scripts of ops on this machine; they and what exec names are needed.
	Interpreters map[string][]string
	// Programs are the commands of shell scripts, by the shell that looks for them. They may
	// come to be there while the script runs.
	Programs map[string]map[string][]string
	// Images by name; Late are images that only a run knows.
	Images map[string][]string
	// Engines are the targets of the kind docker that say where they are, with the settings of now.
	Engines []DeclaredEngine
}

// DeclaredEngine is `target NAME = docker { … }`.
type DeclaredEngine struct {
	Name, At string
	Where    docker.Endpoint
	// Unknown is why Where is not known; nil where it is.
	Unknown error
}

// Engine adds a declared engine, once; one that says nothing of its place is the usual one.
func (n *Needs) Engine(e DeclaredEngine) {
	switch {
	case slices.ContainsFunc(n.Engines, func(o DeclaredEngine) bool { return o.At == e.At }):
	case e.Unknown == nil && e.Where.Host == "" && e.Where.Context == "":
		note(&n.Containers, e.At)
	default:
		n.Engines = append(n.Engines, e)
	}
}

// NewNeeds are none.
func NewNeeds() *Needs {
	return &Needs{Interpreters: map[string][]string{}, Programs: map[string]map[string][]string{}, Images: map[string][]string{}}
}

// Add adds what a program's own ops need, and those that its steps call.
func (n *Needs) Add(p *check.Program) {
	seen := map[*check.Op]bool{}
	for _, l := range p.Load.Modules {
		m := p.Modules[l]
		if m == nil || l.Std {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(m.Ops)) {
			n.op(m.Ops[name], seen)
		}
		for _, name := range slices.Sorted(maps.Keys(m.Pipelines)) {
			n.pipeline(m.Pipelines[name], seen)
		}
	}
}

func (n *Needs) pipeline(p *check.Pipeline, seen map[*check.Op]bool) {
	n.services(p.File.Source, p.Head)
	for _, list := range [][]*check.Step{p.Steps, p.OnFailure, p.Finally} {
		for _, s := range list {
			if s.Op == nil {
				continue
			}
			n.op(s.Op, seen)
			if s.Op.Native && strings.HasPrefix(s.Op.Module.Load.ID, "std/image") {
				note(&n.Builds, place(s.File.Source, s.Decl.Name.Span()))
			}
		}
	}
}

// services notes the containers that items start.
func (n *Needs) services(f *source.File, items []ast.Item) {
	for _, it := range items {
		if s, ok := it.(*ast.Service); ok {
			note(&n.Containers, place(f, s.Name.Span()))
		}
	}
}

func (n *Needs) op(o *check.Op, seen map[*check.Op]bool) {
	if seen[o] {
		return
	}
	seen[o] = true
	f := o.File.Source
	n.services(f, o.Items)
	if x := valueOf(o.Items, "image"); x != nil {
		note(&n.Containers, place(f, x.Span()))
		return // its programs are in the image
	}
	if id, is := valueOf(o.Items, "target").(*ast.Ident); is && !onHost(o, id.Name) {
		return
	}
	for _, it := range o.Items {
		switch it := it.(type) {
		case *ast.Run:
			n.script(f, it)
		case *ast.Attr:
			if name := firstWord(it); name != "" && it.Key.Text == "exec" {
				n.interpreter(name, place(f, it.Value.Span()))
			}
		}
	}
}

func onHost(o *check.Op, target string) bool {
	if d := o.Module.Targets[target]; d != nil {
		return d.Kind.Text == "host"
	}
	return target == "host"
}

// valueOf is an attribute's value, nil without one.
func valueOf(items []ast.Item, key string) ast.Expr {
	for _, it := range items {
		if a, ok := it.(*ast.Attr); ok && a.Key.Text == key && a.Value != nil {
			return ast.Unparen(a.Value)
		}
	}
	return nil
}

func firstWord(a *ast.Attr) string {
	l, ok := ast.Unparen(a.Value).(*ast.ListLit)
	if !ok || len(l.Elems) == 0 {
		return ""
	}
	s, ok := ast.Unparen(l.Elems[0].Value).(*ast.StringLit)
	if !ok {
		return ""
	}
	return s.Value
}

// interpreter notes a program that has to be there; one with a path may be the repository's own.
func (n *Needs) interpreter(name, at string) {
	if name != "" && !strings.ContainsAny(name, "/ ") {
		list := n.Interpreters[name]
		note(&list, at)
		n.Interpreters[name] = list
	}
}

func (n *Needs) script(f *source.File, r *ast.Run) {
	if r.Script == nil {
		return
	}
	at, lang := place(f, r.Script.Span()), cmp.Or(r.Script.Lang, "sh")
	switch lang {
	case "python": // as the host runs it
		lang = "python3"
	}
	n.interpreter(lang, at)
	dialect, shell := map[string]script.Dialect{"sh": script.Sh, "bash": script.Bash}[lang]
	if !shell {
		return
	}
	read := script.Read(r.Script.Text, dialect)
	own := map[string]bool{}
	for _, fn := range read.Functions {
		own[fn.Text] = true
	}
	for _, c := range read.Commands {
		if c.Name == "" || own[c.Name] || c.Branch || c.Elsewhere || strings.Contains(c.Name, "/") {
			continue
		}
		if n.Programs[lang] == nil {
			n.Programs[lang] = map[string][]string{}
		}
		list := n.Programs[lang][c.Name]
		note(&list, at)
		n.Programs[lang][c.Name] = list
	}
}

// Image adds an image with a place that names it.
func (n *Needs) Image(name, at string) {
	list := n.Images[name]
	note(&list, at)
	n.Images[name] = list
}

// Names are the images, sorted.
func (n *Needs) Names() []string { return slices.Sorted(maps.Keys(n.Images)) }

func note(list *[]string, at string) {
	if !slices.Contains(*list, at) {
		*list = append(*list, at)
	}
}

func place(f *source.File, s source.Span) string {
	p := f.Position(s.Start)
	return fmt.Sprintf("%s:%d:%d", f.Name, p.Line, p.Column)
}
