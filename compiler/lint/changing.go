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
	"git": {"push"}, "docker": {"push", "image push", "compose push", "stack deploy"}, "podman": {"push", "image push"}, "nerdctl": {"push", "image push"}, "skopeo": {"copy"}, "crane": {"push", "copy"},
	"kubectl": {"apply", "create", "delete", "replace", "patch", "rollout restart", "rollout undo", "set", "scale"},
	"helm":    {"install", "upgrade", "uninstall", "rollback", "push"}, "terraform": {"apply", "destroy"}, "tofu": {"apply", "destroy"},
	"pulumi": {"up", "destroy"}, "cdk": {"deploy", "destroy"}, "serverless": {"deploy"}, "ansible-playbook": {""},
	"npm": {"publish"}, "yarn": {"publish", "npm publish"}, "pnpm": {"publish"}, "twine": {"upload"}, "cargo": {"publish"}, "gem": {"push"},
	"mvn": {"deploy"}, "mvnw": {"deploy"}, "gradle": {"publish"}, "gradlew": {"publish"}, "goreleaser": {"release"}, "poetry": {"publish"}, "uv": {"publish"}, "flit": {"publish"}, "pdm": {"publish"}, "hatch": {"publish"}, "lerna": {"publish"}, "vsce": {"publish"}, "ovsx": {"publish"},
	"dotnet": {"nuget push"}, "nuget": {"push"}, "pod": {"trunk push"}, "dart": {"pub publish"}, "flutter": {"pub publish"}, "mkdocs": {"gh-deploy"}, "oras": {"push"}, "cosign": {"sign"},
	"gh": {"release create", "release upload", "release edit"}, "fly": {"deploy"}, "flyctl": {"deploy"}, "heroku": {"container:release"},
	"kamal": {"deploy", "redeploy", "rollback"}, "wrangler": {"deploy"}, "vercel": {"deploy"}, "netlify": {"deploy"},
	"aws": {"cloudformation deploy", "cloudformation create-stack", "cloudformation update-stack", "cloudformation delete-stack", "ecs update-service",
		"lambda update-function-code", "deploy create-deployment", "elasticbeanstalk update-environment"},
	"gcloud": {"run deploy", "app deploy", "functions deploy"}, "az": {"webapp deploy", "webapp up", "containerapp up", "containerapp update", "deployment group create"},
	"sam": {"deploy"}, "eb": {"deploy"}, "sls": {"deploy"}, "cf": {"push"}, "oc": {"apply", "rollout latest", "rollout restart", "rollout undo"}, "terragrunt": {"apply", "destroy", "run-all apply", "run-all destroy", "run apply", "run destroy"}, "copilot": {"deploy"},
	"docker-compose": {"push"}, "railway": {"up"}, "firebase": {"deploy"}, "supabase": {"db push", "functions deploy"}, "skaffold": {"deploy", "run"},
	"argocd": {"app sync"}, "flux": {"reconcile"}, "nomad": {"job run"},
}

// effect is the first command of an op's scripts that changes something beyond the machine, as
// "git push"; "" when there is none. One that changes a cluster comes after all others.
func (p *pass) effect(o *check.Op) string { return p.effectsOf(o).effect }

// effectsOf is what an op changes: effect, cluster and makes of its kind.
func (p *pass) effectsOf(o *check.Op) (k kind) {
	if e, ok := check.NativeEffect(o); ok && e.Publishes {
		return kind{effect: e.Does}
	}
	all := p.commands(o)
	for i, c := range all {
		k.makes = k.makes || makesCluster(c)
		if c.Choice && len(o.Params) > 0 || k.effect != "" && !k.cluster {
			continue // whoever calls it may choose
		}
		c = launched(c)
		if does := changedBy(c); does != "" && !onMadeCluster(all[:i], c) {
			k.takeIn(kind{effect: does, cluster: onCurrentCluster(c) && !ownCluster(o)})
		}
	}
	return k
}

// changedBy is what a command changes beyond the machine, as "git push"; "" when it does not.
func changedBy(c shell.Command) string {
	name := program(c.Name)
	verbs := changing[name]
	if len(verbs) == 0 {
		return ""
	}
	words := leading(c)
	for _, verb := range verbs {
		if does(c, words, verb) && !rehearsed(c) && !here(c) {
			return strings.TrimSpace(name + " " + verb)
		}
	}
	return ""
}

