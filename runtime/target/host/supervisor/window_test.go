package supervisor

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/event"
)

// TestWindowGivesEverythingOnceInOrder writes, takes, acknowledges and begins again at random,
// and compares what two takers got with what was written.
func TestWindowGivesEverythingOnceInOrder(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		var w window
		written, got := map[event.Stream]string{}, map[event.Stream]string{}
		streams := []event.Stream{event.Stdout, event.Stderr}
		for range 200 {
			stream := streams[r.IntN(2)]
			switch r.IntN(10) {
			case 0: // what was taken is written down, or some of it
				w.release(stream, int64(r.IntN(len(got[stream])+1)))
			case 1: // another pipe comes; the one before had written less than it had taken
				down := map[event.Stream]int64{}
				for _, s := range streams {
					from := len(written[s]) - kept(&w, s)
					at := max(from, r.IntN(len(got[s])+1))
					down[s], got[s] = int64(at), got[s][:at]
				}
				w.rewind(down)
			case 2, 3, 4, 5:
				p := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(maxRecord/3))
				w.add(stream, "", []byte(p))
				written[stream] += p
			default:
				rec := w.next(1 + r.IntN(maxRecord))
				got[rec.stream] += string(rec.data)
			}
		}
		for rec := w.next(maxRecord); rec.data != nil; rec = w.next(maxRecord) {
			got[rec.stream] += string(rec.data)
		}
		if !w.all() || got[event.Stdout] != written[event.Stdout] || got[event.Stderr] != written[event.Stderr] {
			t.Fatalf("seed %d: got %d and %d bytes of %d and %d", seed, len(got[event.Stdout]), len(got[event.Stderr]), len(written[event.Stdout]), len(written[event.Stderr]))
		}
	}
}

// kept is how much of a stream a window holds.
func kept(w *window, stream event.Stream) int {
	n := 0
	for _, r := range w.records {
		if r.stream == stream {
			n += len(r.data)
		}
	}
	return n
}

// TestWindowIsAsLargeAsWhatItHolds checks the count that makes processes wait.
func TestWindowIsAsLargeAsWhatItHolds(t *testing.T) {
	var w window
	for range 10 {
		w.add(event.Stdout, "", make([]byte, maxRecord))
		w.add(event.Stderr, "", make([]byte, 10))
	}
	w.release(event.Stdout, 5*maxRecord)
	w.rewind(map[event.Stream]int64{event.Stdout: 5*maxRecord + 1, event.Stderr: 100})
	if want := 5*maxRecord - 1; w.size != want || kept(&w, event.Stdout) != want {
		t.Errorf("size is %d, and it holds %d: expected %d", w.size, kept(&w, event.Stdout), want)
	}
}
