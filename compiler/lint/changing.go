package lint

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	shell "github.com/pipelang/pipe/lang/script"
)

// changing are commands that change something beyond the machine, with the words that say so;
// a word "" is any.
var changing = map[string][]string{
	"git": {"push"}, "docker": {"push", "image push", "stack deploy"}, "podman": {"push"}, "skopeo": {"copy"}, "crane": {"push", "copy"},
	"kubectl": {"apply", "create", "delete", "replace", "patch", "rollout restart", "rollout undo", "set", "scale"},
	"helm":    {"install", "upgrade", "uninstall", "rollback", "push"}, "terraform": {"apply", "destroy"}, "tofu": {"apply", "destroy"},
	"pulumi": {"up", "destroy"}, "cdk": {"deploy", "destroy"}, "serverless": {"deploy"}, "ansible-playbook": {""},
	"npm": {"publish"}, "yarn": {"publish", "npm publish"}, "pnpm": {"publish"}, "twine": {"upload"}, "cargo": {"publish"}, "gem": {"push"},
	"mvn": {"deploy"}, "gradle": {"publish"}, "goreleaser": {"release"}, "poetry": {"publish"}, "uv": {"publish"}, "flit": {"publish"},
	"gh": {"release create", "release upload", "release edit"}, "fly": {"deploy"}, "flyctl": {"deploy"}, "heroku": {"container:release"},
	"kamal": {"deploy", "redeploy", "rollback"}, "wrangler": {"deploy"}, "vercel": {"deploy"}, "netlify": {"deploy"},
	"aws": {"cloudformation deploy", "cloudformation create-stack", "cloudformation update-stack", "cloudformation delete-stack", "ecs update-service",
		"lambda update-function-code", "deploy create-deployment", "elasticbeanstalk update-environment"},
	"gcloud": {"run deploy", "app deploy", "functions deploy"}, "az": {"webapp deploy", "webapp up", "containerapp up", "containerapp update", "deployment group create"},
	"sam": {"deploy"}, "eb": {"deploy"}, "sls": {"deploy"}, "cf": {"push"}, "oc": {"apply", "rollout latest", "rollout restart", "rollout undo"}, "terragrunt": {"apply", "destroy"}, "copilot": {"deploy"},
	"docker-compose": {"push"}, "railway": {"up"}, "firebase": {"deploy"}, "supabase": {"db push", "functions deploy"}, "skaffold": {"deploy", "run"},
	"argocd": {"app sync"}, "flux": {"reconcile"}, "nomad": {"job run"},
}

// effect is the first command of an op's scripts that changes something beyond the machine, as
// "git push"; "" when there is none.
func (p *pass) effect(o *check.Op) string {
	if e, ok := check.NativeEffect(o); ok && e.Publishes {
		return e.Does
	}
	for _, c := range p.commands(o) {
		if c.Branch && len(o.Params) > 0 {
			continue // whoever calls it may choose
		}
		name, words := launched(c)
		for _, verb := range changing[name] {
			if (words == verb || strings.HasPrefix(words, verb+" ") || verb == "") && !rehearsed(c) {
				return strings.TrimSpace(name + " " + verb)
			}
		}
	}
	return ""
}

// launchers run the program that their words name after these.
var launchers = map[string][]string{
	"npx": {""}, "bunx": {""}, "uvx": {""}, "pipx": {"run"}, "npm": {"exec"}, "yarn": {"dlx", "exec"}, "pnpm": {"dlx", "exec"}, "uv": {"run", "tool run"},
	"poetry": {"run"}, "pdm": {"run"}, "pipenv": {"run"}, "hatch": {"run"}, "bundle": {"exec"}, "python": {""}, "python3": {""}, "mise": {"exec"},
}

// launched is the program that a command comes to, and its words that are no flags.
func launched(c shell.Command) (name, words string) {
	name, words = program(c.Name), leading(c)
	for range 3 {
		verbs, ok := launchers[name]
		i := slices.IndexFunc(verbs, func(v string) bool { return v == "" || strings.HasPrefix(words, v+" ") })
		if !ok || i < 0 {
			break
		}
		inner, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(words, verbs[i]), " "), " ")
		if changing[program(inner)] == nil && launchers[program(inner)] == nil {
			break
		}
		name, words = program(inner), rest
	}
	return name, words
}

// leading are a command's words that are no flags.
func leading(c shell.Command) string {
	var words []string
	for _, a := range c.Args {
		if a.Static && !strings.HasPrefix(a.Text, "-") {
			words = append(words, a.Text)
		}
	}
	return strings.Join(words, " ")
}

// rehearsed says that a command only shows what it would do, does it on this machine alone, or only takes away.
func rehearsed(c shell.Command) bool {
	name := program(c.Name)
	if last := len(c.Args) - 1; name == "skopeo" && last >= 0 && c.Args[last].Static && !strings.HasPrefix(c.Args[last].Text, "docker://") {
		return true
	}
	return slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
		switch a.Text {
		case "--check", "--snapshot", "--help", "-help", "--syntax-check", "--list-tasks", "--list-hosts", "--list-tags":
			return true
		case "-n", "-d", "--delete":
			return name == "git"
		case "--dry-run=none":
			return false
		}
		switch name {
		case "docker", "podman", "skopeo", "crane":
			if a.Static && isLocal(a.Text) {
				return true
			}
		case "mvn", "mvnw":
			if strings.Contains(a.Text, "::file:") {
				return true
			}
		}
		return strings.HasPrefix(a.Text, "--dry-run")
	})
}
