package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// fixRounds bounds how often fixed files are checked again: one fix may lead to another.
const fixRounds = 10

// fixAll applies the fixes of what checkAll finds until nothing is left to fix, says on Err what
// it did, and gives what remains. Of fixes that overlap the first is applied, the others in a
// later round. A fix that changes what a program does is applied only when risky.
func (a *app) fixAll(args []string, risky bool) ([]diag.Diagnostic, map[*source.File]string, error) {
	fixed, held := 0, 0
	for range fixRounds {
		found, paths, err := a.checkAll(args)
		if err != nil {
			return nil, nil, err
		}
		n, left, err := a.applyFixes(found, paths, risky)
		if err != nil {
			return nil, nil, err
		}
		fixed, held = fixed+n, left
		if n == 0 {
			a.fixSummary(fixed, held)
			return found, paths, nil
		}
	}
	found, paths, err := a.checkAll(args)
	a.fixSummary(fixed, held)
	return found, paths, err
}

func (a *app) fixSummary(fixed, held int) {
	switch {
	case fixed > 0:
		fmt.Fprintf(a.Err, "%s applied\n", count(fixed, "fix", "fixes"))
	case held == 0:
		fmt.Fprintln(a.Err, "nothing to fix")
	}
	if held > 0 {
		fmt.Fprintf(a.Err, "%s would change what the program does: look at them, and apply them with --fix --unsafe\n", count(held, "fix", "fixes"))
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// applyFixes applies the first fix of each finding where its edits touch no other's, and gives
// how many it applied and how many it held back as risky.
func (a *app) applyFixes(found []diag.Diagnostic, paths map[*source.File]string, risky bool) (applied, held int, err error) {
	paths = targets(paths)
	edits := map[string][]diag.Edit{}
	texts := map[string]string{}
	for _, d := range found {
		if len(d.Fixes) == 0 {
			continue
		}
		f := d.Fixes[0]
		if f.Changes != "" && !risky {
			held++
			continue
		}
		if !fits(f.Edits, edits, paths) {
			continue
		}
		for _, e := range f.Edits {
			path := paths[e.File]
			edits[path], texts[path] = append(edits[path], e), e.File.Text
		}
		applied++
		at := d.File.Position(d.Span.Start)
		line := fmt.Sprintf("%s:%d:%d: %s: %s", d.File.Name, at.Line, at.Column, d.Rule, f.Message)
		if f.Changes != "" {
			line += " (" + f.Changes + ")"
		}
		fmt.Fprintln(a.Err, line)
	}
	for _, path := range slices.Sorted(maps.Keys(edits)) {
		if err := rewrite(path, texts[path], diag.Apply(texts[path], edits[path])); err != nil {
			return applied, held, err
		}
	}
	return applied, held, nil
}

// targets are the files behind links: one that has two names is mended once.
func targets(paths map[*source.File]string) map[*source.File]string {
	out := make(map[*source.File]string, len(paths))
	for f, path := range paths {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		out[f] = path
	}
	return out
}

// fits says that edits are in files that can be written, and touch none that are planned.
func fits(list []diag.Edit, planned map[string][]diag.Edit, paths map[*source.File]string) bool {
	for _, e := range list {
		path := paths[e.File]
		if path == "" {
			return false
		}
		for _, other := range planned[path] {
			if e.Span.Start <= other.Span.End && other.Span.Start <= e.Span.End {
				return false
			}
		}
	}
	return len(list) > 0
}

var errChanged = errors.New("changed while it was being fixed: nothing was written")

// rewrite replaces a file's text when it is still what was checked.
func rewrite(path, before, after string) error {
	now, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, mark := strings.CutPrefix(string(now), byteOrderMark)
	if text != before {
		return fmt.Errorf("%s: %w", path, errChanged)
	}
	if mark {
		after = byteOrderMark + after
	}
	if err := writable(path); err != nil {
		return err
	}
	return replaceFile(path, after)
}

// writable says why a file may not be changed; replacing it would ask for its folder alone.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

const byteOrderMark = "\ufeff"
