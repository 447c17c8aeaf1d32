package event

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"
)

// What is written fast is what encoding/json writes, whatever stands in the fields.
func TestAppendJSONIsWhatThePackageWrites(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		e := anyEvent(random)
		want, wantErr := json.Marshal(e)
		got, err := AppendJSON([]byte("x"), &e)
		if (err == nil) != (wantErr == nil) || err == nil && string(got) != "x"+string(want) {
			t.Fatalf("got %s, %v\nwant %s, %v", got, err, want, wantErr)
		}
		if e.Cached == nil {
			continue
		}
		want, wantErr = json.Marshal(e.Cached)
		got, err = AppendOrigin(nil, e.Cached)
		if (err == nil) != (wantErr == nil) || err == nil && string(got) != string(want) {
			t.Fatalf("got %s, %v\nwant %s, %v", got, err, want, wantErr)
		}
	}
}

func anyEvent(random *rand.Rand) Event {
	texts := []string{"", "", "", "build", "a[3]/b", "failed", `"quoted"`, "a<b>&c", "new\nline", "über", "\u2028", "\xff", "back\\slash", "\x7f"}
	text := func() string { return texts[random.IntN(len(texts))] }
	seldom := func() bool { return random.IntN(10) == 0 }
	zones := []*time.Location{time.UTC, time.FixedZone("", 5400), time.FixedZone("", -3601), time.FixedZone("", 24*3600)}
	at := func() time.Time {
		moment := time.Unix(random.Int64N(1<<34), random.Int64N(1e9)).In(zones[random.IntN(len(zones))])
		if seldom() {
			return moment.AddDate(9000, 0, 0)
		}
		return moment
	}
	numbers := []float64{0, 1, 0.25, 1e-7, 1e-6, 1.5e20, 1e21, -3, 0.1 + 0.2}
	e := Event{Time: at(), Run: text(), Type: Type(text()), Step: text(), Attempt: random.IntN(3), Outcome: text(), Reason: text(), Cause: text(), Seconds: numbers[random.IntN(len(numbers))]}
	if code := random.IntN(3); code > 0 {
		e.ExitCode = &code
	}
	if random.IntN(3) == 0 {
		e.Cached = &Origin{Run: text(), Time: at()}
	}
	if seldom() {
		e.Text, e.Section, e.Stream, e.Partial = text(), text(), Stream(text()), seldom()
	}
	if seldom() {
		e.Value, e.Instances, e.Allowed, e.Reset = json.RawMessage(`{ "a": "<" }`), random.IntN(2), seldom(), []string{text()}
	}
	if seldom() {
		e.Pipeline, e.Plan, e.Context, e.Failed = text(), text(), text(), text()
	}
	return e
}
