package check

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// opBody checks the items of an op, declared or inline.
type opBody struct {
	file *file
	op   *Op // nil for defaults
	// in is where attributes are evaluated, ret where return and retry's condition are.
	in, ret exprs
	where   string
}

func (b opBody) item(it ast.Item) {
	switch it := it.(type) {
	case *ast.Attr:
		b.attr(it)
	case *ast.Run:
		b.run(it)
	case *ast.Env:
		b.env(it)
	case *ast.Mount:
		b.mount(it)
	case *ast.Cached:
		b.in.want(it.For, types.DurationType, "cached for")
		b.file.positive(it.For, "cached for")
		if it.Vary != nil {
			b.vary(it.Vary)
		}
	case *ast.Service:
		b.file.service(b.in, it)
	case *ast.Retry:
		b.in.retry(it, b.ret)
	case *ast.Return:
		if b.op != nil && b.op.Decl != nil && b.op.Decl.Result != nil {
			b.ret.want(it.Value, b.op.Result, "return")
		}
	}
}

var (
	globs = types.ListOf(types.StringType)
	argv  = types.ListOf(stranger)
)

func (b opBody) attr(a *ast.Attr) {
	x, word := a.Value, a.Key.Text
	if x == nil {
		return
	}
	switch word {
	case "image":
		t := b.in.unquoted(x, word, func(e exprs) *types.Type {
			return e.anything(x, word, "a string or an image", func(t *types.Type) bool { return t.IsText() || t.Kind == types.Image })
		})
		b.in.unlabelled(x, t, anyLabel, word)
		b.in.imageNames(x, word)
	case "exec":
		b.exec(x)
	case "inherit":
		b.names(x, inherited)
	case "inputs", "keep":
		b.in.want(x, globs, word)
		b.file.inRepository(x, word)
		b.file.globs(x, word)
	case "workdir":
		b.in.unquoted(x, word, func(e exprs) *types.Type { return e.want(x, types.PathType, word) })
		b.file.inRepository(x, word)
	case "network", "user":
		b.in.unquoted(x, word, func(e exprs) *types.Type { return e.want(x, types.StringType, word) })
		if word == "network" {
			b.file.ownNetwork(x)
		}
	case "cpu":
		t := b.in.anything(x, word, "a number", isNumber)
		b.in.unlabelled(x, t, anyLabel, word)
		b.file.positive(x, word)
	case "memory":
		b.in.want(x, types.SizeType, word)
		b.file.positive(x, word)
	case "pids":
		b.in.want(x, types.IntType, word)
		b.file.positive(x, word)
	case "timeout":
		b.in.want(x, types.DurationType, word)
		b.file.positive(x, word)
	case "grace":
		b.in.want(x, types.DurationType, word)
		b.file.atLeast(x, 0, word, "zero or more")
	case "success_codes":
		b.in.want(x, types.ListOf(types.IntType), word)
		b.file.exitCodes(x)
	case "target":
		b.file.target(x)
	case "capabilities":
		b.names(x, capabilities)
	case "pool":
		b.file.pool(x)
	case "idempotent":
	default:
		b.file.errorf(diag.UnknownKeyword, a.Key.Range, "%s has no attribute %q", b.where, word)
	}
}

func isNumber(t *types.Type) bool { return t.Kind == types.Int || t.Kind == types.Float }

func (b opBody) run(r *ast.Run) {
	b.in.want(r.When, types.BoolType, "run when")
	if r.Script != nil && strings.TrimSpace(r.Script.Text) == "" {
		b.file.errorf(diag.InvalidValue, r.Script.Range, "run: expected a script, found nothing")
	}
}

// env takes what can be written into a variable; secrets and strangers' values too.
func (b opBody) env(env *ast.Env) {
	seen := scope{}
	if b.op != nil {
		for _, p := range b.op.Params {
			if p.Decl != nil {
				seen[p.Name] = place{file: b.file.src, at: p.Decl.Name.Range, what: "parameter"}
			}
		}
	}
	for _, a := range env.Entries {
		if a.Bad || !b.file.declare(seen, a.Name, "variable") {
			continue
		}
		if a.Name.Text == "PIPE_OUTPUT" {
			b.file.errorf(diag.ReservedName, a.Name.Range, "PIPE_OUTPUT cannot be set: pipe reads an op's outputs from it")
			continue
		}
		t := b.in.anything(a.Value, "env "+a.Name.Text, "a value that fits a variable", fitsVariable)
		if t.DeepLabels()&types.Untrusted != 0 && isObeyed(a.Name.Text) {
			b.in.unlabelled(a.Value, t, types.Untrusted, a.Name.Text+", which programs obey")
		}
	}
}

