package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// fieldsOfTargets are what a declared target of each kind may say of its place.
var fieldsOfTargets = map[string]map[string]*types.Type{
	"host": {},
	"docker": {
		"host":         types.StringType, // unix:///path, tcp://host:port or ssh://user@host
		"context":      types.StringType, // of the docker command
		"certificates": types.StringType, // a folder with ca.pem, cert.pem and key.pem
		"pull":         types.LiteralsOf("missing", "always", "never"),
	},
}

// targetFields checks the fields of a target, each by its type. They are in the plan and in
// messages, so no secret may be among them.
func (f *file) targetFields(t *ast.Target) {
	known, where := fieldsOfTargets[t.Kind.Text], "target "+t.Name.Text
	if known == nil {
		f.attributes(f.in(f.scope), t.Items, where)
		return
	}
	seen := scope{}
	for _, it := range t.Items {
		a, ok := it.(*ast.Attr)
		if !ok {
			if _, bad := it.(*ast.BadItem); !bad {
				f.errorf(diag.Misplaced, headOf(it), "%s does not belong to %s", keyword(it), where)
			}
			continue
		}
		want := known[a.Key.Text]
		switch {
		case want == nil:
			f.unknown(diag.UnknownKeyword, a.Key, "field of a "+t.Kind.Text+" target", slices.Collect(maps.Keys(known)))
		case a.Value == nil:
			f.errorf(diag.TypeMismatch, a.Key.Range, "%s: expected a value, found none", a.Key.Text)
		case f.declare(seen, a.Key, "field"):
			got := f.in(f.scope).want(a.Value, want, a.Key.Text)
			f.in(f.scope).unlabelled(a.Value, got, anyLabel, a.Key.Text)
			if a.Key.Text == "host" {
				f.engineHost(a.Value)
			}
		}
	}
}

// engineHost checks the address of an engine that is written out.
func (f *file) engineHost(x ast.Expr) {
	s, ok := ast.Unparen(x).(*ast.StringLit)
	if !ok || s.Value == "" {
		return
	}
	if scheme, _, _ := strings.Cut(s.Value, "://"); !slices.Contains([]string{"unix", "tcp", "ssh", "http", "https"}, scheme) || scheme == s.Value {
		f.errorf(diag.InvalidValue, x.Span(), "host: expected unix:///path, tcp://host:port or ssh://user@host, found %s", f.src.Slice(x.Span()))
	}
}

// builtinTargets are the places that need no declaration.
var builtinTargets = []string{"host", "docker", "kubernetes"}

// target checks the name of a place.
func (f *file) target(x ast.Expr) {
	var n ast.Name
	m := f.module
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		n = ast.Name{Text: x.Name, At: x.At}
	case *ast.Select:
		ns, ok := ast.Unparen(x.X).(*ast.Ident)
		if !ok {
			break
		}
		from, known := f.namespace(ast.Name{Text: ns.Name, At: ns.At})
		if !known {
			return
		}
		n, m = x.Name, from
	case *ast.BadExpr:
		return
	}
	switch {
	case n.Text == "":
		f.report(finding{
			rule: diag.TypeMismatch, at: x.Span(), message: "target: expected the name of a target, found an expression",
			help: "declare it: target NAME = docker { … }",
		})
	case m.out.Targets[n.Text] == nil && !(m == f.module && slices.Contains(builtinTargets, n.Text)) && !m.quiet(n.Text):
		f.unknown(diag.UnknownName, n, "target", append(slices.Collect(maps.Keys(m.out.Targets)), builtinTargets...))
	}
}

// sharesFiles says that a target runs where the repository's files are.
func (f *file) sharesFiles(x ast.Expr) bool {
	id, ok := ast.Unparen(x).(*ast.Ident)
	if !ok {
		return true
	}
	if d := f.out.Targets[id.Name]; d != nil {
		return d.Kind.Text == "host"
	}
	return id.Name == "host" || !slices.Contains(builtinTargets, id.Name)
}

// checkTargets checks declared places.
func (f *file) checkTargets() {
	for _, d := range f.ast.Decls {
		t, ok := d.(*ast.Target)
		if !ok || t.Kind.Text == "" {
			continue
		}
		if !slices.Contains(builtinTargets, t.Kind.Text) {
			f.unknown(diag.UnknownKeyword, t.Kind, "kind of target", builtinTargets)
		}
		f.targetFields(t)
	}
}
