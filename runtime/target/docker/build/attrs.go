package build

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
)

// attrs are what the Dockerfile's reader is told.
func (r *Request) attrs(file string) map[string]string {
	out := map[string]string{"filename": file}
	if r.Target != "" {
		out["target"] = r.Target
	}
	if r.NoCache {
		out["no-cache"] = ""
	}
	if r.Pull {
		out["image-resolve-mode"] = "pull"
	}
	if r.Network != "" && r.Network != "default" {
		out["force-network-mode"] = r.Network
	}
	if len(r.Platforms) > 0 {
		out["platform"] = strings.Join(r.Platforms, ",")
	}
	for k, v := range r.Args {
		out["build-arg:"+k] = v
	}
	for k, v := range r.Labels {
		out["label:"+k] = v
	}
	if r.Epoch != nil {
		out["build-arg:SOURCE_DATE_EPOCH"] = strconv.FormatInt(r.Epoch.Unix(), 10)
	}
	return out
}

// exportAttrs name the image. An epoch sets the times of files in layers too, where the engine
// can: those before 23 do not.
func (r *Request) exportAttrs() map[string]string {
	out := map[string]string{}
	if len(r.Tags) > 0 {
		out["name"] = strings.Join(r.Tags, ",")
	}
	if r.Epoch != nil {
		out["source-date-epoch"] = strconv.FormatInt(r.Epoch.Unix(), 10)
		out["rewrite-timestamp"] = "true"
	}
	return out
}

// caches reads entries as the docker command has them: an image, or type=registry,ref=….
func caches(list []string) ([]client.CacheOptionsEntry, error) {
	var out []client.CacheOptionsEntry
	for _, text := range list {
		if !strings.Contains(text, "=") {
			out = append(out, client.CacheOptionsEntry{Type: "registry", Attrs: map[string]string{"ref": text}})
			continue
		}
		entry := client.CacheOptionsEntry{Attrs: map[string]string{}}
		for _, part := range strings.Split(text, ",") {
			k, v, ok := strings.Cut(part, "=")
			if !ok {
				return nil, &Error{Final: true, Reason: fmt.Sprintf("cache %q: expected name=value, found %q", text, part)}
			}
			if k = strings.ToLower(strings.TrimSpace(k)); k == "type" {
				entry.Type = v
			} else {
				entry.Attrs[k] = v
			}
		}
		if entry.Type == "" {
			return nil, &Error{Final: true, Reason: fmt.Sprintf("cache %q says no type: write type=registry,ref=…, or type=inline", text)}
		}
		out = append(out, entry)
	}
	return out, nil
}
