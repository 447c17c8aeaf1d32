package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"sync"
	"time"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/audit"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
)

// The words of the audit log.
const (
	wasApproved = "approved"
	wasDenied   = "denied"
	wasAssumed  = "assumed"
	wentOn      = "resumed anyway"
)

// What a decision is bound to, besides run and step.
const (
	boundPlan = "plan"
	boundTree = "tree"
	boundArgs = "arguments"
)

// audited is the audit log of a store.
func audited(dir string) *audit.Log { return audit.Open(dir, journal.Anchors{Dir: dir}) }

// whoami is user@host.
func (a *app) whoami() string {
	name := a.getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return cmp.Or(name, "unknown") + "@" + host
}

// askedFor is what a step asks, as it is written down for whoever answers later.
type askedFor struct {
	Step    string                     `json:"step"`
	Message string                     `json:"message"`
	Args    map[string]json.RawMessage `json:"args"`
	Bound   map[string]string          `json:"bound"`
}

// decisions are what people said about the approvals of one run.
type decisions struct {
	app  *app
	x    *execution
	plan string // digest
	yes  []string
	mask event.Masker
	ask  func(context.Context, engine.Approval) (engine.Answer, error) // nil where nobody can be asked
	told sync.Map                                                      // steps of which a void decision was told
	bus  *event.Bus
}

// bind says what an answer to a question holds for.
func (d *decisions) bind(ctx context.Context, q engine.Approval) (map[string]string, error) {
	tree, err := d.x.facts.TreeDigest(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]string{boundPlan: d.plan, boundTree: tree, boundArgs: q.Digest}, nil
}

// decided finds the answer that was given already, to exactly this question.
func (d *decisions) decided(ctx context.Context, q engine.Approval) (engine.Answer, error) {
	bound, err := d.bind(ctx, q)
	if err != nil {
		return engine.Answer{}, err
	}
	if slices.Contains(d.yes, q.Step) || slices.Contains(d.yes, withoutNumbers(q.Step)) {
		err := d.record(wasApproved, q.Step, "given with --yes", bound)
		return engine.Answer{Outcome: engine.Granted}, err
	}
	last, err := d.last(q.Step)
	if err != nil || last == nil {
		return engine.Answer{}, errors.Join(err, d.leave(q, bound))
	}
	if changed := differing(last.Bound, bound); len(changed) > 0 {
		d.tellVoid(q, last, changed)
		return engine.Answer{}, d.leave(q, bound)
	}
	if last.What == wasDenied {
		return engine.Answer{Outcome: engine.Denied, Reason: denial(last)}, nil
	}
	return engine.Answer{Outcome: engine.Granted}, nil
}

func denial(e *audit.Entry) string {
	text := "approval was denied by " + e.Who
	if e.Comment != "" {
		text += ": " + e.Comment
	}
	return text
}

// last is the latest word on a step of this run. A line that is not as it was written is nobody's word.
func (d *decisions) last(step string) (*audit.Entry, error) {
	list, from, err := audited(d.x.place.Dir()).Proven()
	if err != nil {
		return nil, err
	}
	for i, e := range slices.Backward(list) {
		if e.Run != d.x.id || e.Step != step || e.What != wasApproved && e.What != wasDenied {
			continue
		}
		if i >= from {
			return &e, nil
		}
		if _, told := d.told.LoadOrStore(step, true); !told {
			d.bus.Publish(event.Event{Type: event.Notice, Step: step, Text: fmt.Sprintf(
				"what the audit log says of %s is void: the log was changed since; `pipe audit verify` says where", step)})
		}
		break
	}
	return nil, nil
}

// differing names what is no longer what it was.
func differing(was, is map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if was[name] != is[name] {
			out = append(out, name)
		}
	}
	return out
}

var boundTo = map[string]string{boundPlan: "the plan", boundTree: "the files of the repository", boundArgs: "the arguments"}

// tellVoid says why an answer does not hold any more, once.
func (d *decisions) tellVoid(q engine.Approval, last *audit.Entry, changed []string) {
	if _, told := d.told.LoadOrStore(q.Step, true); told {
		return
	}
	for i, name := range changed {
		changed[i] = boundTo[name]
	}
	d.bus.Publish(event.Event{Type: event.Notice, Step: q.Step, Text: fmt.Sprintf("what %s said of %s (%s, %s) is void: %s changed since",
		last.Who, q.Step, last.What, last.Time.Local().Format(dayAndTime), list(changed))})
}

// approve asks whoever sits at the terminal.
func (d *decisions) approve(ctx context.Context, q engine.Approval) (engine.Answer, error) {
	bound, err := d.bind(ctx, q)
	if err != nil {
		return engine.Answer{}, err
	}
	answer, err := d.ask(ctx, q)
	if err != nil {
		return answer, err
	}
	what := wasDenied
	if answer.Outcome == engine.Granted {
		what = wasApproved
	}
	return answer, d.record(what, q.Step, "", bound)
}

// leave writes the question down.
func (d *decisions) leave(q engine.Approval, bound map[string]string) error {
	asked := askedFor{Step: q.Step, Message: d.mask.Mask(q.Message), Args: map[string]json.RawMessage{}, Bound: bound}
	for name, v := range q.Args {
		raw, err := value.Marshal(v)
		if err != nil {
			return err
		}
		if masked := d.mask.Mask(string(raw)); json.Valid([]byte(masked)) {
			asked.Args[name] = json.RawMessage(masked)
		} else {
			asked.Args[name] = json.RawMessage(`"***"`)
		}
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	d.x.written.Attach(attachedQuestion+q.Step, text)
	return nil
}

func (d *decisions) record(what, step, comment string, bound map[string]string) error {
	return d.app.record(d.x.place.Dir(), what, d.x.id, step, comment, bound)
}

// record puts a person's word into the audit log.
func (a *app) record(dir, what, run, step, comment string, bound map[string]string) error {
	err := audited(dir).Append(audit.Entry{Time: time.Now().UTC().Truncate(time.Microsecond), Who: a.whoami(), What: what, Run: run, Step: step,
		Comment: a.masker.Mask(comment), Bound: bound})
	if err != nil {
		return fmt.Errorf("the audit log cannot be written: %w", err)
	}
	return nil
}
