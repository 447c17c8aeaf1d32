package event

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What a script reads is there even where it is empty.
func TestJSON(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	zero := 0
	tests := []struct {
		name string
		e    Event
		want string
	}{
		{"an empty line", Event{Type: StepOutput, Step: "a", Attempt: 1, Stream: Stdout}, `"type":"step.output","step":"a","attempt":1,"stream":"stdout","text":""`},
		{"no HTML escapes", Event{Type: StepOutput, Text: "<&>", Partial: true}, `"type":"step.output","partial":true,"text":"<&>"`},
		{"no instances", Event{Type: StepFanout, Step: "a"}, `"type":"step.fanout","step":"a","instances":0`},
		{"no time at all", Event{Type: StepFinished, Step: "a", Attempt: 1, ExitCode: &zero}, `"type":"step.finished","step":"a","attempt":1,"exit_code":0,"seconds":0`},
		{"never started", Event{Type: StepFinished, Step: "a", Outcome: "skipped"}, `"type":"step.finished","step":"a","outcome":"skipped"`},
		{"no text", Event{Type: StepReady, Step: "a"}, `"type":"step.ready","step":"a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			tt.e.Time, tt.e.Run = at, "r"
			JSON(&b)(tt.e)
			want := `{"time":"2026-01-02T03:04:05Z","run":"r",` + tt.want + "}\n"
			if diff := cmp.Diff(want, b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
