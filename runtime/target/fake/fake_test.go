package fake

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

type sink map[event.Stream]string

func (s sink) Write(stream event.Stream, _ string, p []byte) { s[stream] += string(p) }

func TestScripts(t *testing.T) {
	f := New().On("a", Act{Exit: 1}, Act{Exit: 2}).On("b[2]", Act{Exit: 3}).On("b[*]", Act{Exit: 4}).On("c/d", Act{Exit: 5})
	f.Default = Act{Exit: 9}
	s, err := f.Open(t.Context(), target.Run{})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, step := range []string{"a", "a", "a", "b[2]", "b[3]", "c[7]/d", "e"} {
		att, err := s.Start(t.Context(), target.Job{Step: step}, sink{})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, att.Exit().Code)
	}
	if diff := cmp.Diff([]int{1, 2, 2, 3, 4, 5, 9}, got); diff != "" {
		t.Error(diff)
	}
	if started := f.Started(); len(started) != 7 || f.Peak() != 1 || f.Running() != 0 {
		t.Errorf("%v, %d at once, %d running", started, f.Peak(), f.Running())
	}
}

func TestCancelledAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New().On("mild", Act{Takes: time.Hour, Stdout: "out\n"}).On("stubborn", Act{Takes: time.Hour, Stubborn: true})
		s, _ := f.Open(t.Context(), target.Run{})
		for step, want := range map[string]struct {
			exit target.Exit
			took time.Duration
		}{
			"mild":     {target.Exit{Code: 130, Signal: "SIGINT", Cancelled: true}, time.Second},
			"stubborn": {target.Exit{Code: 137, Signal: "SIGKILL", Cancelled: true}, 6 * time.Second},
		} {
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			began, out := time.Now(), sink{}
			att, err := s.Start(ctx, target.Job{Step: step, Grace: 5 * time.Second}, out)
			stop()
			if err != nil || att.Exit() != want.exit || time.Since(began) != want.took {
				t.Errorf("%s: %+v after %v, %v", step, att.Exit(), time.Since(began), err)
			}
		}
	})
}
