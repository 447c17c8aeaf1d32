package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

func (f *file) collectDefaults(d *ast.Defaults) {
	if f.defaults != nil {
		f.report(finding{
			rule: diag.DuplicateName, at: d.Range, message: "defaults stands twice in this file",
			help:    "put the attributes into one block",
			related: []diag.Related{{File: f.src, Span: f.defaults.Range, Message: "first here"}},
		})
		return
	}
	f.defaults = d
	f.out.Defaults[f.ast] = d
}

// checkDefaults checks the block by itself; its ops take it as correct.
func (f *file) checkDefaults() {
	if f.defaults == nil {
		return
	}
	b := opBody{file: f, in: f.in(f.scope), ret: f.in(f.scope), where: "defaults"}
	for _, it := range f.items(f.defaults.Items, inDefaults, "defaults") {
		b.item(it)
	}
}

// withDefaults puts an op's own items behind those of the file's defaults that it does not
// override. Its environment adds to the default one, name by name.
func (f *file) withDefaults(own []ast.Item) []ast.Item {
	if f.defaults == nil {
		return own
	}
	has := map[string]bool{}
	for _, it := range own {
		has[keyword(it)] = true
	}
	var out []ast.Item
	for _, it := range f.defaults.Items {
		word := keyword(it)
		switch {
		case roles[word]&inDefaults == 0:
		case word == "env" && has["env"]:
			out = append(out, remaining(it.(*ast.Env), own)...)
		case has[word], has["in place"] && notInPlace[word], word == "in place" && overlaps(has):
		default:
			out = append(out, it)
		}
	}
	return append(out, own...)
}

// remaining is a default environment without the names that the op sets itself.
func remaining(env *ast.Env, own []ast.Item) []ast.Item {
	var set []string
	for _, it := range own {
		if e, ok := it.(*ast.Env); ok {
			for _, a := range e.Entries {
				set = append(set, a.Name.Text)
			}
		}
	}
	left := slices.DeleteFunc(slices.Clone(env.Entries), func(a *ast.Assign) bool { return slices.Contains(set, a.Name.Text) })
	if len(left) == 0 {
		return nil
	}
	return []ast.Item{&ast.Env{At: env.At, Doc: env.Doc, Entries: left}}
}

// notInPlace are the attributes that make no sense for an op that runs in the real tree.
var notInPlace = map[string]bool{"inputs": true, "mount": true, "image": true, "cached": true}

func overlaps(has map[string]bool) bool {
	for word := range notInPlace {
		if has[word] {
			return true
		}
	}
	return false
}
