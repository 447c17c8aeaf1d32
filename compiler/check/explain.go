package check

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// explain completes what was said, once everything is known. Of labels: the value by its name,
// the places that the label came by, and the way out for the place where it ended up. Of types:
// where both came from.
func (c *checker) explain() {
	var files map[*source.File]*file
	c.diags.Each(func(d *diag.Diagnostic) {
		labelled := d.Rule == diag.SecretLeak || d.Rule == diag.UntrustedFlow
		if !labelled && !typed[d.Rule] || d.File == nil {
			return
		}
		if files == nil {
			files = c.files()
		}
		switch f := files[d.File]; {
		case f == nil:
		case labelled:
			f.explain(d)
		case len(d.Related) == 0:
			f.provenance(d)
		}
	})
}

func (c *checker) files() map[*source.File]*file {
	out := map[*source.File]*file{}
	for _, l := range c.out.Load.Modules { // in order, since a file may be part of two
		for _, f := range c.modules[l].files {
			out[f.src] = f
		}
	}
	return out
}

func (f *file) explain(d *diag.Diagnostic) {
	l := types.Secret
	if d.Rule == diag.UntrustedFlow {
		l = types.Untrusted
	}
	path := enclosing(f.ast, d.Span)
	s := f.siteOf(path)
	t, ok := s.traceOutwards(path, l)
	if !ok {
		d.Related = append(d.Related, s.uncached(path, l)...)
		return
	}
	d.Related = append(d.Related, t.places...)
	d.Message = f.named(d.Message, t.subject)
	if help := s.wayOut(d, path, l, t.subject); help != "" {
		d.Help = help
	}
	if t.known {
		d.Help = chosen(f.brief(t.subject.at)) + "; " + d.Help
	}
	if at := t.subject.at; d.Span.Start <= at.Start && at.End <= d.Span.End {
		d.Span = at // of a list or a text, the part that it is about
	}
}

// chosen says who has a say in a name that is always there.
func chosen(name string) string {
	switch {
	case name == "run.error":
		return "run.error may quote what a program said"
	case strings.HasPrefix(name, "git.changed("):
		return "whoever opens a pull request chooses the names of changed files"
	}
	return "whoever pushes or opens a pull request chooses " + name
}

// traceOutwards starts with the innermost expression and widens it as long as it names
// nothing with the label, as the variable of a macro does not.
func (s site) traceOutwards(path []ast.Node, l types.Label) (trace, bool) {
	for i := len(path) - 1; i >= 0; i-- {
		x, ok := path[i].(ast.Expr)
		if !ok {
			if _, part := path[i].(*ast.RecordField); part {
				continue
			}
			if _, part := path[i].(*ast.MapEntry); part {
				continue
			}
			break
		}
		if t, ok := s.trace(x, l); ok {
			return t, true
		}
	}
	return trace{}, false
}

// uncached says why a result cannot be kept.
func (s site) uncached(path []ast.Node, l types.Label) []diag.Related {
	if len(path) == 0 || s.op == nil {
		return nil
	}
	if _, ok := path[len(path)-1].(*ast.Cached); !ok {
		return nil
	}
	if s.op.Decl != nil && s.op.Decl.Result != nil {
		return s.file.declaredResult(s.op.Decl.Result, "op \""+s.op.Name+"\"", nil, l)
	}
	for _, it := range s.op.Items {
		if r, ok := it.(*ast.Return); ok && r.Value != nil {
			s.attempt = true
			if t, ok := s.trace(r.Value, l); ok {
				return append(t.places, s.file.note(t.subject.at, "it is returned here"))
			}
		}
	}
	return nil
}

// named puts the value into a message that speaks of any.
func (f *file) named(message string, m mention) string {
	name := f.brief(m.at)
	for _, x := range [...]struct{ start, with string }{
		{"a secret cannot", name + " is secret and cannot"},
		{"a value that holds a secret cannot", name + " holds a secret and cannot"},
		{"a value that a stranger may choose cannot", name + ", which a stranger may choose, cannot"},
	} {
		if rest, ok := strings.CutPrefix(message, x.start); ok {
			if better, ok := places[rest]; ok {
				rest = better
			}
			return x.with + rest
		}
	}
	return message
}

// places are where a value cannot go, in words for keywords.
var places = map[string]string{
	" be used as exec":  " be an argument of exec",
	" be used as lock":  " name a lock",
	" be used as image": " name an image",
}
