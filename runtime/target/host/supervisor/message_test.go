package supervisor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// TestProtocolIsCounted holds how all messages look beside the number of the protocol: whoever
// changes the one must count up the other.
func TestProtocolIsCounted(t *testing.T) {
	m := full(t)
	kinds := fmt.Sprintln(askHello, askHold, askEnter, askLeave, askClose, askRun, askAdopt, askCancel, askKill, askLane, askForget, askKeep,
		askTraces, askEnd, askHeld, tellAnswer, tellOutput, tellEnded)
	got := fmt.Sprintf("%d %x", protocol, sha256.Sum256(m.encode([]byte(kinds))))[:12]
	if want := "3 1c3247afe7"; got != want {
		t.Errorf("messages have changed: got %q, want %q; count up protocol and write the new pair here", got, want)
	}
}

// TestMessagesArriveWhole sends a message in which every field says something.
func TestMessagesArriveWhole(t *testing.T) {
	m := full(t)
	var got message
	if err := got.decode(string(m.encode(nil))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, &got, cmp.AllowUnexported(message{})); diff != "" {
		t.Error(diff)
	}
}

// full is a message in which every field says something, and each something else.
func full(t *testing.T) *message {
	var m message
	n := 0
	for f, v := range reflect.ValueOf(&m).Elem().Fields() {
		if f.IsExported() {
			fill(t, v, &n)
		}
	}
	return &m
}

func fill(t *testing.T, v reflect.Value, n *int) {
	*n++
	if at, ok := v.Addr().Interface().(*time.Time); ok {
		*at = time.Unix(int64(*n), 1).UTC()
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(-*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n))
	case reflect.Uint64:
		v.SetUint(1<<63 + uint64(*n))
	case reflect.String:
		v.SetString(fmt.Sprint(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, n)
		fill(t, value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	default:
		t.Fatalf("a field of a message is a %s", v.Type())
	}
}

// FuzzMessage reads what is no message, too: it is refused, and what is one stays what it is.
func FuzzMessage(f *testing.F) {
	f.Add("")
	f.Add(string((&message{Kind: askRun, Work: &Work{Programs: []Program{{Argv: []string{"sh"}}}, SuccessCodes: []int{}}}).encode(nil)))
	f.Add(string((&message{Kind: tellAnswer, Traces: []target.Trace{{Step: "a", Started: time.Unix(1, 2)}}, Written: map[event.Stream]int64{event.Stdout: 7}}).encode(nil)))
	f.Fuzz(func(t *testing.T, text string) {
		var m, again message
		if m.decode(text) != nil {
			return
		}
		if err := again.decode(string(m.encode(nil))); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, again, cmp.AllowUnexported(message{})); diff != "" {
			t.Error(diff)
		}
	})
}

// TestLengthsOfNoMessage: a message that says of what comes with it what cannot be is none.
func TestLengthsOfNoMessage(t *testing.T) {
	for _, m := range []message{{Size: -1}, {Size: maxSize + 1}, {Files: -1}} {
		ours, theirs := pair(t)
		text := m.encode(nil)
		if _, err := unix.Write(theirs, append(binary.AppendUvarint(nil, uint64(len(text))), text...)); err != nil {
			t.Fatal(err)
		}
		var got message
		_, err := newLane(ours).receive(&got)
		closeFds(ours, theirs)
		if !errors.Is(err, errMessage) {
			t.Errorf("%d, %d: %v", m.Size, m.Files, err)
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

// TestGreetingsStayReadable lets a pipe from before this protocol find a supervisor: what it says
// is understood, and so is the answer.
func TestGreetingsStayReadable(t *testing.T) {
	type work struct{ Step string }
	type earlier struct {
		Kind  byte
		Call  uint64
		Files int
		Err   string
		Hello *struct {
			Protocol int
			State    string
			Turn     int
		}
		Work *work
	}
	s, err := newServer()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := pair(t)
	go s.serve(newConn(theirs))
	pipe := os.NewFile(uintptr(ours), "pipe")
	defer pipe.Close()
	hello := earlier{Kind: 1, Call: 7}
	hello.Hello = &struct {
		Protocol int
		State    string
		Turn     int
	}{Protocol: 2, State: t.TempDir()}
	if err := gob.NewEncoder(pipe).Encode(hello); err != nil {
		t.Fatal(err)
	}
	var answer earlier
	if err := gob.NewDecoder(pipe).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Kind != 128 || answer.Call != 7 || answer.Hello == nil || answer.Hello.Protocol != protocol || answer.Hello.Turn != 0 {
		t.Errorf("got %+v, %+v", answer, answer.Hello)
	}
}
