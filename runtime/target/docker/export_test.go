package docker

import "time"

// Impatient gives up on an engine that says nothing for so long.
func (t Target) Impatient(patience time.Duration) Target {
	t.patience = patience
	return t
}
