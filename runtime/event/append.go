package event

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// AppendJSON adds an event as encoding/json writes it, byte for byte. Most events of a run are of a few
// plain fields, which this writes in a fraction of the time.
func AppendJSON(to []byte, e *Event) ([]byte, error) {
	if !isPlain(e) {
		raw, err := json.Marshal(e)
		return append(to, raw...), err
	}
	to = appendTime(append(to, `{"time":`...), e.Time)
	to = appendText(append(to, `,"run":`...), e.Run)
	to = appendText(append(to, `,"type":`...), string(e.Type))
	to = appendField(to, "step", e.Step)
	if e.Attempt != 0 {
		to = strconv.AppendInt(append(to, `,"attempt":`...), int64(e.Attempt), 10)
	}
	to = appendField(to, "outcome", e.Outcome)
	to = appendField(to, "reason", e.Reason)
	to = appendField(to, "cause", e.Cause)
	if e.ExitCode != nil {
		to = strconv.AppendInt(append(to, `,"exit_code":`...), int64(*e.ExitCode), 10)
	}
	if e.Seconds != 0 {
		to = strconv.AppendFloat(append(to, `,"seconds":`...), e.Seconds, 'f', -1, 64)
	}
	if e.Cached != nil {
		to = appendOrigin(append(to, `,"cached":`...), e.Cached)
	}
	return append(to, '}'), nil
}

// AppendOrigin adds an origin as encoding/json writes it.
func AppendOrigin(to []byte, o *Origin) ([]byte, error) {
	if !isPlainOrigin(o) {
		raw, err := json.Marshal(o)
		return append(to, raw...), err
	}
	return appendOrigin(to, o), nil
}

func appendOrigin(to []byte, o *Origin) []byte {
	to = appendText(append(to, `{"run":`...), o.Run)
	return append(appendTime(append(to, `,"time":`...), o.Time), '}')
}

func isPlainOrigin(o *Origin) bool { return isUsualTime(o.Time) && !needsEscape(o.Run) }

// isPlain says that an event has none of the fields that few have, and nothing that has to be escaped.
func isPlain(e *Event) bool {
	rare := e.Stream != "" || e.Section != "" || e.Text != "" || e.Partial || e.Allowed || e.Value != nil ||
		e.Pipeline != "" || e.Plan != "" || e.Context != "" || e.Instances != 0 || e.Failed != "" || e.Reset != nil
	if rare || !isUsualTime(e.Time) || !isUsualNumber(e.Seconds) {
		return false
	}
	if e.Cached != nil && !isPlainOrigin(e.Cached) {
		return false
	}
	for _, s := range [...]string{e.Run, string(e.Type), e.Step, e.Outcome, e.Reason, e.Cause} {
		if needsEscape(s) {
			return false
		}
	}
	return true
}

// isUsualTime says that a time has a year of four digits and a zone of whole minutes below a day.
func isUsualTime(t time.Time) bool {
	_, zone := t.Zone()
	return t.Year() >= 0 && t.Year() <= 9999 && zone%60 == 0 && zone > -24*3600 && zone < 24*3600
}

// isUsualNumber says that a number is written without an exponent.
func isUsualNumber(f float64) bool {
	size := math.Abs(f)
	return size == 0 || size >= 1e-6 && size < 1e21
}

// needsEscape is true of all that encoding/json may write in another way, and of what is not ASCII.
func needsEscape(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return true
		}
	}
	return false
}

func appendTime(to []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(to, '"'), time.RFC3339Nano), '"')
}

func appendText(to []byte, s string) []byte { return append(append(append(to, '"'), s...), '"') }

func appendField(to []byte, name, s string) []byte {
	if s == "" {
		return to
	}
	return appendText(append(append(append(to, `,"`...), name...), `":`...), s)
}
