package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// fieldsOfServices are what a service may say beside env; those without a type are checked as
// an op's are.
var fieldsOfServices = map[string]*types.Type{
	"image": nil, "exec": nil, "user": nil, "cpu": nil, "memory": nil, "pids": nil, "capabilities": nil, "ready": nil,
	"ports":  types.ListOf(types.IntType),
	"tmpfs":  types.ListOf(types.StringType),
	"within": types.DurationType,
}

// service checks a service of an op or a pipeline.
func (f *file) service(e exprs, s *ast.Service) {
	b := opBody{file: f, in: e, ret: e, where: fmt.Sprintf("service %s", s.Name.Text)}
	seen := map[string]bool{}
	for _, it := range s.Items {
		switch it := it.(type) {
		case *ast.Attr:
			b.serviceField(it, seen)
		case *ast.Env:
			b.item(it)
		case *ast.BadItem:
			seen["image"] = true
		default:
			help := ""
			if keyword(it) == "run" {
				help = "a service runs what its image does, or exec [argv]"
			}
			f.report(finding{rule: diag.Misplaced, at: headOf(it), message: fmt.Sprintf("%s does not belong to %s", keyword(it), b.where), help: help})
		}
	}
	if !seen["image"] {
		f.report(finding{
			rule: diag.MissingBody, at: s.Name.Range, message: b.where + " has no image",
			help: `write image "…" in it`,
		})
	}
}

// foreignFields are the words by which other languages say what services may, with ours.
var foreignFields = map[string]string{
	"command": `did you mean "exec"?`, "entrypoint": `did you mean "exec"?`, "environment": `did you mean "env"?`,
	"health": `did you mean "ready"?`, "healthcheck": `did you mean "ready"?`, "timeout": `did you mean "within"?`,
	"expose": `did you mean "ports"?`, "depends_on": "services start in the order of the text",
	"volumes": "tmpfs has folders in memory; data that is there from the start belongs into the image",
}

func (b opBody) serviceField(a *ast.Attr, seen map[string]bool) {
	word := a.Key.Text
	want, known := fieldsOfServices[word]
	switch {
	case !known && foreignFields[word] != "":
		b.file.report(finding{rule: diag.UnknownKeyword, at: a.Key.Range, message: fmt.Sprintf("unknown field of a service %q", word), help: foreignFields[word]})
	case !known:
		b.file.unknown(diag.UnknownKeyword, a.Key, "field of a service", append(slices.Collect(maps.Keys(fieldsOfServices)), "env"))
	case seen[word]:
		b.file.errorf(diag.DuplicateName, a.Key.Range, "%s stands twice in %s", word, b.where)
	case a.Value == nil:
		b.file.errorf(diag.TypeMismatch, a.Key.Range, "%s: expected a value, found none", word)
	case word == "ready":
		b.ready(a)
	case want == nil:
		b.attr(a)
	default:
		b.in.want(a.Value, want, word)
	}
	seen[word] = true
}

// ready is a script as text, tcp(port) or http(port, "/path"), which are no functions elsewhere.
func (b opBody) ready(a *ast.Attr) {
	c, ok := ast.Unparen(a.Value).(*ast.Call)
	if !ok || c.Target != nil || c.Name.Text != "tcp" && c.Name.Text != "http" {
		b.in.want(a.Value, types.StringType, "ready")
		return
	}
	wants := []*types.Type{types.IntType}
	if c.Name.Text == "http" {
		wants = append(wants, types.StringType)
	}
	if len(c.Args) != len(wants) {
		b.file.errorf(diag.TypeMismatch, c.Range, `ready: expected tcp(port) or http(port, "/path")`)
		return
	}
	for i, want := range wants {
		b.in.want(c.Args[i], want, "ready")
	}
}

// declareServices makes the names of services known to what stands beside them.
func (f *file) declareServices(into *expr.Scope, items []ast.Item) {
	var seen spots
	for _, it := range items {
		s, ok := it.(*ast.Service)
		if !ok {
			continue
		}
		if first, twice := seen.get(s.Name.Text); twice {
			f.report(finding{
				rule: diag.DuplicateName, at: s.Name.Range, message: fmt.Sprintf("service %q is declared twice", s.Name.Text), help: "rename one of them",
				related: []diag.Related{{File: f.src, Span: first, Message: "first declared here"}},
			})
			continue
		}
		if _, taken := into.Lookup(s.Name.Text); taken {
			f.errorf(diag.DuplicateName, s.Name.Range, "service %q has the name of something else here: rename it", s.Name.Text)
			continue
		}
		seen.set(s.Name.Text, s.Name.Range)
		into.Declare(s.Name.Text, expr.Var{Type: expr.Service})
	}
	f.serviceOrder(items)
}

// serviceOrder finds services that read what only starts after them, or themselves.
func (f *file) serviceOrder(items []ast.Item) {
	later := map[string]bool{}
	for _, it := range slices.Backward(items) {
		s, ok := it.(*ast.Service)
		if !ok {
			continue
		}
		later[s.Name.Text] = true
		for _, field := range s.Items {
			eachExpr(field, func(x ast.Expr) {
				expr.EachRef(x, func(r expr.Ref) {
					if later[r.Name] {
						f.tooEarly(s, r)
					}
				})
			})
		}
	}
}

func (f *file) tooEarly(s *ast.Service, r expr.Ref) {
	d := finding{
		rule: diag.Misplaced, at: r.Span,
		message: fmt.Sprintf("service %q reads %q, which starts after it", s.Name.Text, r.Name),
		help:    fmt.Sprintf("services start in the order of the text: declare %s first", r.Name),
	}
	if r.Name == s.Name.Text {
		d.message, d.help = fmt.Sprintf("service %q reads itself, and has no address before it starts", r.Name), "inside of the service it is 127.0.0.1 and the port that it listens on"
	}
	f.report(d)
}
