package supervisor

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTracesCutAnywhere cuts the file at every byte, as a machine that dies may: what is whole is
// read, and what is added afterwards is, too.
func TestTracesCutAnywhere(t *testing.T) {
	state := t.TempDir()
	first, err := openTraces(state)
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []string{"a", "b", "c"} {
		if err := first.started(&job{id: uint64(i), work: &Work{Step: step}}); err != nil {
			t.Fatal(err)
		}
		if step == "b" {
			if err := first.closed(uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(state, tracesName)
	roomy, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.TrimRight(roomy, "\x00")
	if len(whole) == len(roomy) {
		t.Error("the file has no room for more")
	}
	whole = append(whole, 0, 0)
	last := 0
	for n := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		next, err := openTraces(state)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		before := stepsOf(next)
		if err := next.started(&job{id: 9, work: &Work{Step: "d"}}); err != nil {
			t.Fatal(err)
		}
		next.lines.close()
		after, err := ReadLost(state)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if len(after) != len(before)+1 {
			t.Errorf("cut at %d: %v were lost, and then %v", n, before, after)
		}
		last = len(before)
	}
	if last != 2 {
		t.Errorf("%d are lost, expected a and c", last)
	}
}

func stepsOf(t *traces) []string {
	var out []string
	for _, l := range t.lost() {
		out = append(out, l.Step)
	}
	slices.Sort(out)
	return out
}

// TestStartedAgain starts a step again that was lost: it is not lost any more.
func TestStartedAgain(t *testing.T) {
	state := t.TempDir()
	for range 2 {
		s, err := openTraces(state)
		if err != nil {
			t.Fatal(err)
		}
		for id, step := range []string{"a", "b"} {
			if err := s.started(&job{id: uint64(id), work: &Work{Step: step}}); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff([]string(nil), stepsOf(s)); d != "" {
			t.Error(d)
		}
		s.lines.close()
	}
	if lost, err := ReadLost(state); err != nil || len(lost) != 2 {
		t.Errorf("got %v, %v", lost, err)
	}
}
