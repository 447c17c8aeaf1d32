package repo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/pipelang/pipe/lang/value"
)

// Values are `git`, `ci` and `run` as expressions see them, by these names.
func (r *Repo) Values() map[string]value.Value {
	run := value.Record{"id": value.String(r.options.Run), "started": value.Timestamp(r.options.Started.UTC())}
	return map[string]value.Value{"git": r.facts.record(), "ci": r.ci.record(), "run": run}
}

func (f Facts) record() value.Record {
	out := value.Record{
		"branch":         value.String(f.Branch),
		"commit":         value.String(f.Commit),
		"dirty":          value.Bool(f.Dirty),
		"repo":           value.String(f.Repo),
		"default_branch": value.String(f.DefaultBranch),
	}
	if f.Tag != "" {
		out["tag"] = value.String(f.Tag)
	}
	return out
}

func (c CI) record() value.Record {
	out := value.Record{
		"name":  value.String(c.Name),
		"event": value.String(c.Event),
		"actor": value.String(c.Actor),
		"url":   value.String(c.URL),
	}
	if pr := c.PullRequest; pr != nil {
		out["pull_request"] = value.Record{
			"number": value.Int(pr.Number),
			"title":  value.String(pr.Title),
			"author": value.String(pr.Author),
			"branch": value.String(pr.Branch),
			"base":   value.String(pr.Base),
		}
	}
	return out
}

// Digest is "sha256:" and the hex digest of the canonical JSON of what Values gives.
func Digest(values map[string]value.Value) (string, error) {
	raw, err := value.Marshal(value.Map(values))
	if err != nil {
		return "", fmt.Errorf("digest of the context: %w", err)
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
