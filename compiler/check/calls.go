package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// callee finds the op or pipeline that the step calls.
func (n *node) callee() {
	q := n.step.Decl.Callee
	if len(q.Parts) == 0 {
		n.broken = true
		return
	}
	m, name := n.stage.module, q.Parts[len(q.Parts)-1]
	if len(q.Parts) > 1 {
		from, ok := n.stage.calledModule(q)
		if !ok {
			n.broken = true
			return
		}
		m = from
	}
	if d := m.ops[name.Text]; d != nil {
		n.step.Op, n.step.Result = d.out, d.out.Result
		if m != n.stage.module {
			n.step.Result = imported(d.out.Result, q.Parts[0].Text)
		}
		return
	}
	if d := m.pipelines[name.Text]; d != nil {
		n.callPipeline(d, q)
		return
	}
	n.broken = true
	if !m.quiet(name.Text) {
		n.stage.unknownOp(q, m)
	}
}

// callPipeline takes a pipeline as a step; one that calls itself was reported where it did.
func (n *node) callPipeline(d *pipelineDecl, q ast.QualName) {
	if !d.checked {
		n.broken = true
		return
	}
	n.step.Pipeline, n.step.Result = d.out, d.out.Result
	if d.recursive {
		n.step.Result = types.InvalidType
	}
	if d.file.module != n.stage.module {
		n.step.Result = imported(d.out.Result, q.Parts[0].Text)
	}
}

// imported is a result of another module, whose records messages call by the namespace.
func imported(t *types.Type, namespace string) *types.Type {
	if t.Kind == types.Record && t.Record.Name != "" && builtin(t.Record.Name) == nil && !strings.Contains(t.Record.Name, ".") {
		return qualified(t, namespace).WithLabels(t.Labels)
	}
	return t
}

func (f *file) calledModule(q ast.QualName) (*module, bool) {
	if len(q.Parts) > 2 {
		f.errorf(diag.UnknownOp, q.Range, "unknown op %q", q)
		return nil, false
	}
	return f.namespace(q.Parts[0])
}

func (f *file) unknownOp(q ast.QualName, m *module) {
	among := append(slices.Collect(maps.Keys(m.ops)), slices.Collect(maps.Keys(m.pipelines))...)
	what := "op"
	if len(q.Parts) > 1 {
		what = "op of " + q.Parts[0].Text
	}
	name := q.Parts[len(q.Parts)-1]
	if len(q.Parts) == 1 && len(f.uses) > 0 && diag.Suggest(name.Text, among) == "" {
		for _, ns := range slices.Sorted(maps.Keys(f.uses)) {
			if from := f.modules[f.uses[ns].Module]; from != nil && (from.ops[name.Text] != nil || from.pipelines[name.Text] != nil) {
				f.report(finding{
					rule: diag.UnknownOp, at: name.Range, message: fmt.Sprintf("unknown op %q", name.Text),
					help: fmt.Sprintf("did you mean %q?", ns+"."+name.Text),
				})
				return
			}
		}
	}
	f.unknown(diag.UnknownOp, name, what, among)
}

// maxNames is how many names a help lists.
const maxNames = 24

func aFew(names []string) string {
	if len(names) <= maxNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
}

// params are those of what the step calls.
func (s *Step) params() []*Param {
	switch {
	case s.Op != nil:
		return s.Op.Params
	case s.Pipeline != nil:
		return s.Pipeline.Params
	}
	return nil
}

// arguments binds arguments to parameters and checks their types.
func (n *node) arguments(e exprs) {
	st := n.step
	params, known := st.params(), st.Op != nil || st.Pipeline != nil
	given := scope{}
	meant, unnamed := map[string]bool{}, false // parameters that a misspelt argument was for; nobody knows which for one without a name
	for _, a := range st.Decl.Args {
		p := n.parameter(e.file, a, params, known, given)
		if p == nil {
			meant[diag.Suggest(a.Name.Text, paramNames(params))] = true
			meant[n.renamed(params)] = true
			unnamed = unnamed || a.Name.Text == ""
			if a.Value != nil && !known {
				e.want(a.Value, anyOptional, "argument "+a.Name.Text) // what nobody knows may take an optional
			}
			continue
		}
		st.Args = append(st.Args, Arg{Param: p, Value: a.Value, At: a.Range})
		if n.was == nil {
			e.want(a.Value, p.Type, "argument "+p.Name)
			e.holds(a.Value, p.Decl, p.Type, p.in, "argument "+p.Name)
		}
	}
	if n.was == nil && st.Op != nil && st.Op.Native {
		n.native(e)
	}
	for _, p := range params {
		if _, ok := given[p.Name]; !ok && p.Required && !st.Decl.Bad && known && !st.Decl.Inline && !meant[p.Name] && !unnamed {
			e.file.report(finding{
				rule: diag.MissingArgument, at: st.Decl.Callee.Range,
				message: fmt.Sprintf("%s needs the argument %s: %s", st.Decl.Callee, p.Name, p.Type),
				help:    fmt.Sprintf("write %s(%s)", st.Decl.Callee, strings.Join(required(params), ", ")),
			})
		}
	}
}

func required(params []*Param) []string {
	var out []string
	for _, p := range params {
		if p.Required {
			out = append(out, p.Name+": …")
		}
	}
	return out
}

// parameter finds what an argument is for; nil has been reported.
func (n *node) parameter(f *file, a *ast.Arg, params []*Param, known bool, given scope) *Param {
	callee := n.step.Decl.Callee
	name := a.Name
	switch {
	case !known:
		return nil
	case name.Text == "" && len(params) == 1:
		name = ast.Name{Text: params[0].Name, At: a.At}
	case name.Text == "" && len(params) == 0:
		f.errorf(diag.UnknownArgument, a.Range, "%s takes no arguments", callee)
		return nil
	case name.Text == "":
		f.report(finding{
			rule: diag.UnknownArgument, at: a.Range, message: fmt.Sprintf("%s has %d parameters, so its arguments need names: %s has none", callee, len(params), f.brief(a.Range)),
			help: "name it: " + aFew(paramNames(params)),
		})
		return nil
	}
	p := findParam(params, name.Text)
	if p == nil {
		help := diag.DidYouMean(name.Text, paramNames(params))
		if help == "" && len(params) > 0 {
			help = "it has " + aFew(paramNames(params))
			switch other := n.renamed(params); {
			case other != "" && len(params) == 1:
				help = fmt.Sprintf("did you mean %q?", other)
			case other != "":
				help += fmt.Sprintf(", and %s is not given", other)
			}
		}
		if len(params) == 0 {
			help = "it takes no arguments"
		}
		f.report(finding{
			rule: diag.UnknownArgument, at: name.Range, message: fmt.Sprintf("%s has no parameter %q", callee, name.Text), help: help,
		})
		return nil
	}
	if !f.declare(given, name, "argument") {
		return nil
	}
	return p
}

// renamed is the only required parameter that a call leaves out, where it has just one argument that there is no
// parameter for: most likely the two belong together. It is "" where nothing is that clear.
func (n *node) renamed(params []*Param) string {
	left, strange := "", 0
	names := map[string]bool{}
	for _, a := range n.step.Decl.Args {
		names[a.Name.Text] = true
		if findParam(params, a.Name.Text) == nil {
			if strange++; strange > 1 {
				return ""
			}
		}
	}
	for _, p := range params {
		switch {
		case !p.Required || names[p.Name]:
		case left != "":
			return ""
		default:
			left = p.Name
		}
	}
	if strange == 0 {
		return ""
	}
	return left
}
