package check

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// wayOut says what to do about a labelled value in the place where it ended up; "" leaves what
// was said.
func (s site) wayOut(d *diag.Diagnostic, path []ast.Node, l types.Label, m mention) string {
	operand := strings.Contains(d.Message, " used in ") || strings.Contains(d.Message, " be compared")
	declared := strings.Contains(d.Help, "pipeline ") // says it with the whole type
	sink := sinkOf(path, d.Span)
	switch admit := s.admission(m); {
	case l == types.Untrusted && operand:
		return admit
	case l == types.Untrusted:
		return s.untrustedWayOut(sink, admit, path, m, d.Message)
	case operand || declared:
		return ""
	}
	return s.secretWayOut(sink, path)
}

func (s site) untrustedWayOut(sink, admit string, path []ast.Node, m mention, message string) string {
	switch sink {
	case "argument":
		if s.declarableArgument(path) {
			return admit + ", or declare the parameter untrusted"
		}
	case "result":
		return "declare it untrusted in the result type, or " + admit
	case "default":
		return "declare the parameter untrusted, or " + admit
	case "exec":
		switch t := s.typeOf(m); {
		case t != nil && t.Plain().Kind == types.List:
			return `write the list out, so that the program can be seen: exec ["program", …]`
		case !strings.Contains(message, " code "):
			return admit
		}
		return "hand it over as a further argument, where the program reads it as $1, or in env; or " + admit
	case "message":
		return "people decide by what they read here: say it in a script's output, or " + admit
	}
	return admit
}

// secretWaysOut by what the value ended up as.
var secretWaysOut = map[string]string{
	"exec":      "arguments are seen by every process of the machine: put it into env { NAME = … }, and let a script read $NAME",
	"condition": "conditions and how they ended are shown: ask whether it is there with hasValue(), or decide by a plain setting",
	"message":   "everybody who sees the run reads this: say it without the value",
	"lock":      "the names of locks are shown to other runs: name it by a plain value",
	"path":      "paths are in the plan and in logs: name it by a plain value",
	"image":     "images are in the plan and in logs: name it by a plain value",
	"number":    "the plan and the log show it: take a plain setting",
	"target":    "the fields of targets are in the plan and in logs: take a plain setting",
	"result":    "declare it secret in the result type",
	"default":   "declare the parameter secret",
}

func (s site) secretWayOut(sink string, path []ast.Node) string {
	if sink == "argument" {
		if s.declarableArgument(path) {
			return "declare the parameter secret; its op still reads it in scripts, env and mount"
		}
		if names := s.secretParams(); len(names) > 0 {
			return "this parameter is shown in the plan and in logs: hand a secret over as " + strings.Join(names, " or ")
		}
		return "this parameter is shown in the plan and in logs: take a plain value"
	}
	return secretWaysOut[sink]
}

// declarableArgument says that the parameter is one that the reader could declare otherwise.
func (s site) declarableArgument(path []ast.Node) bool {
	if s.step == nil {
		return false
	}
	switch st := s.step.step; {
	case st.Op != nil:
		return !st.Op.Module.Load.Std
	case st.Pipeline != nil:
		return !st.Pipeline.Module.Load.Std
	}
	return false
}

// secretParams are the parameters of what is called that may hold a secret, as arguments begin.
func (s site) secretParams() []string {
	if s.step == nil {
		return nil
	}
	var out []string
	for _, p := range s.step.step.params() {
		if p.Type.DeepLabels()&types.Secret != 0 {
			out = append(out, "`"+p.Name+":`")
		}
	}
	return out
}

// admission is how the value is let in; trusted takes text only.
func (s site) admission(m mention) string {
	name := s.file.brief(m.at)
	kind := types.String
	if o := s.typeOf(m); o != nil {
		kind = o.Plain().Kind
	} else if m.name != "text()" && strings.HasSuffix(m.name, "()") {
		kind = types.JSON
	}
	switch kind {
	case types.Bool:
		return fmt.Sprintf("compare it: %s == true", name)
	case types.Int:
		return fmt.Sprintf(`admit it first: int(trusted(string(%s), r"[0-9]+"))`, name)
	case types.Float, types.Duration, types.Size, types.Timestamp:
		return "only text can be admitted: take it as a string, and make the value of trusted(…)"
	case types.Optional, types.List, types.Map, types.Record, types.JSON:
		return `admit its text first: trusted(x, r"…")`
	}
	return fmt.Sprintf(`admit it first: trusted(%s, r"…")`, name)
}

// typeOf is the type of a mention, nil when it is not at hand.
func (s site) typeOf(m mention) *types.Type {
	scope := s.file.scope
	switch {
	case s.op != nil && s.op.ReturnScope != nil:
		scope = s.op.ReturnScope
	case s.step != nil && s.step.step.Scope != nil:
		scope = s.step.step.Scope
	case s.pipe != nil:
		scope = s.pipe.out.Scope
	}
	if v, ok := scope.Lookup(m.name); ok && v.Type != nil {
		return part(v.Type, m.path)
	}
	return nil
}

// sinkOf is what the expression around a place ends up as, "" for anything.
func sinkOf(path []ast.Node, at source.Span) string {
	inside := func(x ast.Expr) bool {
		return x != nil && x.Span().Start <= at.Start && at.End <= x.Span().End
	}
	for i := len(path) - 1; i >= 0; i-- {
		switch n := path[i].(type) {
		case *ast.Arg:
			return "argument"
		case *ast.Return:
			return "result"
		case *ast.When, *ast.Run, *ast.AllowFailure:
			return "condition"
		case *ast.Lock:
			return "lock"
		case *ast.MountEntry, *ast.Mount:
			return "path"
		case *ast.Require:
			return either(inside(n.Else), "message", "condition")
		case *ast.Approve:
			return either(inside(n.Message), "message", "condition")
		case *ast.For:
			return either(inside(n.Where), "condition", "number")
		case *ast.Retry:
			return either(inside(n.When), "condition", "number")
		case *ast.Field:
			return either(inside(n.Else), "message", either(inside(n.Where), "condition", "default"))
		case *ast.Cached:
			return "number"
		case *ast.Target:
			return "target"
		case *ast.Attr:
			if sink := attrSinks[n.Key.Text]; sink != "" {
				return sink
			}
		}
	}
	return ""
}

// attrSinks are what attributes of ops make of their values; one that is missing is a field of a service or a target.
var attrSinks = map[string]string{
	"image": "image", "exec": "exec", "inputs": "path", "keep": "path", "workdir": "path", "network": "number", "user": "number",
	"cpu": "number", "memory": "number", "pids": "number", "timeout": "number", "grace": "number", "success_codes": "number",
}

func either(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}
