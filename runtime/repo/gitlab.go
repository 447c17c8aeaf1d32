package repo

import "strconv"

func (e environment) gitlab() CI {
	ci := CI{Name: "gitlab", Event: EventNone, Actor: e["GITLAB_USER_LOGIN"], URL: e.first("CI_PIPELINE_URL", "CI_JOB_URL")}
	ci.branch = e.first("CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
	ci.tag, ci.defaultBranch = e["CI_COMMIT_TAG"], e["CI_DEFAULT_BRANCH"]
	switch e["CI_PIPELINE_SOURCE"] {
	case "push":
		ci.Event = ci.pushed()
	case "merge_request_event", "external_pull_request_event":
		ci.Event = EventPullRequest
	case "schedule":
		ci.Event = EventSchedule
	case "web", "api", "trigger", "pipeline", "parent_pipeline", "chat", "webide":
		ci.Event = EventManual
	}
	if n, err := strconv.Atoi(e["CI_MERGE_REQUEST_IID"]); err == nil {
		ci.PullRequest = &PullRequest{Number: n, Title: e["CI_MERGE_REQUEST_TITLE"], Author: e["GITLAB_USER_LOGIN"],
			Branch: e["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"], Base: e["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]}
	} else if n, err := strconv.Atoi(e["CI_EXTERNAL_PULL_REQUEST_IID"]); err == nil {
		ci.PullRequest = &PullRequest{Number: n, Branch: e["CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME"], Base: e["CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"]}
	}
	return ci
}
