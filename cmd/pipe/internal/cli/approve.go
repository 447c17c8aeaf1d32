package cli

import (
	"bufio"
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

// approver asks on the terminal; nil where nobody can answer. The question is no event, so it
// is masked here.
func (a *app) approver(format string, mask event.Masker) func(context.Context, engine.Approval) (bool, error) {
	if !a.Answers || !a.Terminal || format != "text" {
		return nil
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(a.In); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return func(ctx context.Context, q engine.Approval) (bool, error) {
		fmt.Fprintf(a.Out, "\n%s asks: %s\n", q.Step, mask.Mask(q.Message))
		for _, name := range slices.Sorted(maps.Keys(q.Args)) {
			if raw, err := value.Marshal(q.Args[name]); err == nil {
				fmt.Fprintf(a.Out, "  %s = %s\n", name, mask.Mask(string(raw)))
			}
		}
		fmt.Fprint(a.Out, "Approve? [y/N] ")
		if soon, ok := a.Out.(*ui.Lazy); ok {
			if err := soon.Flush(); err != nil {
				return false, err
			}
		}
		select {
		case answer := <-lines:
			answer = strings.ToLower(strings.TrimSpace(answer))
			return answer == "y" || answer == "yes", nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
