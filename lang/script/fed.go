package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// refusesNothing says that a command fails when it is fed nothing, or less than a whole, so that the failure of what
// feeds it is its own.
func refusesNothing(name string, args []*syntax.Word) bool {
	words := make([]string, len(args))
	for i, a := range args {
		words[i], _ = literal(a.Parts)
	}
	has := func(long, short string) bool {
		return slices.ContainsFunc(words, func(w string) bool {
			return w == long || strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.Contains(w, short)
		})
	}
	switch name {
	case "docker", "podman", "nerdctl", "helm", "oras", "crane", "skopeo", "buildah":
		return slices.Contains(words, "login") && slices.Contains(words, "--password-stdin")
	case "tar", "bsdtar":
		return has("--extract", "x") || len(words) > 0 && !strings.HasPrefix(words[0], "-") && strings.Contains(words[0], "x")
	case "gpg", "gpg2":
		return slices.Contains(words, "--dearmor") || slices.Contains(words, "--import")
	case "gunzip", "zcat", "bunzip2", "unxz", "unzstd":
		return true
	case "gzip", "bzip2", "xz", "zstd":
		return has("--decompress", "d")
	case "diff", "cmp": // with what is not empty
		return slices.Contains(words, "-") || slices.Contains(words, "/dev/stdin")
	case "python", "python3":
		return slices.Contains(words, "json.tool")
	case "openssl":
		return len(words) > 0 && (words[0] == "x509" || words[0] == "req" || words[0] == "pkey" || words[0] == "rsa")
	case "git":
		return slices.Contains(words, "apply") || slices.Contains(words, "am")
	}
	return false
}

// wholeOrNothing says that a program prints its manifests when it has them all.
func wholeOrNothing(name string) bool {
	switch name {
	case "kubectl", "oc", "kustomize", "helm", "sops", "ytt", "kompose":
		return true
	}
	return false
}

// takesManifests says that a command makes what it is fed, and fails when that is nothing.
func (w *walker) takesManifests(s *syntax.Stmt) bool {
	call := plainCall(s)
	if call == nil {
		return false
	}
	if name := w.tool(call); name != "kubectl" && name != "oc" {
		return false
	}
	makes, fed := false, false
	for _, a := range call.Args[1:] {
		word, _ := literal(a.Parts)
		makes = makes || word == "apply" || word == "create" || word == "replace"
		fed = fed || word == "-" || word == "-f-" || strings.HasSuffix(word, "=-")
	}
	return makes && fed
}
