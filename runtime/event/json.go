package event

import (
	"encoding/json"
	"io"
)

// JSON gives a sink that writes one event a line. Fields that do not apply are left out; the text
// of an output, the number of instances and the duration of an attempt are there when they are
// empty or zero, too. What w cannot take is lost.
func JSON(w io.Writer) Sink {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return func(e Event) { _ = enc.Encode(line(e)) }
}

// line is an event with the fields that its type always has.
func line(e Event) any {
	switch {
	case e.Type == StepOutput || e.Type == Notice:
		return struct {
			Event
			Text string `json:"text"`
		}{e, e.Text}
	case e.Type == StepFanout:
		return struct {
			Event
			Instances int `json:"instances"`
		}{e, e.Instances}
	case e.Type == RunFinished || e.Type == StepFinished && e.Attempt > 0:
		return struct {
			Event
			Seconds float64 `json:"seconds"`
		}{e, e.Seconds}
	}
	return e
}
