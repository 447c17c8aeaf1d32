package summary

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Report is a TestReport in the result of a step.
type Report struct {
	// Field is where it stands in the result: "report", "all.unit", "" for the result itself.
	Field    string    `json:"-"`
	Passed   int       `json:"passed"`
	Failed   int       `json:"failed"`
	Errors   int       `json:"errors"`
	Skipped  int       `json:"skipped"`
	Flaky    int       `json:"flaky"`
	Total    int       `json:"total"`
	Failures []Failure `json:"failures"`
}

// Failure is a test that did not pass. File is "" and Line 0 where the report does not say.
type Failure struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// ReportsIn finds the reports in a result, by their shape: events carry no types.
func ReportsIn(result json.RawMessage) []Report {
	if !bytes.Contains(result, []byte(`"failures"`)) {
		return nil
	}
	var out []Report
	findReports(result, "", &out)
	return out
}

func findReports(raw json.RawMessage, field string, out *[]Report) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			for _, one := range list {
				findReports(one, field, out)
			}
		}
		return
	}
	if isReport(fields) {
		r := Report{Field: field}
		if json.Unmarshal(raw, &r) == nil {
			*out = append(*out, r)
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		below := name
		if field != "" {
			below = field + "." + name
		}
		findReports(fields[name], below, out)
	}
}

func isReport(fields map[string]json.RawMessage) bool {
	for _, name := range []string{"passed", "failed", "errors", "skipped", "flaky", "total", "failures"} {
		if _, ok := fields[name]; !ok {
			return false
		}
	}
	return true
}

// keptIn are the paths of a step's kept files; anything else holds none.
func keptIn(value json.RawMessage) []string {
	var paths []string
	_ = json.Unmarshal(value, &paths) // the event is the engine's own
	return paths
}
