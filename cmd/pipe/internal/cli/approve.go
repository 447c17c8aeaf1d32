package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
)

// asker is what shows a run: while it asks it writes nothing else.
type asker interface {
	Ask(question string) error
	Answered(typed bool)
	// Typed says that a person ended a line while nothing was asked.
	Typed()
}

// approver asks on the terminal; nil where nobody can answer. The question is no event, so it
// is masked here.
func (a *app) approver(format string, out asker, mask event.Masker) func(context.Context, engine.Approval) (engine.Answer, error) {
	if !a.Answers || !a.Terminal || format != "text" {
		return nil
	}
	typed := answersFrom(a.In, out.Typed)
	return func(ctx context.Context, q engine.Approval) (engine.Answer, error) {
		lines, over := typed.next() // before it is asked: who sees the question may answer at once
		defer over()
		if err := out.Ask(question(q, mask)); err != nil {
			return engine.Answer{}, err
		}
		select {
		case answer := <-lines:
			out.Answered(true)
			if isYes(answer) {
				return engine.Answer{Outcome: engine.Granted}, nil
			}
			return engine.Answer{Outcome: engine.Denied}, nil
		case <-ctx.Done():
			out.Answered(false)
			return engine.Answer{}, ctx.Err()
		}
	}
}

// isYes is the one answer that grants.
func isYes(answer string) bool {
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// asking ends a question.
const asking = "Approve? [y/N] "

// maxShown is how many bytes of a text a question shows: more would push it off the screen.
const maxShown = 2 << 10

// shown is a text that a stranger may have written, on one line that cannot pass for another.
func shown(s string) string {
	if len(s) <= maxShown {
		return ui.Line(s)
	}
	return ui.Line(strings.ToValidUTF8(s[:maxShown], "")) + fmt.Sprintf("… (%d bytes more)", len(s)-maxShown)
}

// question shows what is asked, with the arguments that an approval is bound to.
func question(q engine.Approval, mask event.Masker) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s asks: %s\n", q.Step, shown(mask.Mask(q.Message)))
	for _, name := range slices.Sorted(maps.Keys(q.Args)) {
		if raw, err := value.Marshal(q.Args[name]); err == nil {
			fmt.Fprintf(&b, "  %s = %s\n", name, shown(mask.Mask(string(raw))))
		}
	}
	b.WriteString(asking)
	return b.String()
}
