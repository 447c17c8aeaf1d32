package lint

import (
	"strings"

	shell "github.com/pipelang/pipe/lang/script"
)

// globalOptions are the options with a word of their own that stand before what a program is to do, each after a space:
// kubectl -n prod apply.
func globalOptions(name string) string {
	switch name {
	case "git":
		return " -C -c --git-dir --work-tree --namespace --config-env --attr-source"
	case "docker":
		return " -c --context --config -H --host -l --log-level --tlscacert --tlscert --tlskey" + composeOptions
	case "docker-compose", "podman-compose":
		return composeOptions + " -c --context -H --host --log-level --tlscacert --tlscert --tlskey"
	case "podman":
		return " -c --connection --url --identity --log-level --root --runroot --runtime --runtime-flag --storage-driver --storage-opt --cgroup-manager --tmpdir --config --module" + composeOptions
	case "nerdctl":
		return " -n --namespace -a --address -H --host --snapshotter --storage-driver --data-root --cgroup-manager --cni-path --cni-netconfpath --hosts-dir" + composeOptions
	case "skopeo":
		return " --policy --registries.d --override-arch --override-os --override-variant --command-timeout --tmpdir"
	case "crane":
		return " --platform"
	case "kubectl", "oc":
		return " -n --namespace --context --cluster --user --kubeconfig -s --server --token --as --as-group --as-uid --cache-dir --certificate-authority --client-certificate --client-key --password --username --profile --profile-output --request-timeout --tls-server-name -v --v --vmodule --loglevel --log-flush-frequency"
	case "helm":
		return " -n --namespace --kube-context --kubeconfig --kube-apiserver --kube-as-user --kube-as-group --kube-ca-file --kube-token --kube-tls-server-name --registry-config --repository-cache --repository-config --burst-limit --qps"
	case "flux", "skaffold":
		return " -n --namespace --context --kube-context --kubeconfig --as --as-group --cluster --server --timeout --token --user -v --verbosity -p --profile -f --filename -m --module"
	case "argocd":
		return " --server --auth-token --config --argocd-context --kube-context --loglevel --logformat -H --header --port-forward-namespace --server-name --server-crt --client-crt --client-crt-key --controller-name --redis-name --repo-server-name --http-retry-max"
	case "nomad":
		return " -address --address -region --region -namespace --namespace -token --token -ca-cert -ca-path -client-cert -client-key -tls-server-name"
	case "terragrunt":
		return " --working-dir --terragrunt-working-dir --config --terragrunt-config --log-level --terragrunt-log-level --terragrunt-source --source --terragrunt-iam-role --iam-assume-role --terragrunt-parallelism --parallelism --terragrunt-download-dir --download-dir --terragrunt-include-dir --queue-include-dir --terragrunt-exclude-dir --queue-exclude-dir"
	case "pulumi":
		return " -C --cwd -s --stack --color -v --verbose --profiling --tracing --memprofilerate"
	case "aws":
		return " --region --profile --output --endpoint-url --query --ca-bundle --color --cli-read-timeout --cli-connect-timeout --cli-binary-format"
	case "sam", "eb", "copilot":
		return " --region -r --profile --config-file --config-env -a --app"
	case "cdk":
		return " -a --app -c --context --profile --plugin -r --role-arn -o --output --toolkit-stack-name --proxy --ca-bundle-path -p"
	case "serverless", "sls":
		return " -c --config -s --stage -r --region -p --aws-profile --param --org --app --service"
	case "gcloud":
		return " --project --account --configuration --impersonate-service-account --format --verbosity --billing-project --access-token-file --flags-file --flatten --filter --trace-token --region --zone"
	case "az":
		return " --subscription -o --output --query -g --resource-group"
	case "firebase", "supabase", "railway":
		return " -P --project --token --config --workdir --profile --dns-resolver --network-id -o --output -s --service -e --environment"
	case "fly", "flyctl", "heroku":
		return " -a --app -c --config -t --access-token -r --remote"
	case "kamal":
		return " -c --config-file -d --destination --version -h --hosts -r --roles"
	case "wrangler":
		return " -c --config -e --env --cwd --env-file"
	case "vercel", "netlify":
		return " -t --token -S --scope -T --team -A --local-config -Q --global-config --cwd --auth --filter -s --site"
	case "gh":
		return " -R --repo"
	case "npm", "yarn", "pnpm":
		return " --prefix -C --dir --cwd -w --workspace -F --filter --registry --userconfig --loglevel --tag"
	case "cargo":
		return " -C --config -Z --color --manifest-path"
	case "ssh":
		return " -p -i -o -l -F -J -L -R -D -b -c -E -e -I -m -O -Q -S -W -w -B"
	case "go":
		return " -C"
	case "mvn", "mvnw":
		return " -f --file -pl --projects -P --activate-profiles -s --settings -gs --global-settings -t --toolchains -T --threads -l --log-file -b --builder -rf --resume-from"
	case "gradle", "gradlew":
		return " -p --project-dir -b --build-file -c --settings-file -I --init-script -x --exclude-task -g --gradle-user-home --max-workers --console --project-cache-dir"
	case "poetry", "pdm", "uv", "flit", "hatch", "twine":
		return " -C --directory -P --project --config-file --color --cache-dir -f --ini-file -p --python -e --env --with --extra --group"
	}
	return ""
}

// composeOptions are those of the program for several containers.
const composeOptions = " -f --file -p --project-name --profile --env-file --project-directory --ansi --progress --parallel"

// takesWord says that a word is an option of a program whose value is the next word.
func takesWord(options, word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	for {
		i := strings.Index(options, word)
		if i < 0 {
			return false
		}
		end := i + len(word)
		if i > 0 && options[i-1] == ' ' && (end == len(options) || options[end] == ' ') {
			return true
		}
		options = options[end:]
	}
}

// operands are the places of a command's words that are no flags, and no values of a program's global options.
func operands(c shell.Command) (at []int) {
	name := program(c.Name)
	options := globalOptions(name)
	for i := 0; i < len(c.Args); i++ {
		switch a := c.Args[i]; {
		case !a.Static:
		case takesWord(options, a.Text):
			i++
		case strings.HasPrefix(a.Text, "-"), name == "cargo" && strings.HasPrefix(a.Text, "+"): // cargo +nightly publish
		default:
			at = append(at, i)
		}
	}
	return at
}

// leading are a command's words that say what it is to do.
func leading(c shell.Command) string { return wordsAt(c, operands(c)) }

// wordsAt are a command's words at some places.
func wordsAt(c shell.Command, at []int) string {
	words := make([]string, len(at))
	for i, j := range at {
		words[i] = c.Args[j].Text
	}
	return strings.Join(words, " ")
}

// plainOf are the words of a program that say what it is to do.
func plainOf(name string, words []string) (out []string) {
	options := globalOptions(name)
	out = make([]string, 0, len(words))
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case takesWord(options, w):
			i++
		case strings.HasPrefix(w, "-"), name == "cargo" && strings.HasPrefix(w, "+"):
		default:
			out = append(out, w)
		}
	}
	return out
}
