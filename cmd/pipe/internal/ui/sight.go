package ui

import "github.com/pipelang/pipe/runtime/event"

// sight knows whose output was printed as a whole, and how long ago: it need not be shown again.
type sight struct {
	lines int // that were printed
	told  map[string]*told
	whole map[string]int // by step that failed: how many lines were printed when all of its output was, at a stretch
}

// told is what was printed of a step under way.
type told struct{ since, own int }

const (
	// nearby is how many other lines may stand between those of a step, or below them, that are still in one's eye.
	nearby = 5
	// atOnce is how many lines are seen at one time.
	atOnce = 50
)

func newSight() sight { return sight{told: map[string]*told{}, whole: map[string]int{}} }

// printed counts the lines of an event.
func (s *sight) printed(e event.Event, lines int) {
	s.lines += lines
	t := s.told[e.Step]
	switch {
	case e.Type == event.StepOutput && t == nil:
		s.told[e.Step] = &told{s.lines - lines, lines}
	case e.Type == event.StepOutput:
		t.own += lines
	case e.Type == event.StepFinished:
		delete(s.told, e.Step)
		if t != nil && e.Outcome == "failed" && t.own <= atOnce && s.lines-t.since-t.own <= nearby {
			s.whole[e.Step] = s.lines
		}
	}
}

// opened notes that the output of a step that has ended was printed, all of it or not.
func (s *sight) opened(step string, all bool) {
	delete(s.told, step)
	if all {
		s.whole[step] = s.lines
	}
}

// Shown reports whether all output of a step that failed was printed just before.
func (s *sight) Shown(step string) bool {
	at, ok := s.whole[step]
	return ok && s.lines-at <= nearby
}
