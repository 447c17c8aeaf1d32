package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/secret"
)

func (a *app) approveCommand() *cobra.Command {
	var deny bool
	var comment string
	cmd := &cobra.Command{
		Use:   "approve RUN STEP",
		Short: "Answer a step that waits for approval",
		Long: "Shows what a step of a waiting run asks, with the arguments that the answer holds for, and writes the answer down. `pipe resume RUN`\n" +
			"then goes on. The answer is void once the plan, the files of the repository or the arguments are others. On a terminal it asks first.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("the form is pipe approve RUN STEP", "approve takes a run and a step, not %d arguments", len(args))
			}
			return a.withJournal(func(r *journal.Reader) error { return a.answer(cmd.Context(), r, args[0], args[1], deny, comment) })
		},
	}
	cmd.Flags().BoolVar(&deny, "deny", false, "say no: the step fails when the run is resumed")
	cmd.Flags().StringVar(&comment, "comment", "", "a `text` for the audit log, and the reason of a refusal")
	return cmd
}

// answer writes a person's answer down.
func (a *app) answer(ctx context.Context, r *journal.Reader, word, step string, deny bool, comment string) error {
	run, err := a.findRun(ctx, r, word)
	if err != nil {
		return err
	}
	asked, err := a.askedOf(ctx, r, run, step)
	if err != nil {
		return err
	}
	q := engine.Approval{Step: asked.Step, Message: asked.Message, Args: map[string]value.Value{}}
	for name, raw := range asked.Args {
		if q.Args[name], err = value.Unmarshal(types.JSONType, raw); err != nil {
			return err
		}
	}
	granted, err := a.confirm(q, deny)
	if err != nil {
		return err
	}
	what := wasApproved
	if deny || !granted {
		what = wasDenied
	}
	place, err := a.store(secret.NewSealer(a.getenv))
	if err != nil {
		return err
	}
	if err := a.record(place.Dir(), what, run.ID, asked.Step, comment, asked.Bound); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Out, "%s is %s by %s; pipe resume %s goes on\n", asked.Step, what, a.whoami(), run.ID)
	return err
}

// askedOf finds what a step asks that waits.
func (a *app) askedOf(ctx context.Context, r *journal.Reader, run journal.Run, step string) (askedFor, error) {
	var out askedFor
	if run.Under() {
		return out, usagef("it ends by itself where nobody answers", "run %s is under way, and asks at its own terminal", run.ID)
	}
	steps, err := r.Steps(ctx, run)
	if err != nil {
		return out, err
	}
	if err := hasStep(step, run, steps); err != nil {
		return out, err
	}
	attached, err := r.Attached(ctx, run.ID)
	if err != nil {
		return out, fmt.Errorf("read the journal: %w", err)
	}
	var waiting []string
	for _, s := range steps {
		if _, asked := attached[attachedQuestion+s.Path]; asked && s.Ended.IsZero() && s.Cause == engine.CauseApproval {
			waiting = append(waiting, s.Path)
		}
	}
	if !slices.Contains(waiting, step) {
		return out, usagef("those that do: "+list(waiting), "step %s of run %s does not wait for approval", step, run.ID)
	}
	return out, json.Unmarshal(attached[attachedQuestion+step], &out)
}

// confirm shows the question, and asks it on a terminal.
func (a *app) confirm(q engine.Approval, deny bool) (bool, error) {
	text := strings.TrimPrefix(question(q, a.masker), "\n")
	if deny || !a.Answers || !a.Terminal {
		_, err := fmt.Fprint(a.Out, strings.TrimSuffix(text, asking))
		return true, err
	}
	if _, err := fmt.Fprint(a.Out, text); err != nil {
		return false, err
	}
	in := bufio.NewScanner(a.In)
	in.Scan()
	return isYes(in.Text()), in.Err()
}
