package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

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
	q := Approval{Step: in.path, Message: message, Args: in.shown(args)}
	if q.Digest, err = in.argsDigest(args); err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "arguments", err), false
	}
	return in.decide(ctx, q)
}

// decide takes the answer that was given already, or asks for one.
func (in *instance) decide(ctx context.Context, q Approval) (ending, bool) {
	if in.run.Decided != nil {
		answer, err := in.run.Decided(ctx, q)
		if err != nil || answer.Outcome != Unanswered {
			return answered(ctx, q, answer, err)
		}
	}
	if in.run.Approve == nil {
		return answered(ctx, q, Answer{}, nil)
	}
	return in.ask(ctx, q)
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

// argsDigest stands for the evaluated arguments: it is another one when any of them is.
func (in *instance) argsDigest(args []local) (string, error) {
	all := value.Map{}
	secret := false
	for _, a := range args {
		all[a.name] = a.value
	}
	for _, p := range in.params() {
		secret = secret || in.run.typeOf(p.Type).DeepLabels()&types.Secret != 0
	}
	raw, err := value.Marshal(all)
	switch {
	case err != nil:
		return "", err
	case secret && in.run.Fingerprint != nil:
		return in.run.Fingerprint(raw)
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// ask waits for the answer, without a slot and after the questions that were asked before.
func (in *instance) ask(ctx context.Context, a Approval) (ending, bool) {
	var answer Answer
	err := in.outside(ctx, func() error {
		in.run.Bus.Publish(event.Event{Type: event.StepWaiting, Step: in.path, Cause: CauseApproval, Reason: "waits for approval: " + a.Message})
		select {
		case <-in.run.asking:
			defer func() { in.run.asking <- struct{}{} }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		var err error
		answer, err = in.run.Approve(ctx, a)
		return err
	})
	return answered(ctx, a, answer, err)
}

// answered is what follows from an answer.
func answered(ctx context.Context, a Approval, answer Answer, err error) (ending, bool) {
	switch {
	case ctx.Err() != nil:
		return cancelledBy(ctx), false
	case err != nil:
		return failed(CauseDenied, "approval could not be asked for: "+err.Error()), false
	case answer.Outcome == Unanswered:
		return ending{outcome: Waiting, cause: CauseApproval, reason: "waits for approval: " + a.Message}, false
	case answer.Outcome == Granted:
		return ending{}, true
	case answer.Reason != "":
		return failed(CauseDenied, answer.Reason), false
	}
	return failed(CauseDenied, "approval was denied: "+a.Message), false
}
