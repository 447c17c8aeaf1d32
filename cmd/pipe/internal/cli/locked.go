package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/runtime/repo"
)

// wantsLock says that a run is locked: by the flag, else by pipe.toml, else in CI where a lock is there.
func (a *app) wantsLock(cmd *cobra.Command, b *bound, flag bool) bool {
	config := b.program.Load.Config.Run.Locked
	switch {
	case cmd.Flags().Changed("locked"):
		return flag
	case config != nil:
		return *config
	}
	return b.program.Load.Lock.Path != "" && repo.InCI(a.Environ)
}

// refuseUnlocked shows every image of a locked run that pipe.lock does not pin.
func (a *app) refuseUnlocked(cmd *cobra.Command, b *bound, flag bool) error {
	if !a.wantsLock(cmd, b, flag) {
		return nil
	}
	w := &wanted{uses: map[string][]lower.Image{}, lock: b.program.Load.Lock, extra: len(b.program.Load.Config.Lock.Images) > 0}
	w.add(b.draft.Images(b.values))
	var lines []string
	for _, c := range w.compare().changes {
		if c.Kind == pinMissing {
			lines = append(lines, fmt.Sprintf("%s, named at %s", c.Name, usesText(c.Uses)))
		}
	}
	for _, x := range w.late {
		if !w.extra {
			lines = append(lines, lateText(x, false))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	what := load.LockFile + " does not pin"
	if w.lock.Path == "" {
		what = "there is no " + load.LockFile + ", which would pin"
	}
	fmt.Fprintf(a.Err, "pipe: %s %s of this run, so nothing was run:\n", what, images(len(lines)))
	for _, line := range lines {
		item(a.Err, a.ErrWidth, line)
	}
	fmt.Fprintf(a.Err, "  help: run pipe lock and commit %s; names that values from outside give are pinned with --set, or by [lock] images in pipe.toml\n", load.LockFile)
	return exit(ExitFailed)
}
