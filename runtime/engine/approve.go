package engine

import (
	"context"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// approve asks a person, where the step wants it. ok is false when the step ends by it.
func (in *instance) approve(ctx context.Context, args []local) (end ending, ok bool) {
	a := in.info.plan.Approve
	if a == nil {
		return ending{}, true
	}
	if a.When != nil {
		v, err := in.run.eval(ctx, a.When, types.BoolType, in.scope)
		if err != nil {
			return in.graph.evalFailed(ctx, CauseGuardError, "approve when "+textOf(a.When), err), false
		}
		if v != value.Bool(true) {
			return ending{}, true
		}
	}
	v, err := in.run.eval(ctx, &a.Message, types.StringType, in.scope)
	if err != nil {
		return in.graph.evalFailed(ctx, CauseGuardError, "approve", err), false
	}
	message, _ := value.Env(v)
	if in.run.Approve == nil {
		return ending{outcome: Waiting, cause: CauseApproval, reason: "waits for approval: " + message}, false
	}
	return in.ask(ctx, Approval{Step: in.path, Message: message, Args: in.shown(args)})
}

// shown are the arguments as a person may see them.
func (in *instance) shown(args []local) map[string]value.Value {
	out := map[string]value.Value{}
	for _, a := range args {
		out[a.name] = a.value
	}
	for i := range in.info.plan.Args {
		if a := &in.info.plan.Args[i]; in.run.typeOf(a.Type).DeepLabels()&types.Secret != 0 {
			out[a.Name] = value.String(masked)
		}
	}
	return out
}

// ask waits for the answer, without a slot and after the questions that were asked before.
func (in *instance) ask(ctx context.Context, a Approval) (ending, bool) {
	granted := false
	err := in.outside(ctx, func() error {
		in.run.Bus.Publish(event.Event{Type: event.StepWaiting, Step: in.path, Cause: CauseApproval, Reason: "waits for approval: " + a.Message})
		select {
		case <-in.run.asking:
			defer func() { in.run.asking <- struct{}{} }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		var err error
		granted, err = in.run.Approve(ctx, a)
		return err
	})
	switch {
	case ctx.Err() != nil:
		return cancelledBy(ctx), false
	case err != nil:
		return failed(CauseDenied, "approval could not be asked for: "+err.Error()), false
	case !granted:
		return failed(CauseDenied, "approval was denied: "+a.Message), false
	}
	return ending{}, true
}
