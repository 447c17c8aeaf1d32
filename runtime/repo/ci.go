package repo

import (
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
)

// The events that start a run.
const (
	EventPush        = "push"
	EventPullRequest = "pull_request"
	EventTag         = "tag"
	EventSchedule    = "schedule"
	EventManual      = "manual"
	EventNone        = "none" // not in CI, or for another reason
)

// CI is what a CI service says of why it runs. Strangers may have chosen Actor and all texts
// of PullRequest.
type CI struct {
	Name        string // "github", "gitlab", "ci" for any other; "" outside
	Event       string // one of the Event constants
	Actor       string
	URL         string // of the run's page
	PullRequest *PullRequest

	branch, tag, defaultBranch string // for a checkout that does not know them
}

// PullRequest is the change that a run is about: GitHub's pull request, GitLab's merge request.
type PullRequest struct {
	Number int
	Title  string
	Author string
	Branch string // that the change comes from
}

// environment looks variables up.
type environment map[string]string

func detectCI(environ []string) CI {
	env := environment{}
	for _, kv := range environ {
		name, v, _ := strings.Cut(kv, "=")
		env[name] = v
	}
	switch {
	case env["GITHUB_ACTIONS"] == "true":
		return env.github()
	case env["GITLAB_CI"] == "true":
		return env.gitlab()
	case env["CI"] != "" && env["CI"] != "false" && env["CI"] != "0":
		return CI{Name: "ci", Event: EventNone, URL: env.first("BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL", "DRONE_BUILD_LINK", "CI_PIPELINE_URL")}
	}
	return CI{Event: EventNone}
}

func (e environment) first(names ...string) string {
	for _, n := range names {
		if e[n] != "" {
			return e[n]
		}
	}
	return ""
}

// githubEvent is what is read of the file that GITHUB_EVENT_PATH names.
type githubEvent struct {
	PullRequest *struct {
		Number int
		Title  string
		User   struct{ Login string }
		Head   struct{ Ref string }
	} `json:"pull_request"`
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	}
}

func (e environment) github() CI {
	ci := CI{Name: "github", Event: EventNone, Actor: e["GITHUB_ACTOR"]}
	if e["GITHUB_SERVER_URL"] != "" && e["GITHUB_REPOSITORY"] != "" {
		ci.URL = e["GITHUB_SERVER_URL"] + "/" + e["GITHUB_REPOSITORY"] + "/actions/runs/" + e["GITHUB_RUN_ID"]
	}
	event := readEvent(e["GITHUB_EVENT_PATH"])
	ci.defaultBranch = event.Repository.DefaultBranch
	switch e["GITHUB_REF_TYPE"] {
	case "branch":
		ci.branch = e.first("GITHUB_HEAD_REF", "GITHUB_REF_NAME")
	case "tag":
		ci.tag = e["GITHUB_REF_NAME"]
	}
	switch e["GITHUB_EVENT_NAME"] {
	case "push":
		ci.Event = EventPush
		if ci.tag != "" {
			ci.Event = EventTag
		}
	case "release", "create":
		if ci.tag != "" {
			ci.Event = EventTag
		}
	case "pull_request", "pull_request_target":
		ci.Event = EventPullRequest
	case "schedule":
		ci.Event = EventSchedule
	case "workflow_dispatch", "repository_dispatch":
		ci.Event = EventManual
	}
	if pr := event.PullRequest; pr != nil {
		ci.PullRequest = &PullRequest{Number: pr.Number, Title: pr.Title, Author: pr.User.Login, Branch: pr.Head.Ref}
		ci.branch = pr.Head.Ref
	}
	return ci
}

// readEvent gives an empty event for a file that is not there or not JSON: nothing depends on it.
func readEvent(path string) githubEvent {
	var event githubEvent
	f, err := os.Open(path)
	if err != nil {
		return event
	}
	defer f.Close()
	if data, err := io.ReadAll(io.LimitReader(f, 16<<20)); err != nil || json.Unmarshal(data, &event) != nil {
		return githubEvent{}
	}
	return event
}

func (e environment) gitlab() CI {
	ci := CI{Name: "gitlab", Event: EventNone, Actor: e["GITLAB_USER_LOGIN"], URL: e.first("CI_PIPELINE_URL", "CI_JOB_URL")}
	ci.branch = e.first("CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
	ci.tag, ci.defaultBranch = e["CI_COMMIT_TAG"], e["CI_DEFAULT_BRANCH"]
	switch e["CI_PIPELINE_SOURCE"] {
	case "push":
		ci.Event = EventPush
		if ci.tag != "" {
			ci.Event = EventTag
		}
	case "merge_request_event", "external_pull_request_event":
		ci.Event = EventPullRequest
	case "schedule":
		ci.Event = EventSchedule
	case "web", "api", "trigger", "pipeline", "parent_pipeline", "chat", "webide":
		ci.Event = EventManual
	}
	if n, err := strconv.Atoi(e["CI_MERGE_REQUEST_IID"]); err == nil {
		ci.PullRequest = &PullRequest{Number: n, Title: e["CI_MERGE_REQUEST_TITLE"], Author: e["GITLAB_USER_LOGIN"], Branch: e["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"]}
	}
	return ci
}
