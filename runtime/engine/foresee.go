package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// noProgramCode is the exit code of a script whose interpreter is not there.
const noProgramCode = 127

// lacking words that a program is not there, "" being the image of what runs on this machine.
func lacking(image, text string) string {
	way := ""
	switch {
	case !strings.Contains(text, "is not in PATH"):
	case image != "" && !strings.HasPrefix(text, "interpreter"):
		way = ": choose an image that has it"
	case image != "":
		way = ": choose an image that has it, or let an earlier script of the op install it"
	default:
		way = ": install it, or give the op an image that has it"
	}
	if image != "" {
		return fmt.Sprintf("image %s: %s%s", image, text, way)
	}
	return text + way
}

// foresight is a question to a place: would a program start in an image?
type foresight struct{ place, image, program string }

// foresee refuses steps of which it is known before anything starts that their programs would not:
// the place has the image already, and it is for another processor or lacks the program. It asks
// of what stands in the plan alone, and names every such step.
func (r *run) foresee(ctx context.Context, root *graphInfo) error {
	if r.Past != nil {
		return nil // what was under way has started
	}
	var errs []error
	answers := map[foresight]string{}
	err := r.eachOp(root, "", func(s *stepInfo, place string) error {
		image := constantText(s.op.plan.Image)
		if image == "" || place == late {
			return nil
		}
		ask := foresight{place, r.Plan.Pinned(image), firstProgram(&s.op.plan)}
		why, asked := answers[ask]
		if !asked {
			var err error
			if why, err = r.wouldNot(ctx, ask); err != nil {
				return err
			}
			answers[ask] = why
		}
		if why != "" {
			if ask.program != "" && s.op.plan.Exec == nil {
				why = strings.Replace(why, `"`, `interpreter "`, 1)
			}
			errs = append(errs, fmt.Errorf("step %s (%s): %s", s.plan.Path, s.plan.At, lacking(ask.image, why)))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

func (r *run) wouldNot(ctx context.Context, ask foresight) (string, error) {
	s, err := r.session(ctx, ask.place)
	if err != nil {
		return "", err
	}
	f, ok := s.(target.Foreseer)
	if !ok {
		return "", nil
	}
	return f.Foresee(ctx, ask.image, ask.program)
}

// eachOp calls f for each step that runs programs in every run that succeeds, with the target that
// it names, the one for containers being "docker".
func (r *run) eachOp(g *graphInfo, place string, f func(s *stepInfo, place string) error) error {
	place = constantPlace(g.plan.Target, place)
	doubts := make(map[int]bool, len(g.steps))
	for _, s := range g.steps {
		at := constantPlace(s.plan.Target, place)
		var err error
		switch {
		case s.op != nil && s.op.plan.Native, g.doubtful(s, doubts):
			continue
		case s.graph != nil:
			err = r.eachOp(s.graph, at, f)
		default:
			if s.plan.Target == nil {
				at = constantPlace(s.op.plan.Target, place)
			}
			if at == "" && s.op.plan.Image != nil {
				at = dockerTarget
			}
			err = f(s, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// doubtful reports whether a run may succeed without the step: a guard or a list is not known yet,
// here or in what it needs, or it waits for a failure. doubts hold what was found so far.
func (g *graphInfo) doubtful(s *stepInfo, doubts map[int]bool) bool {
	if known, ok := doubts[s.id]; ok {
		return known
	}
	doubts[s.id] = s.plan.Idle() || s.section == failureSection ||
		slices.ContainsFunc(s.plan.When, func(w plan.Guard) bool { return w.CEL != "" }) ||
		slices.ContainsFunc(s.plan.For, func(l plan.Loop) bool { return l.List.CEL != "" || l.Where != nil }) ||
		s.graph != nil && slices.ContainsFunc(s.graph.plan.When, func(w plan.Expr) bool { return w.CEL != "" }) ||
		slices.ContainsFunc(s.edges, func(e edge) bool { return e.needs && g.doubtful(g.steps[e.to], doubts) })
	return doubts[s.id]
}

// firstProgram is the program that certainly runs first, "" where that is not known or the shell:
// what comes later, an earlier script may install, and an environment may lead elsewhere.
func firstProgram(op *plan.Op) string {
	if slices.ContainsFunc(op.Env, func(e plan.NamedExpr) bool { return e.Name == "PATH" }) {
		return ""
	}
	if op.Exec != nil {
		return programOf(op.Exec)
	}
	if len(op.Runs) == 0 || op.Runs[0].When != nil || op.Runs[0].OnFailure {
		return ""
	}
	switch name := op.Runs[0].Interpreter; name {
	case "", "sh":
		return ""
	case "python":
		return "python3"
	default:
		return name
	}
}

// programOf is the first word of a list that the plan knows, "" for a path of the workspace.
func programOf(x *plan.Expr) string {
	if x.CEL != "" {
		return ""
	}
	v, err := constant(x, listOfTexts)
	list, _ := v.(value.List)
	if err != nil || len(list) == 0 {
		return ""
	}
	name, _ := value.Env(list[0])
	if strings.Contains(name, "/") && !strings.HasPrefix(name, "/") {
		return ""
	}
	return name
}

// constantText is a text that the plan knows, else "".
func constantText(x *plan.Expr) string {
	if x == nil || x.CEL != "" {
		return ""
	}
	v, err := constant(x, types.StringType)
	if err != nil {
		return ""
	}
	s, _ := value.Env(v)
	return s
}
