package supervisor

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWhatWasAskedLastIsHeard lets pipe die right after it asked for an attempt: the supervisor does
// not take itself for idle, and the attempt is there for the next pipe.
func TestWhatWasAskedLastIsHeard(t *testing.T) {
	for range 50 {
		s, err := newServer()
		if err != nil {
			t.Fatal(err)
		}
		pipe, server := pair(t)
		lane, far := pair(t)
		end, control := os.NewFile(uintptr(far), "lane"), newConn(pipe)
		for _, err := range []error{
			control.send(&message{Kind: askHello, Hello: &greeting{Protocol: protocol, State: t.TempDir()}}),
			control.send(&message{Kind: askLane}, end),
			newLane(lane).send(&message{Kind: askRun, ID: 1, Work: &Work{Step: "a", Attempt: 1, Dir: "/", Programs: []Program{{Argv: []string{"/bin/sleep", "1000"}}}}}),
			end.Close(), unix.Close(pipe), unix.Close(lane),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if s.serve(newConn(server)) || s.idle() {
			t.Fatal("the supervisor is idle")
		}
		s.leave(true)
	}
}

func pair(t *testing.T) (ours, theirs int) {
	t.Helper()
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}
