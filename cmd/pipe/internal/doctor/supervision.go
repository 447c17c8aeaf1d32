package doctor

import "context"

// supervision says how the processes of steps on this machine are followed. Pipe puts them into no
// control groups: what limits a step is a container, and the engine's lines say whether that holds.
func (s *Surroundings) supervision(context.Context) []Line {
	if err := adoptsOrphans(); err != nil {
		return warns("give ops that start daemons an image, or end daemons in the script", "steps are followed by their process groups alone, so a daemon that leaves its group outlives its step: %v", err)
	}
	return ok("what steps on this machine start is followed and ended with them, daemons too (subreaper); memory, pids and cpu are limited in containers only, by the engine's cgroups")
}
