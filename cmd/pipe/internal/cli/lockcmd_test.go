package cli

import "testing"

func TestNearImage(t *testing.T) {
	images := []string{"base:1", "localhost:5000/team/python:3.12-slim", "registry.test/a/db:16", "registry.test/b/db:17", "go@sha256:00"}
	for name, want := range map[string]string{
		"bse:1":            `did you mean "base:1"?`,
		"base":             `did you mean "base:1"?`,
		"python:3.12-slim": `did you mean "localhost:5000/team/python:3.12-slim"?`,
		"python":           `did you mean "localhost:5000/team/python:3.12-slim"?`,
		"pyhton:3":         `did you mean "localhost:5000/team/python:3.12-slim"?`,
		"db":               "there are: registry.test/a/db:16, registry.test/b/db:17",
		"go":               `did you mean "go@sha256:00"?`,
		"postgres:16":      "pipe lock lists the images",
	} {
		if got := nearImage(name, images); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
