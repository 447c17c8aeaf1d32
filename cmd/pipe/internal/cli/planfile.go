package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/settings"
)

// fromPlan makes the plan of today's sources and values again and refuses when it is not the one in the file.
func (a *app) fromPlan(cmd *cobra.Command, args []string, f runFlags) (*bound, error) {
	if len(args) > 0 {
		return nil, usagef("leave it out: the plan holds it", "--plan takes neither file nor arguments, found %q", args[0])
	}
	raw, err := os.ReadFile(a.abs(f.planFile))
	if err != nil {
		return nil, usagef("`pipe plan --out FILE` writes one", "%s cannot be read: %v", f.planFile, reason(err))
	}
	want, err := plan.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.planFile, err)
	}
	if f.profile != "" && f.profile != want.Profile {
		return nil, usagef("leave it out: the plan holds it", "the plan was made for profile %q, not %q", want.Profile, f.profile)
	}
	f.profile = want.Profile
	b, err := a.again(cmd, want, f, nil)
	if err != nil {
		return nil, err
	}
	return b, a.refuseDrift(f.planFile, want, b)
}

// again binds the pipeline of a plan to the sources and settings of today; parameters have the
// values of the plan, but for those that are given.
func (a *app) again(cmd *cobra.Command, want *plan.Plan, f runFlags, args []settings.Assignment) (*bound, error) {
	root, err := load.Root(a.Dir)
	if err != nil {
		return nil, err
	}
	entry := filepath.Join(root, filepath.FromSlash(want.Entry))
	if _, err := os.Stat(entry); err != nil {
		return nil, fmt.Errorf("the plan drifted: its entry %s is not in this repository", want.Entry)
	}
	draft, c, err := a.draft(invocation{path: entry, pipeline: want.Pipeline})
	if err != nil {
		return nil, err
	}
	given, err := parseGiven(draft, args)
	if err != nil {
		return nil, err
	}
	for _, p := range want.Params {
		if _, now := given[p.Name]; now {
			continue
		}
		if p.Value == nil || p.Value.Value == nil {
			continue
		}
		t, err := types.Parse(p.Type, func(id string) *types.Type { return draft.Types()[id] })
		if err != nil {
			return nil, err
		}
		if given[p.Name], err = value.Unmarshal(t, p.Value.Value); err != nil {
			return nil, fmt.Errorf("the plan drifted: parameter %s: %w", p.Name, err)
		}
	}
	b := &bound{checked: c, draft: draft}
	if err := a.bindValues(cmd.Context(), b, given, f.sources); err != nil {
		return nil, err
	}
	if err := a.refuseUnlocked(cmd, b, f.locked); err != nil {
		return nil, err
	}
	return b, a.fetch(cmd.Context(), b)
}

// parseGiven reads arguments of which none needs to be there.
func parseGiven(d *lower.Draft, args []settings.Assignment) (map[string]value.Value, error) {
	params := d.Params()
	for i := range params {
		params[i].Required = false
	}
	return parseArgs(params, args)
}

func (a *app) refuseDrift(file string, want *plan.Plan, now *bound) error {
	if want.Digest == now.plan.Digest {
		return nil
	}
	fmt.Fprintf(a.Err, "pipe: %s is not what would run today, so nothing was run:\n", file)
	for _, line := range plan.Diff(want, now.plan) {
		fmt.Fprintf(a.Err, "  %s\n", line)
	}
	fmt.Fprintf(a.Err, "  help: look at `pipe plan`, and write a new plan when it is what you want\n")
	return exit(ExitFailed)
}
