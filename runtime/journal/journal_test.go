package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pipelang/pipe/runtime/event"
)

// plain hides nothing.
type plain struct{}

func (plain) Mask(s string) string { return s }

func TestMain(m *testing.M) {
	if dir := os.Getenv("JOURNAL_TEST_DIR"); dir != "" {
		writeUntilKilled(dir, os.Getenv("JOURNAL_TEST_RUN"))
	}
	os.Exit(m.Run())
}

// writeUntilKilled is a run whose steps write numbered lines; with JOURNAL_TEST_ROUNDS it ends after so many.
func writeUntilKilled(dir, run string) {
	rounds := 1 << 30
	fmt.Sscan(os.Getenv("JOURNAL_TEST_ROUNDS"), &rounds)
	j := Start(dir, infoOf(run), Limits{})
	bus := event.NewBus(run, plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
	for i := range rounds {
		step(bus, fmt.Sprintf("s%d", i), 40)
	}
	bus.Publish(event.Event{Type: event.RunFinished, Outcome: "succeeded"})
	if err := j.Leave(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func infoOf(run string) Info {
	return Info{ID: run, Pipeline: "main", Root: "/r", Started: time.Now(), Steps: []string{"b", "a"}}
}

// step publishes a step that writes lines.
func step(bus *event.Bus, path string, lines int) {
	bus.Publish(event.Event{Type: event.StepStarted, Step: path, Attempt: 1})
	out := bus.Lines(path, 1)
	for i := range lines {
		out.Write(event.Stdout, "", fmt.Appendf(nil, "line %d of %s\n", i, path))
	}
	out.Flush()
	bus.Publish(event.Event{Type: event.StepFinished, Step: path, Attempt: 1, Outcome: "succeeded", Duration: time.Millisecond})
}

func never(string) bool  { return false }
func always(string) bool { return true }

func reader(t *testing.T, dir string, alive func(string) bool) *Reader {
	t.Helper()
	r, err := Open(dir, alive)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func replayed(t *testing.T, r *Reader, run string) []event.Event {
	t.Helper()
	var out []event.Event
	if err := r.Replay(context.Background(), run, false, func(e event.Event) { out = append(out, e) }); err != nil {
		t.Fatal(err)
	}
	return out
}

// wellKnown lets times differ by what the log file does not keep.
func wellKnown(a, b time.Time) bool { return a.Sub(b).Abs() < time.Millisecond }

func TestReplayGivesWhatWasPublished(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{})
	var want []event.Event
	bus := event.NewBus("1", plain{}, j.Sink, func(e event.Event) { want = append(want, e) })
	code := 3
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main", Plan: "sha256:1"})
	bus.Publish(event.Event{Type: event.StepFanout, Step: "a", Instances: 2})
	a, b := bus.Lines("a[0]", 1), bus.Lines("a/b", 2)
	for i := range 30 {
		a.Write(event.Stdout, "first", fmt.Appendf(nil, "a %d\n", i))
		b.Write(event.Stderr, "se\"cond", fmt.Appendf(nil, " b \x1b[31m%d\n\n", i))
	}
	a.Write(event.Stdout, "first", []byte(strings.Repeat("x", 100<<10)))
	bus.Publish(event.Event{Type: event.StepAttempt, Step: "a[0]", Attempt: 2, Reason: "exit 3"})
	a.Flush()
	b.Flush()
	bus.Publish(event.Event{Type: event.StepFinished, Step: "a[0]", Attempt: 2, Outcome: "failed", ExitCode: &code, Value: []byte(`{"n":1}`)})
	bus.Publish(event.Event{Type: event.RunFinished, Outcome: "failed", Reason: "a failed", Duration: time.Second})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, dir, never)
	if diff := cmp.Diff(want, replayed(t, r, "1"), cmp.Comparer(wellKnown)); diff != "" {
		t.Error(diff)
	}
	runs, err := r.Runs(context.Background(), Filter{Root: "/r"})
	if err != nil || len(runs) != 1 || runs[0].Status != "failed" || runs[0].Reason != "a failed" || runs[0].Plan != "sha256:1" {
		t.Errorf("%+v, %v", runs, err)
	}
}

func TestStepsAreInTheOrderOfThePlan(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	for _, path := range []string{"a[10]", "a[2]", "a", "b"} {
		step(bus, path, 1)
	}
	bus.Publish(event.Event{Type: event.StepStarted, Step: "z", Attempt: 1})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for status, alive := range map[string]func(string) bool{Interrupted: never, Running: always} {
		r := reader(t, dir, alive)
		runs, err := r.Runs(context.Background(), Filter{})
		if err != nil || len(runs) != 1 || runs[0].Status != status {
			t.Fatalf("%+v, %v", runs, err)
		}
		steps, err := r.Steps(context.Background(), runs[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range steps {
			got = append(got, s.Path+" "+s.Status)
		}
		if diff := cmp.Diff([]string{"b succeeded", "a succeeded", "a[2] succeeded", "a[10] succeeded", "z " + status}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestFollowEndsWithTheRun(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	step(bus, "a", 3)
	r := reader(t, dir, always)
	for runs, err := r.Runs(context.Background(), Filter{}); len(runs) == 0; runs, err = r.Runs(context.Background(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.db == nil {
			r = reader(t, dir, always)
		}
		time.Sleep(time.Millisecond)
	}
	seen, done := make(chan event.Event, 1000), make(chan error, 1)
	go func() { done <- r.Replay(context.Background(), "1", true, func(e event.Event) { seen <- e }) }()
	for range 6 {
		<-seen // what was there before the rest is published
	}
	step(bus, "b", 2)
	bus.Publish(event.Event{Type: event.RunFinished, Outcome: "succeeded"})
	if err := errors.Join(j.Close(), <-done); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 5 {
		t.Errorf("%d further events, want 5", len(seen))
	}
}

func TestOutputOverTheCapIsCounted(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{LogBytes: 1 << 20})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	step(bus, "a", 100_000)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	lines, notice := 0, ""
	for _, e := range replayed(t, reader(t, dir, never), "1") {
		if e.Type == event.StepOutput {
			lines++
		}
		if e.Type == event.Notice {
			notice = e.Text
		}
	}
	if want := fmt.Sprintf("the last %d lines", 100_000-lines); lines < 40_000 || lines > 70_000 || !strings.Contains(notice, want) {
		t.Errorf("%d lines, notice %q", lines, notice)
	}
}

func TestTornTailIsCut(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	step(bus, "a", 20)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "runs", "1", "logs", "a.1.log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := reader(t, dir, never)
	for n := len(whole); n >= 0; n-- {
		if err := os.WriteFile(path, append(whole[:n:n], "\x00\x00\x00"...), 0o600); err != nil {
			t.Fatal(err)
		}
		want := max(strings.Count(string(whole[:n]), "\n")-1, 0)
		got := 0
		for _, e := range replayed(t, r, "1") {
			if e.Type == event.StepOutput {
				if e.Text != fmt.Sprintf("line %d of a", got) {
					t.Fatalf("cut at %d: line %d is %q", n, got, e.Text)
				}
				got++
			}
		}
		if got != want {
			t.Fatalf("cut at %d: %d lines, want %d", n, got, want)
		}
	}
}

func TestDiskThatCannotBeWrittenLosesNoRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "runs"), nil, 0o600); err != nil { // no folder for logs
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, file), 0o700); err != nil { // no database
		t.Fatal(err)
	}
	j := Start(dir, infoOf("1"), Limits{})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	step(bus, "a", 500_000) // more than may wait
	err := j.Close()
	if err == nil || !strings.Contains(err.Error(), "the log cannot be written") || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
}

// child starts this test as a process that writes a journal.
func child(t *testing.T, dir, run string, rounds int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "JOURNAL_TEST_DIR="+dir, "JOURNAL_TEST_RUN="+run, fmt.Sprintf("JOURNAL_TEST_ROUNDS=%d", rounds))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestHits: a hit's row says what those of others say, whether it is of the kind that is written by fewer values or not.
func TestHits(t *testing.T) {
	dir, from := t.TempDir(), &event.Origin{Run: "before", Time: time.Unix(7, 0).UTC()}
	j := Start(dir, infoOf("run"), Limits{})
	bus := event.NewBus("run", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
	zero := 0
	for _, e := range []event.Event{
		{Step: "b", Outcome: "succeeded", Cached: from, ExitCode: &zero},
		{Step: "a", Outcome: "succeeded", Cached: from, ExitCode: &zero, Value: json.RawMessage("3")},
		{Step: "c", Outcome: "skipped", Cause: "guard-false"},
		{Step: "d", Outcome: "cancelled"},
	} {
		e.Type = event.StepFinished
		bus.Publish(e)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, dir, never)
	got, err := r.Steps(context.Background(), Run{Info: infoOf("run")})
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{Path: "b", Status: "succeeded", ExitCode: &zero, Cached: from, First: 1},
		{Path: "a", Status: "succeeded", ExitCode: &zero, Cached: from, First: 1, Result: json.RawMessage("3")},
		{Path: "c", Status: "skipped", Cause: "guard-false", First: 1},
		{Path: "d", Status: "cancelled", First: 1},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Step{}), cmpopts.IgnoreFields(Step{}, "Ended")); d != "" {
		t.Error(d)
	}
	for i, s := range got {
		if s.Ended.IsZero() || s.seq != int64(2+i) {
			t.Errorf("%s ended %v, number %d", s.Path, s.Ended, s.seq)
		}
	}
}

// TestWhatIsLeftIsThere: what processes left in SQLite's log is there for those that come later, and whoever closes
// the database takes it over.
func TestWhatIsLeftIsThere(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, file+"-wal")
	var left int64
	for i := range 3 {
		if err := child(t, dir, fmt.Sprintf("run-%d", i), 2).Wait(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(log)
		if err != nil || info.Size() <= left {
			t.Fatalf("the log is not left: %+v, %v", info, err)
		}
		left = info.Size()
	}
	r := reader(t, dir, never)
	for i := range 3 {
		if got := replayed(t, r, fmt.Sprintf("run-%d", i)); len(got) != 2+2*42 || got[len(got)-1].Type != event.RunFinished {
			t.Errorf("run %d has %d events", i, len(got))
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(log); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is still there: %+v, %v", info, err)
	}
}

func TestTwentyProcessesStartAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all []*exec.Cmd
	for i := range 20 {
		all = append(all, child(t, dir, fmt.Sprintf("run-%02d", i), 20))
	}
	for i, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
	r := reader(t, dir, never)
	runs, err := r.Runs(context.Background(), Filter{})
	if err != nil || len(runs) != 20 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	for _, run := range runs {
		if n := len(replayed(t, r, run.ID)); run.Status != "succeeded" || n != 2+20*42 {
			t.Errorf("run %s %s with %d events", run.ID, run.Status, n)
		}
	}
}

func TestKilledRunIsGapless(t *testing.T) {
	dir := t.TempDir()
	events := 0
	for i := range 20 {
		run := fmt.Sprintf("run-%02d", i)
		cmd := child(t, dir, run, 1<<30)
		reached := written
		if i%4 == 3 {
			reached = committed // on a busy machine the others are killed before that
		}
		for until := time.Now().Add(time.Minute); !reached(dir, run) && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration((i*37)%200) * time.Millisecond) // any moment will do
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		events += gapless(t, dir, run)
	}
	if events < 20 {
		t.Errorf("%d events in all: nothing was written before the kills", events)
	}
}

// written reports whether a run has begun to write.
func written(dir, run string) bool {
	logs, err := os.ReadDir(filepath.Join(dir, "runs", run, "logs"))
	return err == nil && len(logs) > 0
}

// committed reports whether a run has an event in the database.
func committed(dir, run string) bool {
	r, err := Open(dir, never)
	if err != nil || r.db == nil {
		return false
	}
	defer r.Close()
	var last int64
	err = r.db.QueryRow("SELECT coalesce(max(seq), 0) FROM events WHERE run = ?", run).Scan(&last)
	return err == nil && last > 0
}

// gapless checks that every number up to the last recorded event is there, and gives it.
func gapless(t *testing.T, dir, run string) int {
	t.Helper()
	r := reader(t, dir, never)
	p := &replay{Reader: r, run: run, known: map[string]bool{}}
	if r.db == nil {
		return 0
	}
	var last int64
	if err := r.db.QueryRow("SELECT coalesce(max(seq), 0) FROM events WHERE run = ?", run).Scan(&last); err != nil {
		t.Fatal(err)
	}
	if err := p.refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	// Without all, nothing behind a gap is handed on.
	if err := p.deliver(context.Background(), false, func(event.Event) {}); err != nil {
		t.Fatal(err)
	}
	if p.last < last {
		t.Errorf("run %s: number %d is missing, the last is %d", run, p.last+1, last)
	}
	return int(last)
}

func TestOldRunsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	long := time.Now().Add(-40 * 24 * time.Hour)
	var forgotten []string
	for i := range 5 {
		info := infoOf(fmt.Sprint(i))
		info.Started = long.Add(time.Duration(i) * time.Minute)
		if i == 4 {
			info.Started = time.Now()
		}
		j := Start(dir, info, Limits{Runs: 2, Forget: func(run string) { forgotten = append(forgotten, run) }})
		bus := event.NewBus(info.ID, plain{}, j.Sink)
		bus.Publish(event.Event{Type: event.RunStarted})
		step(bus, "a", 1)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(forgotten)
	if diff := cmp.Diff([]string{"0", "1"}, forgotten); diff != "" {
		t.Error(diff)
	}
	runs, err := reader(t, dir, never).Runs(context.Background(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, run := range runs {
		ids = append(ids, run.ID)
	}
	if diff := cmp.Diff([]string{"4", "3", "2"}, ids); diff != "" {
		t.Error(diff)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "runs", "*")); len(left) != 3 {
		t.Errorf("folders %v", left)
	}
}

// What was done must be written down soon; what was found again is found again.
func TestOnlyWorkIsUrgent(t *testing.T) {
	for _, c := range []struct {
		e    event.Event
		want bool
	}{
		{event.Event{Type: event.StepFinished}, true},
		{event.Event{Type: event.StepFinished, Cached: &event.Origin{Run: "r"}}, false},
		{event.Event{Type: event.RunFinished}, true},
		{event.Event{Type: event.StepReady}, false},
	} {
		if got := urgent(&c.e); got != c.want {
			t.Errorf("%s, cached %v: %v", c.e.Type, c.e.Cached != nil, got)
		}
	}
}
