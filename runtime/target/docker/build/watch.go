package build

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// watch turns what the builder reports into lines of a log. Steps of one stage are in its
// section; each tells that it begins, what it prints, and how it ended.
type watch struct {
	log   Log
	steps map[digest.Digest]*step
	sent  int64
	told  map[string]time.Time // transfers, by when a line last told of them
	done  map[string]bool
}

// step is an instruction, or something that the builder does for itself.
type step struct {
	id      digest.Digest
	section string
	title   string
	begun   bool
	ended   bool
	open    []byte // a line that has not ended
	foreign bool   // a program of it was for another processor
	err     string
}

func newWatch(log Log) *watch {
	return &watch{log: log, steps: map[digest.Digest]*step{}, told: map[string]time.Time{}, done: map[string]bool{}}
}

// follow reads reports to their end.
func (w *watch) follow(reports <-chan *client.SolveStatus) {
	for s := range reports {
		for _, v := range s.Vertexes {
			w.vertex(v)
		}
		for _, t := range s.Statuses {
			w.transfer(t)
		}
		for _, l := range s.Logs {
			w.output(l)
		}
	}
	for _, s := range w.steps {
		w.flush(s)
	}
}

// named takes a builder's name apart: "[stage-1 2/3] RUN make" or "[internal] load …".
var named = lazily(`^\[([^\]]*?)(?: +(\d+/\d+))?\] (.*)$`)

// alone is the section of a Dockerfile's only stage, which has no name.
const alone = "stage"

// place is an instruction's place in a stage without a name.
var place = lazily(`^\d+/\d+$`)

// sectionOf is the stage of a step, and its title.
func sectionOf(name string) (section, title string) {
	m := named().FindStringSubmatch(name)
	switch {
	case m == nil && strings.HasPrefix(name, "exporting"):
		return "export", name
	case m == nil:
		return "builder", name
	case m[2] == "" && place().MatchString(m[1]):
		return alone, m[1] + " " + m[3]
	case m[2] != "":
		return m[1], m[2] + " " + m[3]
	}
	return m[1], m[3]
}

func (w *watch) vertex(v *client.Vertex) {
	s := w.steps[v.Digest]
	if s == nil {
		s = &step{id: v.Digest}
		s.section, s.title = sectionOf(v.Name)
		w.steps[v.Digest] = s
	}
	if v.Error != "" {
		s.err = v.Error
	}
	switch {
	case s.ended, v.Started == nil:
	case v.Cached && v.Completed != nil:
		s.ended = true
		w.line(s.section, "%s: cached", s.title)
	case !s.begun && s.section != "internal":
		s.begun = true
		w.line(s.section, "%s", s.title)
	}
	if v.Completed == nil || s.ended {
		return
	}
	s.ended = true
	w.flush(s)
	if s.section == "internal" {
		return
	}
	took := v.Completed.Sub(*v.Started).Round(100 * time.Millisecond)
	switch first, _, _ := strings.Cut(s.title, " "); {
	case v.Error != "":
		w.line(s.section, "%s failed after %s", first, took)
	case place().MatchString(first):
		w.line(s.section, "%s done in %s", first, took)
	}
}

func (w *watch) line(section, format string, args ...any) {
	w.log(section, fmt.Appendf(nil, format, args...))
}

// output is what an instruction prints, in any pieces.
func (w *watch) output(l *client.VertexLog) {
	s := w.steps[l.Vertex]
	if s == nil {
		s = &step{section: "builder"}
		w.steps[l.Vertex] = s
	}
	s.open = append(s.open, l.Data...)
	for {
		at := bytes.IndexByte(s.open, '\n')
		if at < 0 {
			break
		}
		s.foreign = s.foreign || bytes.HasSuffix(s.open[:at], execFormat)
		w.log(s.section, s.open[:at])
		s.open = s.open[at+1:]
	}
	if len(s.open) > longest {
		w.flush(s)
	}
}

// execFormat is what the kernel says of a program for another processor.
var execFormat = []byte("exec format error")

// longest is the length in bytes from which a line is told in pieces.
const longest = 64 << 10

func (w *watch) flush(s *step) {
	if len(s.open) > 0 {
		w.log(s.section, s.open)
		s.open = nil
	}
}

// every is how much time lies between two lines about one transfer.
const every = 2 * time.Second

// transfer is about bytes on their way: of the context, of base images, of layers.
func (w *watch) transfer(t *client.VertexStatus) {
	context := strings.HasPrefix(t.ID, "transferring context")
	if context {
		w.sent = max(w.sent, t.Current)
	}
	if !context && strings.HasPrefix(t.ID, "transferring") || !w.due(t) {
		return
	}
	switch {
	case context && t.Completed == nil:
		w.line("context", "%s sent so far", bytesText(t.Current))
	case context:
	case t.Total > 0:
		w.line("images", "%s: %s of %s", t.ID, bytesText(t.Current), bytesText(t.Total))
	default:
		w.line("export", "%s", t.ID)
	}
}

// due says that a transfer is to be told of: at its end, once, and now and then before.
func (w *watch) due(t *client.VertexStatus) bool {
	last := w.told[t.ID]
	switch {
	case w.done[t.ID]:
		return false
	case t.Completed != nil:
		w.done[t.ID] = true
		return true
	case last.IsZero():
		w.told[t.ID] = t.Timestamp
		return false
	case t.Timestamp.Sub(last) < every:
		return false
	}
	w.told[t.ID] = t.Timestamp
	return true
}

// bytesText is a number of bytes as people read it.
func bytesText(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
