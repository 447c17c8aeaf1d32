package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pipelang/pipe/lang/value"
)

// Host answers glob, text, json, yaml and git.changed for expressions whose paths are
// relative to a folder. It is safe for concurrent use.
type Host struct {
	repo   *Repo
	folder string
}

// Host answers for a folder of the repository, "" for its root. A path or glob that starts
// with "/" is relative to the root all the same, and what it gives starts with "/" too.
func (r *Repo) Host(folder string) *Host {
	return &Host{repo: r, folder: strings.Trim(path.Clean("/"+folder), "/")}
}

// In answers for another folder of the repository.
func (h *Host) In(folder string) *Host { return h.repo.Host(folder) }

// Call answers for the repository's root, as Host("") does.
func (r *Repo) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	return r.Host("").Call(ctx, function, args)
}

// Call answers a function of an expression. Globs are one text, several, or a list.
func (h *Host) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	texts, err := flatten(function, args)
	if err != nil {
		return nil, err
	}
	switch function {
	case "glob":
		files, err := h.repo.Files(ctx)
		if err != nil {
			return nil, err
		}
		return h.choose(files, texts)
	case "git.changed":
		files, err := h.repo.Changed(ctx)
		if err != nil {
			return nil, err
		}
		if len(args) == 0 {
			return h.all(files), nil
		}
		return h.choose(files, texts)
	case "text", "json", "yaml":
		if len(texts) != 1 {
			return nil, fmt.Errorf("%s wants one path, found %d", function, len(texts))
		}
		return h.read(ctx, function, texts[0])
	}
	return nil, fmt.Errorf("%s is no function of the repository", function)
}

func flatten(function string, args []value.Value) ([]string, error) {
	var out []string
	for _, a := range args {
		switch a := a.(type) {
		case value.String:
			out = append(out, string(a))
		case value.List:
			inner, err := flatten(function, a)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		default:
			return nil, fmt.Errorf("%s wants text, found %T", function, a)
		}
	}
	return out, nil
}

// choose gives each file in the form of the first pattern that matches it.
func (h *Host) choose(files, patterns []string) (value.Value, error) {
	out := value.List{}
	seen := map[string]bool{}
	for _, p := range patterns {
		base, rest, err := h.base(p)
		if err != nil {
			return nil, err
		}
		found, err := choose(below(files, base), []string{rest})
		if err != nil {
			return nil, fmt.Errorf("%q is no glob", p)
		}
		for _, name := range found {
			full := path.Join(base, name)
			if !seen[full] {
				seen[full] = true
				out = append(out, value.String(h.written(full, strings.HasPrefix(p, "/"))))
			}
		}
	}
	return out, nil
}

func (h *Host) all(files []string) value.List {
	out := make(value.List, len(files))
	for i, name := range files {
		out[i] = value.String(h.written(name, false))
	}
	return out
}

// base parts a pattern into the folder that it starts from and the rest.
func (h *Host) base(pattern string) (folder, rest string, err error) {
	if strings.HasPrefix(pattern, "/") {
		return "", strings.TrimLeft(pattern, "/"), nil
	}
	folder, rest = h.folder, pattern
	for {
		rest = strings.TrimPrefix(rest, "./")
		up, ok := strings.CutPrefix(rest, "../")
		if !ok {
			return folder, rest, nil
		}
		if folder == "" {
			return "", "", fmt.Errorf("%q leaves the repository", pattern)
		}
		if folder, rest = path.Dir(folder), up; folder == "." {
			folder = ""
		}
	}
}

// below are the files of a folder, relative to it.
func below(files []string, folder string) []string {
	if folder == "" {
		return files
	}
	var out []string
	for _, name := range files {
		if rest, ok := strings.CutPrefix(name, folder+"/"); ok {
			out = append(out, rest)
		}
	}
	return out
}

// written is a path as an expression of this folder writes it.
func (h *Host) written(full string, absolute bool) string {
	if h.folder == "" && !absolute {
		return full
	}
	if rest, ok := strings.CutPrefix(full, h.folder+"/"); ok && !absolute {
		return rest
	}
	return "/" + full
}

func (h *Host) read(ctx context.Context, function, name string) (value.Value, error) {
	full := name
	if !strings.HasPrefix(name, "/") {
		full = path.Join(h.folder, name)
	}
	text, err := h.repo.ReadText(ctx, full)
	if err != nil || function == "text" {
		return value.String(text), err
	}
	text = strings.TrimPrefix(text, "\uFEFF")
	var data value.JSON
	if function == "json" {
		data, err = value.ParseJSON([]byte(text))
	} else {
		data, err = parseYAML(text)
	}
	if err != nil {
		return nil, fmt.Errorf("file %q is no %s: %s", name, strings.ToUpper(function), cause(err))
	}
	return data, nil
}

// cause is an error without what the message around it says already.
func cause(err error) string { return strings.TrimPrefix(err.Error(), "not JSON: ") }

// parseYAML reads one document.
func parseYAML(text string) (value.JSON, error) {
	dec := yaml.NewDecoder(strings.NewReader(text))
	var data any
	if err := dec.Decode(&data); err != nil && !errors.Is(err, io.EOF) {
		return value.JSON{}, err
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return value.JSON{}, errors.New("it holds more than one document")
	}
	return value.NewJSON(data)
}
