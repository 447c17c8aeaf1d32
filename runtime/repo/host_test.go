package repo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
)

func list(texts ...string) value.List {
	out := value.List{}
	for _, s := range texts {
		out = append(out, value.String(s))
	}
	return out
}

func TestHost(t *testing.T) {
	w := gitWork(t)
	w.write("app/a.py", "")
	w.write("app/[x]/b.py", "")
	w.write("lib/c.py", "")
	w.write("app/v.json", `{"n": 1, "f": 1.5, "l": [true, null]}`)
	w.write("app/v.yaml", "n: 1\nt: 2025-01-01T00:00:00Z\n")
	w.write("app/two.yaml", "a: 1\n---\nb: 2\n")
	w.write("app/bad.json", `{"a": }`)
	w.write("app/empty.yaml", "")
	r := w.open()
	root, app := r.Host(""), r.Host("/app/")
	tests := []struct {
		name     string
		host     *Host
		function string
		args     []value.Value
		want     value.Value
		err      string
	}{
		{"glob", root, "glob", list("**/*.py"), list("app/[x]/b.py", "app/a.py", "lib/c.py"), ""},
		{"glob of the folder", app, "glob", list("*.py"), list("a.py"), ""},
		{"glob of a list", app, "glob", value.List{list("./*.py", "[[]x]/*")}, list("a.py", "[x]/b.py"), ""},
		{"glob of the root", app, "glob", list("/lib/*"), list("/lib/c.py"), ""},
		{"glob upward", app, "glob", list("../lib/*.py"), list("/lib/c.py"), ""},
		{"glob twice", root, "glob", list("lib/*", "lib/c.py"), list("lib/c.py"), ""},
		{"folder with brackets", app.In("app/[x]"), "glob", list("*"), list("b.py"), ""},
		{"glob out", app, "glob", list("../../x"), nil, "leaves the repository"},
		{"bad glob", app, "glob", list("["), nil, `"[" is no glob`},
		{"changed", root, "git.changed", list("lib/**"), list("lib/c.py"), ""},
		{"changed below", app, "git.changed", list("*.py"), list("a.py"), ""},
		{"text", app, "text", list("/README"), value.String("hello\n"), ""},
		{"text upward", app, "text", list("../README"), value.String("hello\n"), ""},
		{"text out", app, "text", list("../../README"), nil, "no file in the repository"},
		{"json", app, "json", list("v.json"), value.JSON{Data: map[string]any{"n": int64(1), "f": 1.5, "l": []any{true, nil}}}, ""},
		{"yaml", app, "yaml", list("v.yaml"), value.JSON{Data: map[string]any{"n": int64(1), "t": "2025-01-01T00:00:00Z"}}, ""},
		{"empty yaml", app, "yaml", list("empty.yaml"), value.JSON{}, ""},
		{"two documents", app, "yaml", list("two.yaml"), nil, "more than one document"},
		{"bad json", app, "json", list("bad.json"), nil, `file "bad.json" is no JSON: invalid character`},
		{"no path", app, "json", nil, nil, "json wants one path, found 0"},
		{"no text", app, "text", value.List{value.Int(1)}, nil, "text wants text"},
		{"another function", app, "junit", list("x"), nil, "no function of the repository"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.host.Call(context.Background(), tt.function, tt.args)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDetectCI(t *testing.T) {
	event := filepath.Join(t.TempDir(), "event.json")
	body := `{"repository":{"default_branch":"trunk"},"pull_request":{"number":7,"title":"$(id)\n","user":{"login":"eve"},"head":{"ref":"topic"},"base":{"ref":"rel"}}}`
	if err := os.WriteFile(event, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	github := func(more ...string) []string {
		return append([]string{"CI=true", "GITHUB_ACTIONS=true", "GITHUB_ACTOR=ann", "GITHUB_SERVER_URL=https://h", "GITHUB_REPOSITORY=o/n", "GITHUB_RUN_ID=9"}, more...)
	}
	const page = "https://h/o/n/actions/runs/9"
	tests := map[string]struct {
		environ []string
		want    CI
	}{
		"none":              {[]string{"HOME=/"}, CI{Event: "none"}},
		"false":             {[]string{"CI=false"}, CI{Event: "none"}},
		"generic":           {[]string{"CI=1", "BUILD_URL=https://b"}, CI{Name: "ci", Event: "none", URL: "https://b"}},
		"github push":       {github("GITHUB_EVENT_NAME=push", "GITHUB_REF_TYPE=branch", "GITHUB_REF_NAME=main"), CI{Name: "github", Event: "push", Actor: "ann", URL: page, branch: "main"}},
		"github tag":        {github("GITHUB_EVENT_NAME=push", "GITHUB_REF_TYPE=tag", "GITHUB_REF_NAME=v1"), CI{Name: "github", Event: "tag", Actor: "ann", URL: page, tag: "v1"}},
		"github pull":       {github("GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH="+event), CI{Name: "github", Event: "pull_request", Actor: "ann", URL: page, PullRequest: &PullRequest{7, "$(id)\n", "eve", "topic", "rel"}, branch: "topic", defaultBranch: "trunk"}},
		"github manual":     {github("GITHUB_EVENT_NAME=workflow_dispatch"), CI{Name: "github", Event: "manual", Actor: "ann", URL: page}},
		"github schedule":   {github("GITHUB_EVENT_NAME=schedule"), CI{Name: "github", Event: "schedule", Actor: "ann", URL: page}},
		"github other":      {github("GITHUB_EVENT_NAME=fork", "GITHUB_EVENT_PATH=/nowhere"), CI{Name: "github", Event: "none", Actor: "ann", URL: page}},
		"gitlab push":       {[]string{"GITLAB_CI=true", "CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH=x", "CI_PIPELINE_URL=https://u/-/pipelines/1", "GITLAB_USER_LOGIN=bob"}, CI{Name: "gitlab", Event: "push", Actor: "bob", URL: "https://u/-/pipelines/1", branch: "x"}},
		"gitlab tag":        {[]string{"GITLAB_CI=true", "CI_PIPELINE_SOURCE=push", "CI_COMMIT_TAG=v2"}, CI{Name: "gitlab", Event: "tag", tag: "v2"}},
		"gitlab merge":      {[]string{"GITLAB_CI=true", "CI_PIPELINE_SOURCE=merge_request_event", "CI_MERGE_REQUEST_IID=3", "CI_MERGE_REQUEST_TITLE=t", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=s", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=m"}, CI{Name: "gitlab", Event: "pull_request", PullRequest: &PullRequest{Number: 3, Title: "t", Branch: "s", Base: "m"}, branch: "s"}},
		"gitlab by hand":    {[]string{"GITLAB_CI=true", "CI_PIPELINE_SOURCE=web"}, CI{Name: "gitlab", Event: "manual"}},
		"hostile URL":       {[]string{"CI=1", "BUILD_URL=https://b/$(id)"}, CI{Name: "ci", Event: "none"}},
		"URL of no page":    {[]string{"CI=1", "BUILD_URL=javascript:x"}, CI{Name: "ci", Event: "none"}},
		"gitlab external":   {[]string{"GITLAB_CI=true", "CI_PIPELINE_SOURCE=external_pull_request_event", "CI_EXTERNAL_PULL_REQUEST_IID=4", "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME=s", "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME=m"}, CI{Name: "gitlab", Event: "pull_request", PullRequest: &PullRequest{Number: 4, Branch: "s", Base: "m"}}},
		"buildkite push":    {[]string{"CI=true", "BUILDKITE=true", "BUILDKITE_SOURCE=webhook", "BUILDKITE_BRANCH=b", "BUILDKITE_PULL_REQUEST=false", "BUILDKITE_PIPELINE_DEFAULT_BRANCH=d", "BUILDKITE_BUILD_CREATOR=eve", "BUILDKITE_BUILD_URL=https://b/1"}, CI{Name: "buildkite", Event: "push", Actor: "eve", URL: "https://b/1", branch: "b", defaultBranch: "d"}},
		"buildkite tag":     {[]string{"BUILDKITE=true", "BUILDKITE_SOURCE=webhook", "BUILDKITE_TAG=v1"}, CI{Name: "buildkite", Event: "tag", tag: "v1"}},
		"buildkite pull":    {[]string{"BUILDKITE=true", "BUILDKITE_SOURCE=webhook", "BUILDKITE_BRANCH=b", "BUILDKITE_PULL_REQUEST=9", "BUILDKITE_PULL_REQUEST_BASE_BRANCH=d"}, CI{Name: "buildkite", Event: "pull_request", PullRequest: &PullRequest{Number: 9, Branch: "b", Base: "d"}, branch: "b"}},
		"buildkite by hand": {[]string{"BUILDKITE=true", "BUILDKITE_SOURCE=ui"}, CI{Name: "buildkite", Event: "manual"}},
		"gitlab unexpected": {[]string{"GITLAB_CI=true", "CI_PIPELINE_SOURCE=security_orchestration_policy"}, CI{Name: "gitlab", Event: "none"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := detectCI(tt.environ)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(CI{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValues(t *testing.T) {
	w := gitWork(t)
	r := w.open("GITLAB_CI=true", "CI_MERGE_REQUEST_IID=3")
	got := r.Values()
	git := got["git"].(value.Record)
	if _, tagged := git["tag"]; tagged || git["branch"] != value.String("main") || git["dirty"] != value.Bool(false) {
		t.Errorf("git is %v", git)
	}
	pr := got["ci"].(value.Record)["pull_request"].(value.Record)
	if pr["number"] != value.Int(3) {
		t.Errorf("pull request is %v", pr)
	}
	if run := got["run"].(value.Record); run["id"] != value.String("") || run["started"] == nil {
		t.Errorf("run is %v", run)
	}
	first, err := Digest(got)
	if err != nil || !strings.HasPrefix(first, "sha256:") {
		t.Fatal(first, err)
	}
	git["branch"] = value.String("other")
	if second, err := Digest(got); err != nil || second == first {
		t.Errorf("another value has the same digest: %v", err)
	}
}