func fitsVariable(t *types.Type) bool {
	switch t.Kind {
	case types.Optional, types.None, types.Image, types.Bytes:
		return t.Kind == types.Image
	}
	return true
}

func (b opBody) mount(m *ast.Mount) {
	seen := scope{}
	for _, entry := range m.Entries {
		b.in.unquoted(entry.Path, "mount", func(e exprs) *types.Type { return e.want(entry.Path, types.PathType, "mount path") })
		b.file.inRepository(entry.Path, "mount path")
		if s, ok := ast.Unparen(entry.Path).(*ast.StringLit); ok {
			b.file.declare(seen, ast.Name{Text: s.Value, At: s.At}, "mount path")
		}
		if b.cacheFolder(entry.Value) {
			continue
		}
		b.in.anything(entry.Value, "mount", `a file, a dir, a list of files, a secret string or cache("name")`, fitsMount)
	}
}

func fitsMount(t *types.Type) bool {
	switch t.Kind {
	case types.File, types.Dir, types.JSON:
		return true
	case types.List:
		return t.Elem.Kind == types.File || t.Elem.Kind == types.Dir
	}
	return t.IsText() && t.Labels&types.Secret != 0
}

// cacheFolder recognises cache("name"), which is no value but a folder that is kept.
func (b opBody) cacheFolder(x ast.Expr) bool {
	c, ok := ast.Unparen(x).(*ast.Call)
	if !ok || c.Target != nil || c.Name.Text != "cache" {
		return false
	}
	if len(c.Args) != 1 {
		b.file.errorf(diag.TypeMismatch, c.Range, "cache: expected one argument, a name, found %d", len(c.Args))
		return true
	}
	b.in.want(c.Args[0], types.StringType, "name of the cache")
	return true
}

// vary takes anything that can enter a key, secrets too.
func (b opBody) vary(x ast.Expr) {
	l, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok {
		b.in.anything(x, "vary", "a list", func(t *types.Type) bool { return t.Kind == types.List || t.Kind == types.JSON })
		return
	}
	for _, e := range l.Elems {
		b.in.want(e.Value, nil, "vary")
	}
}

// retry checks how often and when; the condition reads what the attempt left behind.
func (e exprs) retry(r *ast.Retry, attempt exprs) {
	e.want(r.Count, types.IntType, "retry")
	e.file.atLeast(r.Count, 0, "retry", "zero or more")
	e.want(r.Every, types.DurationType, "every")
	e.file.atLeast(r.Every, 0, "every", "zero or more")
	e.want(r.Max, types.DurationType, "max")
	e.file.positive(r.Max, "max")
	if r.Backoff != nil {
		t := e.anything(r.Backoff, "backoff", "a number", isNumber)
		e.unlabelled(r.Backoff, t, anyLabel, "backoff")
		e.file.atLeast(r.Backoff, 1, "backoff", "one or more")
	}
	attempt.want(r.When, types.BoolType, "retry when")
}

// attributes checks a body whose keywords depend on what reads it: each value by itself.
func (f *file) attributes(e exprs, items []ast.Item, where string) {
	b := opBody{file: f, in: e, ret: e, where: where}
	for _, it := range items {
		switch it := it.(type) {
		case *ast.Attr:
			if _, known := roles[it.Key.Text]; known {
				b.attr(it)
				continue
			}
			t := e.want(it.Value, nil, it.Key.Text)
			if it.Value != nil {
				e.unlabelled(it.Value, t, anyLabel, it.Key.Text)
			}
		case *ast.Env, *ast.Run, *ast.Mount:
			b.item(it)
		case *ast.BadItem:
		default:
			f.errorf(diag.Misplaced, headOf(it), "%s does not belong to %s", keyword(it), where)
		}
	}
}

// imageForm is the form of an image's name, https://pkg.go.dev/github.com/distribution/reference.
var imageForm = lazily(`^((([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(:[0-9]+)?)/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`)
