package settings

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// evaluation is what an expression of a declaration is evaluated with.
type evaluation struct {
	want  *types.Type
	types map[string]*types.Type
	host  expr.Host
	self  value.Value // nil where there is none
}

func evaluate(ctx context.Context, x *plan.Expr, e evaluation) (value.Value, error) {
	if x.Value != nil {
		return value.Unmarshal(e.want, x.Value)
	}
	tree, err := expr.Parse(x.CEL)
	if err != nil {
		return nil, err
	}
	program, err := expr.Compile(tree, expr.CompileOptions{Want: e.want, Records: e.types})
	if err != nil {
		return nil, err
	}
	return program.Eval(ctx, expr.Input{
		Var: func(name string) (value.Value, bool) {
			return e.self, name == "self" && e.self != nil
		},
		Host: e.host,
	})
}

// constrain checks a setting's `where`.
func (r *resolver) constrain(s *setting, v value.Value) {
	if s.decl.Where == nil {
		return
	}
	e := evaluation{want: types.BoolType, types: r.sources.Types, host: r.sources.Host, self: v}
	ok, err := evaluate(r.ctx, s.decl.Where, e)
	if err != nil {
		s.problem(s.unevaluated("where", err, s.origin))
		return
	}
	if ok != value.Bool(true) {
		s.problem(s.violated(r.complaint(s, e), v))
	}
}

// complaint is what `else` says, or the condition itself.
func (r *resolver) complaint(s *setting, e evaluation) string {
	if s.decl.Else != nil {
		e.want = types.StringType
		// A message that looks at a secret could repeat it.
		if s.decl.Secret {
			e.self = nil
		}
		if text, err := evaluate(r.ctx, s.decl.Else, e); err == nil {
			if t, ok := text.(value.String); ok {
				return string(t)
			}
		}
	}
	return "must satisfy " + s.decl.Where.String()
}

// constrainFields checks what records ask of their fields. Parts that are wrong already are not asked.
func (r *resolver) constrainFields(s *setting, v value.Value) {
	t, wrong := s.typ, slices.Clone(s.problems)
	if s.decl.Secret {
		t = t.WithLabels(types.Secret)
	}
	for part := range r.sources.Conditions.In(v, t) {
		path := s.decl.Name + part.Path
		if slices.ContainsFunc(wrong, func(p Problem) bool { return within(p.Setting, path) }) {
			continue
		}
		e := evaluation{types: map[string]*types.Type{}, host: r.hostIn(part.Folder()), self: part.Value}
		for name, id := range part.Records {
			e.types[name] = r.sources.Types[id]
		}
		err := part.Ask(func(x *plan.Expr, want *types.Type) (value.Value, error) {
			e.want = want
			return evaluate(r.ctx, x, e)
		})
		if err != nil {
			s.problem(s.unfit(part, path, err))
		}
	}
}

// hostIn answers for a declaration in another folder.
func (r *resolver) hostIn(folder string) expr.Host {
	if r.sources.Host == nil {
		return nil
	}
	return anchored{r.sources.Host, folder}
}

// anchored makes paths relative to a folder start at the repository's root.
type anchored struct {
	expr.Host
	folder string
}

// Call implements expr.Host.
func (h anchored) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	out := make([]value.Value, len(args))
	for i, a := range args {
		out[i] = h.anchor(a)
	}
	return h.Host.Call(ctx, function, out)
}

func (h anchored) anchor(v value.Value) value.Value {
	switch v := v.(type) {
	case value.String:
		return value.String(plan.Anchor(h.folder, string(v)))
	case value.List:
		out := make(value.List, len(v))
		for i := range v {
			out[i] = h.anchor(v[i])
		}
		return out
	}
	return v
}

// within reports whether a path is another, or leads into it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// unfit is a field whose condition does not hold, or cannot be evaluated.
func (s *setting) unfit(part plan.Part, path string, err error) Problem {
	p := Problem{Setting: path, Variable: s.variableOf(path), Origin: s.found.originOf(part.Path), Expected: expected(part.Type)}
	unmet, broken := errors.AsType[*plan.UnmetError](err)
	if !broken {
		p.Message = s.decl.Name + "." + err.Error()
		return p
	}
	p.Expected += ", " + unmet.Message
	p.Message = path + ": " + unmet.Message
	if !part.Secret {
		p.Found = shown(part.Value)
		p.Message += ", found " + p.Found
	}
	return p
}

// hiddenKey stands for a key of a secret map.
const hiddenKey = "…"

// originOf is where the part at a path came from, as far as sources are parted.
func (n *node) originOf(path string) Origin {
	path, _, _ = strings.Cut(path, "[")
	for _, name := range strings.Split(strings.TrimPrefix(path, "."), ".") {
		if n == nil || n.fields == nil || name == hiddenKey {
			break
		}
		n = n.fields[name]
	}
	if n == nil {
		return Origin{Kind: Default}
	}
	return n.origin
}

// unevaluated reports an expression that failed. Its error may quote the value.
func (s *setting) unevaluated(what string, err error, o Origin) Problem {
	p := Problem{Setting: s.decl.Name, Variable: s.decl.Variable, Origin: o, Expected: s.expected()}
	p.Message = fmt.Sprintf("the %s of %s cannot be evaluated", what, s.decl.Name)
	if _, unknown := errors.AsType[*expr.UnknownError](err); unknown {
		p.Message += ": it depends on what is not known before the run"
	} else if !s.decl.Secret {
		p.Message += ": " + err.Error()
	}
	return p
}
