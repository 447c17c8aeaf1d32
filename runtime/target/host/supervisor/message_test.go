package supervisor

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestProtocolIsCounted holds the shape of all messages beside the number of the protocol: whoever
// changes the one must count up the other.
func TestProtocolIsCounted(t *testing.T) {
	var b strings.Builder
	shape(&b, reflect.TypeFor[message](), map[reflect.Type]bool{})
	fmt.Fprintln(&b, askHello, askHold, askEnter, askLeave, askClose, askRun, askAdopt, askCancel, askKill, askLane, askForget, askKeep,
		askTraces, askEnd, askHeld, tellAnswer, tellOutput, tellEnded)
	got := fmt.Sprintf("%d %x", protocol, sha256.Sum256([]byte(b.String())))[:12]
	if want := "2 f6a9f5b1fe"; got != want {
		t.Errorf("messages have changed: got %q, want %q; count up protocol and write the new pair here\n%s", got, want, b.String())
	}
}

func shape(b *strings.Builder, t reflect.Type, seen map[reflect.Type]bool) {
	fmt.Fprint(b, t, " ", t.Kind(), "\n")
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		shape(b, t.Elem(), seen)
	case reflect.Map:
		shape(b, t.Key(), seen)
		shape(b, t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if f.IsExported() {
				fmt.Fprint(b, t, ".", f.Name, " ")
				shape(b, f.Type, seen)
			}
		}
	}
}

// TestAnotherVersionIsTold lets a pipe find a supervisor of another protocol, and the other way round:
// the pipe says so, and the supervisor has counted nobody.
func TestAnotherVersionIsTold(t *testing.T) {
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	later := newConn(theirs)
	go func() {
		var m message
		if _, err := later.receive(&m); err == nil {
			_ = later.send(&message{Kind: tellAnswer, Call: m.Call, Hello: &greeting{Protocol: protocol + 1}})
		}
	}()
	if _, err := connect(t.Context(), ours, nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "another version of pipe") {
		t.Errorf("got %v", err)
	}
	s, err := newServer()
	if err != nil {
		t.Fatal(err)
	}
	if ours, theirs, err = socketPair(); err != nil {
		t.Fatal(err)
	}
	go s.serve(newConn(theirs))
	pipe := newConn(ours)
	if err := pipe.send(&message{Kind: askHello, Call: 1, Hello: &greeting{Protocol: protocol + 1, State: t.TempDir()}}); err != nil {
		t.Fatal(err)
	}
	var m message
	if _, err := pipe.receive(&m); err != nil || m.Hello == nil || m.Hello.Protocol != protocol || m.Hello.Turn != 0 {
		t.Errorf("got %+v, %v", m.Hello, err)
	}
	pipe.hangUp()
}
