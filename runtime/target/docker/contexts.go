package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lookup is the value of a variable, "" when it is unset. The last one wins.
func lookup(env []string, name string) string {
	for _, kv := range slices.Backward(env) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// configFolder is where the docker command keeps its settings.
func configFolder(env []string) string {
	if dir := lookup(env, "DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(lookup(env, "HOME"), ".docker")
}

// currentContext is what `docker context use` chose. A file that cannot be read chose nothing.
func currentContext(env []string) string {
	var config struct {
		CurrentContext string `json:"currentContext"`
	}
	text, err := os.ReadFile(filepath.Join(configFolder(env), "config.json"))
	if err != nil || json.Unmarshal(text, &config) != nil {
		return ""
	}
	return config.CurrentContext
}

// fromContext reads a context of the docker command: a folder that is named by the digest of
// the context's name, https://docs.docker.com/engine/manage-resources/contexts.
func (w Endpoint) fromContext(env []string) (Endpoint, error) {
	sum := sha256.Sum256([]byte(w.Context))
	id := hex.EncodeToString(sum[:])
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	text, err := os.ReadFile(filepath.Join(configFolder(env), "contexts", "meta", id, "meta.json"))
	if err != nil {
		return w, fmt.Errorf("docker context %q is not there: `docker context ls` shows those that are", w.Context)
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return w, fmt.Errorf("docker context %q: %w", w.Context, err)
	}
	found, ok := meta.Endpoints["docker"]
	if !ok || found.Host == "" {
		return w, fmt.Errorf("docker context %q names no engine", w.Context)
	}
	w.Host = found.Host
	dir := filepath.Join(configFolder(env), "contexts", "tls", id, "docker")
	if _, err := os.Stat(dir); err == nil {
		w.TLS = Certificates(dir)
		w.TLS.SkipVerify = found.SkipTLSVerify
	}
	return w, nil
}
