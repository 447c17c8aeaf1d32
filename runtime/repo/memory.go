package repo

import (
	"encoding/json"
	"fmt"
	"time"
)

// memory is what a run that goes on later must not ask again: what git and the CI service said
// at its start.
type memory struct {
	Facts   Facts     `json:"facts"`
	CI      CI        `json:"ci"`
	Started time.Time `json:"started"`
}

// Memory is what Options.Memory takes.
func (r *Repo) Memory() ([]byte, error) {
	return json.Marshal(memory{r.facts, r.ci, r.options.Started})
}

// recall puts what was remembered in the place of what is there today.
func (r *Repo) recall() error {
	if r.options.Memory == nil {
		return nil
	}
	var m memory
	if err := json.Unmarshal(r.options.Memory, &m); err != nil {
		return fmt.Errorf("read what the repository was when the run started: %w", err)
	}
	r.facts, r.ci, r.options.Started = m.Facts, m.CI, m.Started
	return nil
}
