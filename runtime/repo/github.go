package repo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxEvent is the largest event file that is read, in bytes. GitHub sends 25 MB at most.
const maxEvent = 32 << 20

// githubEvent is what is read of the file that GITHUB_EVENT_PATH names.
type githubEvent struct {
	PullRequest *struct {
		Number int
		Title  string
		User   struct{ Login string }
		Head   struct{ Ref string }
		Base   struct{ Ref string }
	} `json:"pull_request"`
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	}
}

func (e environment) github() (CI, error) {
	ci := CI{Name: "github", Event: EventNone, Actor: e["GITHUB_ACTOR"]}
	if e["GITHUB_SERVER_URL"] != "" && e["GITHUB_REPOSITORY"] != "" {
		ci.URL = e["GITHUB_SERVER_URL"] + "/" + e["GITHUB_REPOSITORY"] + "/actions/runs/" + e["GITHUB_RUN_ID"]
	}
	switch e["GITHUB_REF_TYPE"] {
	case "branch":
		ci.branch = e.first("GITHUB_HEAD_REF", "GITHUB_REF_NAME")
	case "tag":
		ci.tag = e["GITHUB_REF_NAME"]
	}
	ci.Event = ci.githubEvent(e["GITHUB_EVENT_NAME"])
	event, err := readEvent(e["GITHUB_EVENT_PATH"], ci.Event)
	if err != nil {
		return CI{}, err
	}
	ci.defaultBranch = event.Repository.DefaultBranch
	if pr := event.PullRequest; pr != nil {
		ci.PullRequest = &PullRequest{Number: pr.Number, Title: pr.Title, Author: pr.User.Login, Branch: pr.Head.Ref, Base: pr.Base.Ref}
		ci.branch = pr.Head.Ref
	}
	return ci, nil
}

func (c *CI) githubEvent(name string) string {
	switch name {
	case "push":
		return c.pushed()
	case "release", "create":
		if c.tag != "" {
			return EventTag
		}
	case "pull_request", "pull_request_target":
		return EventPullRequest
	case "schedule":
		return EventSchedule
	case "workflow_dispatch", "repository_dispatch":
		return EventManual
	}
	return EventNone
}

// readEvent reads the service's file. One that is not there is empty, as in a container that
// was given the variables alone; but not that of a pull request, which then would be unknown.
func readEvent(path, name string) (event githubEvent, err error) {
	if path == "" {
		return event, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && name != EventPullRequest {
		return event, nil
	}
	if err != nil {
		return event, eventError(path, "cannot be read: "+reason(err).Error())
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return event, eventError(path, "is no regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxEvent+1))
	switch {
	case err != nil:
		return event, eventError(path, "cannot be read: "+reason(err).Error())
	case len(data) > maxEvent:
		return event, eventError(path, fmt.Sprintf("is larger than %d MiB", maxEvent>>20))
	}
	if err := json.Unmarshal(data, &event); err != nil {
		return githubEvent{}, eventError(path, "is not the event's JSON: "+jsonReason(err))
	}
	return event, nil
}

func eventError(path, why string) error {
	return fmt.Errorf("GITHUB_EVENT_PATH names %q, which %s", path, why)
}

// jsonReason says what is wrong without Go's words.
func jsonReason(err error) string {
	if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s holds a %s", bad.Field, bad.Value)
	}
	return err.Error()
}
