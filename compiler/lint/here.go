package lint

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	shell "github.com/pipelang/pipe/lang/script"
)

// here says that a command changes something on this machine alone: a cluster, a registry or another service that runs
// here, or a repository in a folder.
func here(c shell.Command) bool {
	switch program(c.Name) {
	case "kubectl", "oc", "helm", "skaffold", "flux":
		return slices.ContainsFunc(contexts(c.Args), ofLocalCluster) || follows(leading(c), "push") && slices.ContainsFunc(c.Args, toLocal)
	case "aws", "sam", "npm", "yarn", "pnpm", "twine", "poetry", "uv", "cargo", "gem":
		return slices.ContainsFunc(c.Args, toLocal)
	case "git":
		at := operands(c)
		return len(at) > 1 && isFolder(c.Args[at[1]].Text)
	}
	return false
}

// contexts are the names of the clusters that a command is told to work on.
func contexts(args []shell.Arg) (names []string) {
	for i, a := range args {
		option, value, glued := strings.Cut(a.Text, "=")
		switch {
		case option != "--context" && option != "--kube-context":
		case glued:
			names = append(names, value)
		case i+1 < len(args):
			names = append(names, args[i+1].Text)
		}
	}
	return names
}

// ofLocalCluster says that a context is one that a program for clusters on this machine makes.
func ofLocalCluster(context string) bool {
	switch context {
	case "minikube", "docker-desktop", "rancher-desktop", "orbstack", "colima", "microk8s":
		return true
	}
	return strings.HasPrefix(context, "kind-") || strings.HasPrefix(context, "k3d-")
}

// makesCluster says that a command makes a cluster on this machine, which is then the one that others work on.
func makesCluster(c shell.Command) bool {
	switch program(c.Name) {
	case "kind", "ctlptl":
		return follows(leading(c), "create cluster")
	case "k3d":
		return follows(leading(c), "cluster create")
	case "minikube", "crc":
		return follows(leading(c), "start")
	}
	return false
}

// onMadeCluster says that a command works on the cluster that one before it made.
func onMadeCluster(before []shell.Command, c shell.Command) bool {
	return onCurrentCluster(c) && slices.ContainsFunc(before, makesCluster)
}

// onCurrentCluster says that a command works on the cluster that was made or chosen last.
func onCurrentCluster(c shell.Command) bool {
	switch program(c.Name) {
	case "kubectl", "helm", "skaffold", "flux":
		return len(contexts(c.Args)) == 0
	}
	return false
}

// ownCluster says that a setting tells which cluster an op works on.
func ownCluster(o *check.Op) (found bool) {
	for _, it := range o.Items {
		env, ok := it.(*ast.Env)
		if !ok {
			continue
		}
		for _, e := range env.Entries {
			if e.Name.Text != "KUBECONFIG" {
				continue
			}
			ast.Inspect(e.Value, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				found = found || ok && id.Name == "settings"
				return !found
			})
		}
	}
	return found
}

// toLocal says that a word is an address of this machine, or an option with one.
func toLocal(a shell.Arg) bool {
	if _, value, glued := strings.Cut(a.Text, "="); glued && strings.HasPrefix(a.Text, "--") {
		return isLocal(value)
	}
	return isLocal(a.Text)
}

// isFolder says that the name of a repository is that of a folder.
func isFolder(remote string) bool {
	return strings.HasPrefix(remote, "/") || strings.HasPrefix(remote, "./") || strings.HasPrefix(remote, "../") || strings.HasPrefix(remote, "file://")
}
