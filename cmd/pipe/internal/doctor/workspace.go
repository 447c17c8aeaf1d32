package doctor

import (
	"context"
	"fmt"
	"os"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// workspaces says how copies of the repository are made for steps.
func (s *Surroundings) workspaces(context.Context) []Line {
	opened, err := s.Open()
	if err != nil {
		return fails("see the store", "there is no store to make them in: %v", err)
	}
	name := fmt.Sprintf("doctor-%d", os.Getpid())
	release, err := opened.Lease(name) // or who looks for what killed runs left takes the folder for that
	if err != nil {
		return fails("see the store", "%v", err)
	}
	defer release()
	state, err := opened.State(name)
	if err != nil {
		return fails("see the store", "%v", err)
	}
	defer os.Remove(state)
	ways, err := host.FindWays(target.Run{Root: s.Root, State: state, Environ: s.Environ})
	switch {
	case err != nil:
		return fails("leave PIPE_WORKSPACE unset, or set TMPDIR to a folder outside the repository", "none can be made: %v", err)
	case ways.Kind == "overlay" && ways.Namespace:
		return ok("overlays, in a user namespace: programs that change the user do not work in them")
	case ways.Kind == "overlay":
		return ok("overlays, mounted by pipe itself")
	case ways.Why == "":
		return ok("%s, as PIPE_WORKSPACE asks", ways.Kind)
	case ways.Kind == "reflink":
		return ok("copies that share blocks; no overlays: %s", ways.Why)
	}
	return warns("run as root, or let users make namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces), or narrow ops with inputs", "whole copies, which cost time for each step; no overlays: %s", ways.Why)
}