// launchers run the program that their words name after these.
var launchers = map[string][]string{
	"npx": {""}, "bunx": {""}, "uvx": {""}, "pipx": {"run"}, "npm": {"exec"}, "yarn": {"dlx", "exec"}, "pnpm": {"dlx", "exec"}, "uv": {"run", "tool run"},
	"poetry": {"run"}, "pdm": {"run"}, "pipenv": {"run"}, "hatch": {"run"}, "bundle": {"exec"}, "python": {""}, "python3": {""}, "mise": {"exec"},
}

// launched is the program that a command comes to, with its words.
func launched(c shell.Command) shell.Command {
	for range 3 {
		inner, ok := launches(c)
		if !ok {
			break
		}
		c = inner
	}
	return c
}

// launches is the program that a launcher runs, or another machine or a container, where that is one that is known.
func launches(c shell.Command) (inner shell.Command, ok bool) {
	for i := startsAt(c); i < min(len(c.Args), maxWords); i++ {
		a := c.Args[i]
		inner = shell.Command{Name: a.Text, At: a.At, Args: c.Args[i+1 : min(len(c.Args), maxWords)]}
		if !a.Static || changing[program(a.Text)] == nil {
			continue
		}
		words := leading(inner)
		if slices.ContainsFunc(changing[program(a.Text)], func(verb string) bool { return verb != "" && does(inner, words, verb) }) {
			return inner, true
		}
	}
	for _, verb := range launchers[program(c.Name)] {
		at, n := operands(c), len(strings.Fields(verb))
		if len(at) <= n || n > 0 && !follows(leading(c), verb) {
			continue
		}
		name := c.Args[at[n]].Text
		if p := program(name); changing[p] != nil || launchers[p] != nil {
			return shell.Command{Name: name, At: c.Args[at[n]].At, Args: c.Args[at[n]+1:]}, true
		}
	}
	return c, false
}

// startsAt is where in the words of a command those begin that another machine or a container runs; their number where
// none are.
func startsAt(c shell.Command) int {
	name := program(c.Name)
	if !slices.Contains(into, name) {
		return len(c.Args)
	}
	words := operands(c)
	said := wordsAt(c, words)
	for _, enters := range entering {
		if len(words) > enters.words && follows(said, enters.verb) {
			return words[enters.words]
		}
	}
	if name == "ssh" && len(words) > 1 {
		return words[1]
	}
	return len(c.Args)
}

// entering are the words by which a program runs what follows elsewhere, with their number.
var entering = []struct {
	verb  string
	words int
}{{"exec", 1}, {"run", 1}, {"rsh", 1}, {"container exec", 2}, {"container run", 2}, {"compose exec", 2}, {"compose run", 2}}

// does says that a command, by the words that lead it, does what a word, or several, say. Maven and Gradle are told
// several things in a row.
func does(c shell.Command, words, verb string) bool {
	if verb == "" || follows(words, verb) {
		return true
	}
	switch program(c.Name) {
	case "mvn", "mvnw", "gradle", "gradlew":
		return slices.ContainsFunc(strings.Fields(words), func(w string) bool { return w == verb || strings.HasSuffix(w, ":"+verb) })
	}
	return false
}

// follows says that words begin with those of another text.
func follows(words, verb string) bool {
	rest, found := strings.CutPrefix(words, verb)
	return found && (rest == "" || rest[0] == ' ')
}

// rehearsed says that a command only shows what it would do, does it on this machine alone, or only takes away.
func rehearsed(c shell.Command) bool {
	name := program(c.Name)
	if last := len(c.Args) - 1; name == "skopeo" && last >= 0 && c.Args[last].Static && !strings.HasPrefix(c.Args[last].Text, "docker://") {
		return true
	}
	if name == "vercel" || name == "netlify" { // of which everything else is a preview
		return !slices.ContainsFunc(c.Args, func(a shell.Arg) bool {
			return strings.HasPrefix(a.Text, "--prod") || a.Text == "-p" || strings.HasSuffix(a.Text, "production")
		})
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
