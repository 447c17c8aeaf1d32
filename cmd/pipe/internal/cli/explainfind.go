package cli

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
)

// stepSpot is a step of the program, as one pipeline reaches it.
type stepSpot struct {
	pipeline string
	path     string // "build/test"
	at       string // as it was asked for, with the number of an instance: "build[1]/test"
	hook     string // "on failure" or "finally", for a step there or below one
	step     *check.Step
	within   *check.Pipeline // that it is written in
}

// spotsOf are all steps that a pipeline reaches, those of called pipelines behind their step.
func spotsOf(p *check.Pipeline, pipeline, prefix, hook string) []stepSpot {
	var out []stepSpot
	for i, list := range [][]*check.Step{p.Steps, p.OnFailure, p.Finally} {
		for _, s := range list {
			at := stepSpot{pipeline: pipeline, path: prefix + s.Name, hook: hook, step: s, within: p}
			if at.hook == "" {
				at.hook = []string{"", "on failure", "finally"}[i]
			}
			out = append(out, at)
			if s.Pipeline != nil {
				out = append(out, spotsOf(s.Pipeline, pipeline, at.path+"/", at.hook)...)
			}
		}
	}
	return out
}

func spotPaths(list []stepSpot) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.path)
	}
	return out
}

var instanceMark = lazily(`\[[0-9]+\]`)

// findStep finds the step that is meant. Without a pipeline, that of the usual one comes first,
// then the only other one that has it. The last part of a path is enough where it is the only one.
func findStep(p *check.Program, pipeline, step string) (stepSpot, error) {
	asked := step
	step = strings.Trim(instanceMark().ReplaceAllString(step, ""), "/")
	usual, err := choosePipeline(p, pipeline)
	if err != nil && (pipeline != "" || step == "" || len(pipelineNames(p)) == 0) {
		return stepSpot{}, err
	}
	var all []stepSpot
	for _, name := range pipelineNames(p) {
		if pipeline == "" || name == pipeline {
			all = append(all, spotsOf(p.Entry.Pipelines[name], name, "", "")...)
		}
	}
	if step == "" {
		return stepSpot{}, usagef("there are: "+list(spotPaths(inPipeline(all, usual))), "name a step to explain")
	}
	exact := func(s stepSpot) bool { return s.path == step }
	tail := func(s stepSpot) bool { return strings.HasSuffix(s.path, "/"+step) }
	for _, among := range [][]stepSpot{inPipeline(all, usual), all} {
		for _, fits := range []func(stepSpot) bool{exact, tail} {
			found := slices.DeleteFunc(slices.Clone(among), func(s stepSpot) bool { return !fits(s) })
			switch {
			case len(found) == 1:
				found[0].at = strings.TrimSuffix(found[0].path, step) + strings.Trim(asked, "/")
				return found[0], nil
			case len(found) > 1:
				return stepSpot{}, ambiguous(asked, found)
			}
		}
	}
	return stepSpot{}, noSuchStep(p, all, usual, asked, step)
}

func inPipeline(all []stepSpot, name string) []stepSpot {
	return slices.DeleteFunc(slices.Clone(all), func(s stepSpot) bool { return s.pipeline != name })
}

func ambiguous(asked string, found []stepSpot) error {
	var ways []string
	for _, s := range found {
		ways = append(ways, "pipe explain "+s.pipeline+" "+s.path)
	}
	return usagef("write one of: "+list(ways), "%d steps are called %s", len(found), asked)
}

// noSuchStep says what the name is instead, or what it is near to.
func noSuchStep(p *check.Program, all []stepSpot, usual, asked, step string) error {
	if found, ok := p.Entry.Pipelines[step]; ok {
		return usagef("name one of its steps: pipe explain "+step+" "+orSome(spotPaths(spotsOf(found, step, "", ""))),
			"%s is a pipeline, not a step", step)
	}
	var calls []string
	for _, s := range all {
		if s.step.Op != nil && s.step.Op.Name == step {
			calls = append(calls, s.path)
		}
	}
	if _, op := p.Entry.Ops[step]; op || calls != nil {
		if calls == nil {
			return usagef("no step calls it", "%s is an op, not a step", step)
		}
		return usagef("the steps that call it: "+list(calls), "%s is an op, not a step", step)
	}
	names := spotPaths(all)
	where := usual
	if where == "" {
		where = p.Entry.Load.ID
	}
	var near []string
	for _, n := range names {
		near = append(near, n, n[strings.LastIndexByte(n, '/')+1:])
	}
	return usagef(didYouMean(step, near, "there are: "+list(slices.Compact(names))), "%s has no step %q", where, asked)
}

// orSome is the first of some names, or STEP.
func orSome(names []string) string {
	if len(names) == 0 {
		return "STEP"
	}
	return names[0]
}
