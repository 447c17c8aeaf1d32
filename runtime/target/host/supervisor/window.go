package supervisor

import (
	"slices"

	"github.com/pipelang/pipe/runtime/event"
)

// record is a piece of one stream, from one section.
type record struct {
	stream  event.Stream
	section string
	end     int64 // where it ends in its stream
	data    []byte
}

// window is the output of an attempt that may be asked for again: what nobody has acknowledged.
type window struct {
	records []record
	at      int // the record to be handed over next,
	sent    int // and how much of it was
	size    int // bytes held
	end     map[event.Stream]int64
}

// maxRecord is where a record is full.
const maxRecord = readSize

// add takes what a process wrote; p is copied.
func (w *window) add(stream event.Stream, section string, p []byte) {
	if w.end == nil {
		w.end = map[event.Stream]int64{}
	}
	w.end[stream] += int64(len(p))
	w.size += len(p)
	if n := len(w.records); n > 0 {
		last := &w.records[n-1]
		if last.stream == stream && last.section == section && len(last.data)+len(p) <= maxRecord {
			last.data = append(last.data, p...)
			last.end = w.end[stream]
			return
		}
	}
	w.records = append(w.records, record{stream, section, w.end[stream], slices.Clone(p)})
}

// next gives what is to be handed over, most bytes of it at most; its data is nil when all was.
func (w *window) next(most int) record {
	for w.at < len(w.records) {
		r := w.records[w.at]
		if w.sent < len(r.data) {
			r.data = r.data[w.sent:min(len(r.data), w.sent+most)]
			w.sent += len(r.data)
			return r
		}
		if w.at == len(w.records)-1 {
			break // it may grow
		}
		w.at, w.sent = w.at+1, 0
	}
	return record{}
}

// all says that everything was handed over.
func (w *window) all() bool {
	return w.at >= len(w.records) || w.at == len(w.records)-1 && w.sent == len(w.records[w.at].data)
}

// release forgets what of a stream lies before an offset, in whole records.
func (w *window) release(stream event.Stream, offset int64) {
	w.forget(func(i int) bool { return w.records[i].stream == stream && w.records[i].end <= offset })
}

// releaseSent forgets what was handed over.
func (w *window) releaseSent() {
	w.forget(func(i int) bool { return i < w.at || i == w.at && w.sent == len(w.records[i].data) })
}

func (w *window) forget(gone func(i int) bool) {
	kept := w.records[:0]
	at := w.at
	for i, r := range w.records {
		if !gone(i) {
			kept = append(kept, r)
			continue
		}
		w.size -= len(r.data)
		switch {
		case i < w.at:
			at--
		case i == w.at:
			w.sent = 0
		}
	}
	clear(w.records[len(kept):])
	w.records, w.at = kept, at
}

// rewind begins again after what another pipe wrote down of each stream.
func (w *window) rewind(written map[event.Stream]int64) {
	w.at, w.sent = 0, 0
	for stream, offset := range written {
		w.release(stream, offset)
	}
	for i := range w.records {
		r := &w.records[i]
		if over := written[r.stream] - (r.end - int64(len(r.data))); over > 0 {
			r.data = r.data[over:]
			w.size -= int(over)
		}
	}
}
