package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// wayToVariable says how a value that pipe knows under the name of a variable gets into a script:
// nothing of the surroundings is a variable by itself. It is "" where the name is nobody's.
func (p *pass) wayToVariable(o *check.Op, s *script, v shell.Variable) (string, []diag.Fix) {
	if v.Name == "settings" {
		return "settings are no variables: hand one over, as in env { HOST = settings.host }", nil
	}
	if fact := facts[v.Name]; fact != "" {
		return fmt.Sprintf("%s is the same everywhere: env { %s = %s }, or inherit it", fact, v.Name, fact), nil
	}
	if strings.HasPrefix(v.Name, "GITHUB_OUTPUT") || v.Name == "GITHUB_ENV" || v.Name == "GITHUB_STATE" {
		return `outputs are lines of "$PIPE_OUTPUT", which return reads as outputs.NAME`, nil
	}
	value, what := p.surrounding(o, v.Name)
	switch {
	case value == "":
		return "", nil
	case o.Decl != nil && value != v.Name:
		return fmt.Sprintf("%s is no variable: add a parameter %s and pass %s, or write env { %s = %s }", what, strings.ToLower(v.Name), value, v.Name, value), nil
	case o.Decl != nil:
		return fmt.Sprintf("%s is no variable: write env { %s = %s }", what, v.Name, value), nil
	}
	return fmt.Sprintf("%s is no variable: env { %s = %s } hands it over", what, v.Name, value), handOver(o, s, v.Name, value)
}

// surrounding is the value that an op's own expressions have under a variable's name, and what it is.
func (p *pass) surrounding(o *check.Op, variable string) (value, what string) {
	if l := p.within; l != nil {
		for _, q := range l.Params {
			if q.Name == variable {
				return variable, fmt.Sprintf("the pipeline's parameter %s", variable)
			}
		}
		if slices.ContainsFunc(l.Lets, func(d *check.Let) bool { return d.Name == variable }) {
			return variable, "let " + variable
		}
	}
	if slices.ContainsFunc(o.Module.Lets, func(d *check.Let) bool { return d.Name == variable && d.File == o.File }) {
		return variable, "let " + variable
	}
	if o.Module != p.program.Entry {
		return "", ""
	}
	for _, d := range p.program.Settings {
		if d.Name == variable || d.Name == strings.ToLower(variable) {
			return "settings." + d.Name, "setting " + d.Name
		}
	}
	return "", ""
}

// handOver adds an env entry, to those of the op or before its first script.
func handOver(o *check.Op, s *script, variable, value string) []diag.Fix {
	for _, it := range o.Items {
		env, ok := it.(*ast.Env)
		if !ok {
			continue
		}
		if len(env.Entries) == 0 || env.Range.Start < o.Inline.Range.Start {
			return nil // the file's defaults
		}
		last := env.Entries[len(env.Entries)-1]
		return []diag.Fix{{
			Message: "hand it over", Edits: []diag.Edit{{
				File: s.file, Span: source.Span{Start: last.Range.End, End: last.Range.End},
				Text: fmt.Sprintf("%s%s = %s", between(s.file, last.Range.Start), variable, value),
			}},
		}}
	}
	for _, it := range o.Items {
		r, ok := it.(*ast.Run)
		if !ok {
			continue
		}
		return []diag.Fix{{
			Message: "hand it over", Edits: []diag.Edit{{
				File: s.file, Span: source.Span{Start: r.Range.Start, End: r.Range.Start},
				Text: fmt.Sprintf("env { %s = %s }%s", variable, value, between(s.file, r.Range.Start)),
			}},
		}}
	}
	return nil
}

// between is what stands between two items at a place: a line of its own with the same indentation,
// or a semicolon.
func between(f *source.File, at int32) string {
	line := strings.LastIndexByte(f.Text[:at], '\n') + 1
	if indent := f.Text[line:at]; strings.TrimSpace(indent) == "" {
		return "\n" + indent
	}
	return "; "
}

// facts are what CI services put into variables, as pipe knows them on every machine.
var facts = map[string]string{
	"GITHUB_SHA": "git.commit", "CI_COMMIT_SHA": "git.commit", "BUILDKITE_COMMIT": "git.commit", "CIRCLE_SHA1": "git.commit", "GIT_COMMIT": "git.commit",
	"TRAVIS_COMMIT": "git.commit", "DRONE_COMMIT_SHA": "git.commit", "BITBUCKET_COMMIT": "git.commit", "BUILD_SOURCEVERSION": "git.commit",
	"GITHUB_REF_NAME": "git.branch", "GITHUB_HEAD_REF": "git.branch", "CI_COMMIT_BRANCH": "git.branch", "CI_COMMIT_REF_NAME": "git.branch",
	"BUILDKITE_BRANCH": "git.branch", "CIRCLE_BRANCH": "git.branch", "TRAVIS_BRANCH": "git.branch", "BITBUCKET_BRANCH": "git.branch",
	"GITHUB_ACTOR": "ci.actor", "GITLAB_USER_LOGIN": "ci.actor", "GITHUB_EVENT_NAME": "ci.event", "CI_PIPELINE_SOURCE": "ci.event",
	"GITHUB_RUN_ID": "run.id", "CI_PIPELINE_ID": "run.id", "BUILDKITE_BUILD_ID": "run.id", "GITHUB_REPOSITORY": "git.repo", "CI_PROJECT_PATH": "git.repo",
}
