package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
)

// showLock prints what becomes of the pins on Out, and on Err what cannot be pinned.
func (a *app) showLock(r *lockReport, written, check bool) {
	for _, c := range r.changes {
		if line := c.line(check); line != "" {
			fmt.Fprintln(a.Out, line)
		}
	}
	fmt.Fprintln(a.Out, r.summary(written, check))
	for _, c := range r.changes {
		if c.Err != nil {
			item(a.Err, a.ErrWidth, fmt.Sprintf("%s: %v; %s", usesText(c.Uses), c.Err, helpOf(c.Err)))
		}
	}
	for _, x := range r.late {
		item(a.Err, a.ErrWidth, lateText(x, r.covered))
	}
}

func (c pinChange) line(check bool) string {
	switch c.Kind {
	case pinAdded:
		return fmt.Sprintf("added    %s  %s  %s", c.Name, pinText(c.New), strings.Join(c.New.Platforms, " "))
	case pinMoved:
		return fmt.Sprintf("moved    %s  %s → %s%s", c.Name, pinText(c.Old), pinText(c.New), platformsMoved(c.Old.Platforms, c.New.Platforms))
	case pinRemoved:
		if check {
			return fmt.Sprintf("unused   %s  nothing names it", c.Name)
		}
		return fmt.Sprintf("removed  %s  nothing names it", c.Name)
	case pinMissing:
		return fmt.Sprintf("missing  %s  named at %s", c.Name, usesText(c.Uses))
	}
	return ""
}

// platformsMoved says which platforms came and went.
func platformsMoved(old, now []string) string {
	var words []string
	for _, p := range now {
		if !slices.Contains(old, p) {
			words = append(words, "+"+p)
		}
	}
	for _, p := range old {
		if !slices.Contains(now, p) {
			words = append(words, "-"+p)
		}
	}
	if len(old) == 0 || len(words) == 0 {
		return ""
	}
	return "  " + strings.Join(words, " ")
}

func (r *lockReport) summary(written, check bool) string {
	pinned := len(r.lock().Images)
	switch {
	case len(r.changes) == 0:
		return "no pipeline names an image that can be pinned"
	case check && r.failed(true):
		return load.LockFile + " is stale: run pipe lock"
	case !written && r.failed(check):
		return fmt.Sprintf("%s is as it was: %s pinned", load.LockFile, images(pinned))
	case !written:
		return fmt.Sprintf("%s is up to date: %s pinned", load.LockFile, images(pinned))
	}
	return fmt.Sprintf("%s: %d added, %d moved, %d removed, %d kept", load.LockFile, r.count(pinAdded), r.count(pinMoved), r.count(pinRemoved), r.count(pinKept))
}

func images(n int) string {
	if n == 1 {
		return "1 image"
	}
	return fmt.Sprintf("%d images", n)
}

// usesText is the places of an image, the first three of them.
func usesText(uses []lower.Image) string {
	if len(uses) == 0 {
		return "pipe.toml"
	}
	var places []string
	for _, x := range uses {
		if !slices.Contains(places, x.At) {
			places = append(places, x.At)
		}
	}
	if len(places) > 3 {
		return strings.Join(places[:3], ", ") + fmt.Sprintf(" and %d more", len(places)-3)
	}
	return strings.Join(places, ", ")
}

func lateText(x lower.Image, covered bool) string {
	text := fmt.Sprintf("%s: the image of %s is known only when it runs: %s", x.At, x.User, x.Text)
	if covered {
		return text + "; it has to come to one of those under [lock] in pipe.toml"
	}
	return text + "; hand on a value of type image, which carries its digest, or list the names in pipe.toml: [lock] images = […]"
}

func helpOf(err error) string {
	if h, ok := err.(interface{ Help() string }); ok {
		return h.Help()
	}
	return "try again later"
}

// lockJSON is what --format json prints.
type lockJSON struct {
	Schema  string     `json:"schema"`
	Written bool       `json:"written"`
	Images  []pinJSON  `json:"images"`
	Late    []lateJSON `json:"late"`
}

type pinJSON struct {
	Name   string    `json:"name"`
	Change pinKind   `json:"change"`
	Was    *sideJSON `json:"was,omitempty"`
	Is     *sideJSON `json:"is,omitempty"`
	At     []string  `json:"at"`
	Reason string    `json:"reason,omitempty"`
	Help   string    `json:"help,omitempty"`
}

type sideJSON struct {
	Digest    string   `json:"digest"`
	Platforms []string `json:"platforms,omitempty"`
	Created   string   `json:"created,omitempty"`
}

type lateJSON struct {
	Image string `json:"image"`
	At    string `json:"at"`
	User  string `json:"user"`
	// Listed says that pipe.toml lists what it may come to.
	Listed bool `json:"listed"`
}

func (r *lockReport) json(written bool) lockJSON {
	out := lockJSON{Schema: "pipe.lock-report/v1", Written: written, Images: []pinJSON{}, Late: []lateJSON{}}
	for _, c := range r.changes {
		x := pinJSON{Name: c.Name, Change: c.Kind, Was: sideOf(c.Old), Is: sideOf(c.New), At: []string{}}
		for _, u := range c.Uses {
			if !slices.Contains(x.At, u.At) {
				x.At = append(x.At, u.At)
			}
		}
		if c.Err != nil {
			x.Reason, x.Help = c.Err.Error(), helpOf(c.Err)
		}
		out.Images = append(out.Images, x)
	}
	for _, x := range r.late {
		out.Late = append(out.Late, lateJSON{x.Text, x.At, x.User, r.covered})
	}
	return out
}

func sideOf(p load.Pin) *sideJSON {
	if p.Digest == "" {
		return nil
	}
	out := &sideJSON{Digest: p.Digest, Platforms: p.Platforms}
	if !p.Created.IsZero() {
		out.Created = p.Created.Format(time.RFC3339)
	}
	return out
}
