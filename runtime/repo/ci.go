package repo

import (
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
	Name        string // "github", "gitlab", "buildkite", "ci" for any other; "" outside
	Event       string // one of the Event constants
	Actor       string
	URL         string // of the run's page; "" when it holds what no plain URL does
	PullRequest *PullRequest

	branch, tag, defaultBranch string // for a checkout that does not know them
}

// PullRequest is the change that a run is about: GitHub's pull request, GitLab's merge
// request. A text that the service does not tell is "".
type PullRequest struct {
	Number int
	Title  string
	Author string
	Branch string // that the change comes from
	Base   string // that it is to go to: who asks chooses among those that are there
}

// environment looks variables up.
type environment map[string]string

// detectCI reads what the service says. An error is a file of the service's that cannot be
// what it says it is; a run must not take another way because of that.
func detectCI(environ []string) (CI, error) {
	env := environment{}
	for _, kv := range environ {
		name, v, _ := strings.Cut(kv, "=")
		env[name] = v
	}
	ci, err := env.service()
	ci.URL = plainURL(ci.URL)
	return ci, err
}

// InCI says that an environment, NAME=value, is that of a CI service.
func InCI(environ []string) bool {
	ci, err := detectCI(environ)
	return err != nil || ci.Name != ""
}

func (e environment) service() (CI, error) {
	switch {
	case e["GITHUB_ACTIONS"] == "true":
		return e.github()
	case e["GITLAB_CI"] == "true":
		return e.gitlab(), nil
	case e["BUILDKITE"] == "true":
		return e.buildkite(), nil
	case e["CI"] != "" && e["CI"] != "false" && e["CI"] != "0":
		return CI{Name: "ci", Event: EventNone, URL: e.first("BUILD_URL", "CIRCLE_BUILD_URL", "DRONE_BUILD_LINK", "CI_PIPELINE_URL")}, nil
	}
	return CI{Event: EventNone}, nil
}

func (e environment) first(names ...string) string {
	for _, n := range names {
		if e[n] != "" {
			return e[n]
		}
	}
	return ""
}

// pushed is the event of a push: that of a tag where there is one.
func (c *CI) pushed() string {
	if c.tag != "" {
		return EventTag
	}
	return EventPush
}

// maxURL is longer than any page's address.
const maxURL = 4 << 10

// plainURL is a page's address, or "" for one that holds other characters than services put
// there: ci.url is no stranger's text, and some services build it from the branch's name.
func plainURL(s string) string {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") || len(s) > maxURL {
		return ""
	}
	for _, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune("-._~:/?#@&=+,%", rune(c)) {
			return ""
		}
	}
	return s
}
