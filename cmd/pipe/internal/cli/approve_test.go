package cli

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/engine"
)

// quick is a person who has answered before the question is over.
type quick struct{ types io.Writer }

func (q quick) Ask(string) error {
	for _, line := range []string{"y\n", "n\n"} { // the second is read when the first has been handed on
		if _, err := io.WriteString(q.types, line); err != nil {
			return err
		}
	}
	return nil
}

func (quick) Answered(bool) {}
func (quick) Typed()        {}

// plain knows no secret.
type plain struct{}

func (plain) Mask(s string) string { return s }

func TestAnswerThatComesWithTheQuestion(t *testing.T) {
	in, types := io.Pipe()
	defer types.Close()
	ask := (&app{Environment: Environment{In: in, Answers: true, Terminal: true}}).approver("text", quick{types}, plain{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := ask(ctx, engine.Approval{Step: "ship"}); err != nil || got.Outcome != engine.Granted {
		t.Errorf("got %+v, %v", got, err)
	}
}
