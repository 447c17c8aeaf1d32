package journal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/event"
)

// newest is a journal as the newest version of the schema has it; it is never written again once released.
var newest = fmt.Sprintf("testdata/v%d.db", len(migrations))

// TestOpensEveryVersion brings a journal of every version that ever was to the newest one.
func TestOpensEveryVersion(t *testing.T) {
	if _, err := os.Stat(newest); errors.Is(err, os.ErrNotExist) && os.Getenv("UPDATE") != "" {
		writeFixture(t)
	}
	for version := 1; version <= len(migrations); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) { opens(t, fmt.Sprintf("testdata/v%d.db", version)) })
	}
}

func opens(t *testing.T, fixture string) {
	raw, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, file), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	r := reader(t, dir, never)
	runs, err := r.Runs(context.Background(), Filter{})
	if err != nil || len(runs) != 1 || runs[0].ID != "20261123-120000-aaaaaa" || runs[0].Status != "succeeded" {
		t.Fatalf("%+v, %v", runs, err)
	}
	steps, err := r.Steps(context.Background(), runs[0])
	if err != nil || len(steps) != 1 || steps[0].Path != "a" || steps[0].Attempts != 1 || steps[0].First != 1 {
		t.Errorf("%+v, %v", steps, err)
	}
	if got := replayed(t, r, runs[0].ID); len(got) != 4 || got[0].Type != event.RunStarted {
		t.Errorf("%+v", got)
	}
	if p, err := r.Past(context.Background(), runs[0], false); err != nil || p.last != 4 {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestWhatIsAttachedComesAlong holds that what a run of the second version was told of is there in the newest one.
func TestWhatIsAttachedComesAlong(t *testing.T) {
	const run = "20261123-120000-aaaaaa"
	dir := t.TempDir()
	old, err := os.ReadFile("testdata/v2.db")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, file)
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("plan"), 10_000)
	if _, err := db.Exec("INSERT INTO attached VALUES (?,?,?), (?,?,?)", run, "plan", large, run, "branch", []byte("main")); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := reader(t, dir, never).Attached(context.Background(), run)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string][]byte{"plan": large, "branch": []byte("main")}, got); d != "" {
		t.Error(d)
	}
}

func writeFixture(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	j := Start(dir, infoOf("20261123-120000-aaaaaa"), Limits{})
	bus := event.NewBus("20261123-120000-aaaaaa", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
	step(bus, "a", 0)
	bus.Publish(event.Event{Type: event.RunFinished, Outcome: "succeeded"})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(newest, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	db, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, never); !errors.Is(err, ErrNewer) {
		t.Errorf("error %v, want %v", err, ErrNewer)
	}
}
