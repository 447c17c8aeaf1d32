// Package conformance is what every place that runs ops does alike: workspaces, mounts,
// parameters, scripts, exits, cancellation, and what is read of it afterwards. Each place's
// tests run it. It is for tests alone and knows nothing of how a place works.
package conformance

import (
	"context"
	"testing"

	"github.com/pipelang/pipe/runtime/target"
)

// Place is a place under test.
type Place struct {
	Open func(ctx context.Context, run target.Run) (target.Session, error)
	// Image is what ops run in; "" where they need none. It holds the usual programs, git,
	// Python and Perl.
	Image string
	// Environ follows pipe's own environment, NAME=value.
	Environ []string
	// At is where ops find the workspace, where that is not the repository's own path.
	At string
	// LeaderEndsAll says that processes that a program left are gone with it, told to end or not.
	LeaderEndsAll bool
	// FilesOnly says that another place under test runs programs alike, and differs from this one only in how
	// they get at files: what has nothing to do with files is not run again.
	FilesOnly bool
	// Apart says that the place does not share this machine's files: there is no `in place`, and
	// cache folders are its own.
	Apart bool
}

// Run runs all tests against a place.
func Run(t *testing.T, p Place) {
	p.run(t, map[string]func(*testing.T){
		"mounts":                               p.mounts,
		"cacheFoldersAreKept":                  p.cacheFoldersAreKept,
		"cacheFoldersAreRead":                  p.cacheFoldersAreRead,
		"mountsInPlaceAreTakenOut":             p.mountsInPlaceAreTakenOut,
		"fileParameters":                       p.fileParameters,
		"readers":                              p.readers,
		"kept":                                 p.kept,
		"outputsOfAStep":                       p.outputsOfAStep,
		"workspaceShowsWhatGitDoes":            p.workspaceShowsWhatGitDoes,
		"timesAndModesAreKept":                 p.timesAndModesAreKept,
		"writesStayInTheWorkspace":             p.writesStayInTheWorkspace,
		"parallelStepsDoNotSeeEachOther":       p.parallelStepsDoNotSeeEachOther,
		"scriptsShareTheWorkspace":             p.scriptsShareTheWorkspace,
		"inputs":                               p.inputs,
		"inputsAreSharedAndYetApart":           p.inputsAreSharedAndYetApart,
		"emptyWorkspaceIsAlwaysEmpty":          p.emptyWorkspaceIsAlwaysEmpty,
		"badInputs":                            p.badInputs,
		"workdir":                              p.workdir,
		"inPlace":                              p.inPlace,
		"oneStepInPlaceAtATime":                p.oneStepInPlaceAtATime,
		"repositoryWithoutGit":                 p.repositoryWithoutGit,
		"rootBelowTheGitFolder":                p.rootBelowTheGitFolder,
		"stateInsideTheRepository":             p.stateInsideTheRepository,
		"interpreters":                         p.interpreters,
		"outputCarriesStreamAndSection":        p.outputCarriesStreamAndSection,
		"captureIsAsTheShellGivesIt":           p.captureIsAsTheShellGivesIt,
		"cancel":                               p.cancel,
		"secretContentIsInThePlainOnlyInSteps": p.secretContentIsInThePlainOnlyInSteps,
		"keptFilesAreSearched":                 p.keptFilesAreSearched,
	})
	if p.FilesOnly {
		return
	}
	p.run(t, map[string]func(*testing.T){
		"exit":                        p.exit,
		"missingPrograms":             p.missingPrograms,
		"execTakesArgumentsAsTheyAre": p.execTakesArgumentsAsTheyAre,
		"noInput":                     p.noInput,
		"manyLines":                   p.manyLines,
		"cancelBeforeTheStart":        p.cancelBeforeTheStart,
		"killEndsTheGrace":            p.killEndsTheGrace,
		"graceIsForTheWholeGroup":     p.graceIsForTheWholeGroup,
		"environmentThatCannotBe":     p.environmentThatCannotBe,
		"theLargestVariableThatFits":  p.theLargestVariableThatFits,
	})
}

func (p Place) run(t *testing.T, tests map[string]func(*testing.T)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if p.Image != "" {
				t.Parallel() // starting containers is waiting for the most part
			}
			test(t)
		})
	}
}

// session opens the place for a run.
func (p Place) session(ctx context.Context, run target.Run) (target.Session, error) {
	s, err := p.Open(ctx, run)
	if err != nil || p.Image == "" {
		return s, err
	}
	return imaged{s, p.Image}, nil
}

// imaged gives every job the image of the place, and no network, which no test needs and which takes an
// engine a fifth of the time that a container does.
type imaged struct {
	target.Session
	image string
}

func (s imaged) Start(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	job.Image, job.Container.Network = s.image, "none"
	return s.Session.Start(ctx, job, out)
}
