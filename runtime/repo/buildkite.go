package repo

import "strconv"

// buildkite reads Buildkite's variables, which tell no title and no author of a pull request.
func (e environment) buildkite() CI {
	ci := CI{Name: "buildkite", Event: EventNone, Actor: e["BUILDKITE_BUILD_CREATOR"], URL: e["BUILDKITE_BUILD_URL"]}
	ci.branch, ci.tag, ci.defaultBranch = e["BUILDKITE_BRANCH"], e["BUILDKITE_TAG"], e["BUILDKITE_PIPELINE_DEFAULT_BRANCH"]
	switch e["BUILDKITE_SOURCE"] {
	case "webhook":
		ci.Event = ci.pushed()
	case "schedule":
		ci.Event = EventSchedule
	case "ui", "api", "trigger_job":
		ci.Event = EventManual
	}
	// The variable is "false" where there is none.
	if n, err := strconv.Atoi(e["BUILDKITE_PULL_REQUEST"]); err == nil {
		ci.PullRequest = &PullRequest{Number: n, Branch: e["BUILDKITE_BRANCH"], Base: e["BUILDKITE_PULL_REQUEST_BASE_BRANCH"]}
		if ci.Event == EventPush {
			ci.Event = EventPullRequest
		}
	}
	return ci
}
