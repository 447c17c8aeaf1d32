package docker

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/pipelang/pipe/runtime/target"
)

// begunMark is a file in the run's state folder that says of a container that it was started and not
// closed. An engine forgets a container that is removed; without the mark its step would look as if it
// had never begun, and would be done again. It is not put down for good at once: where the machine went
// down since, who asks goes by the journal; see engine.Past.
type begunMark struct {
	Engine    string    `json:"engine"`
	Container string    `json:"container"`
	Step      string    `json:"step"`
	Attempt   int       `json:"attempt"`
	Started   time.Time `json:"started"`

	path string
}

func begunPath(state, id string) string { return filepath.Join(state, "container-"+id) }

func (s *session) begunPath(id string) string { return begunPath(s.run.State, id) }

// begin leaves the mark of an attempt's container, which is about to start. Who starts a step again has
// settled what became of it before.
func (s *session) begin(id string, job *target.Job) error {
	if s.run.State == "" {
		return nil
	}
	for _, m := range s.begun() {
		if m.Step == job.Step {
			_ = os.Remove(m.path)
		}
	}
	raw, err := json.Marshal(begunMark{Engine: s.Lingers(), Container: id, Step: job.Step, Attempt: job.Attempt, Started: time.Now()})
	if err != nil {
		return err
	}
	return os.WriteFile(s.begunPath(id), raw, 0o600)
}

// closed takes the mark of a container away whose end is written down.
func (s *session) closed(id string) error {
	if err := os.Remove(s.begunPath(id)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// begun are the marks of this run's containers on this engine.
func (s *session) begun() []begunMark {
	elsewhere := func(m begunMark) bool { return m.Engine != s.Lingers() }
	return slices.DeleteFunc(marksIn(s.run.State), elsewhere)
}

// marksIn are the marks in the state folder of a run, on whatever engine.
func marksIn(state string) []begunMark {
	files, _ := filepath.Glob(begunPath(state, "*"))
	var out []begunMark
	for _, path := range files {
		m := begunMark{path: path}
		raw, err := os.ReadFile(path)
		if err == nil && json.Unmarshal(raw, &m) == nil {
			out = append(out, m)
		}
	}
	return out
}

// gone are the attempts whose containers were started and are not among those that the engine has.
func (s *session) gone(has []container.Summary) []target.Trace {
	there := map[string]bool{}
	for _, c := range has {
		there[c.ID] = true
	}
	var out []target.Trace
	for _, m := range s.begun() {
		if !there[m.Container] {
			out = append(out, target.Trace{Step: m.Step, Attempt: m.Attempt, Started: m.Started, State: target.Lost})
		}
	}
	return out
}
