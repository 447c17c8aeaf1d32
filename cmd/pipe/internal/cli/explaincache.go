package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// cacheShown is what the cache has for a step, or for one instance of it.
type cacheShown struct {
	// Vars are the loop variables of an instance, as JSON.
	Vars string `json:"instance,omitempty"`
	// Found says that a run would take the result that Run made.
	Found bool      `json:"found"`
	Run   string    `json:"run,omitempty"`
	Step  string    `json:"step,omitempty"`
	Made  time.Time `json:"made,omitzero"`
	// Differs are the parts of the key that are not those of the result, by name.
	Differs []string `json:"differs,omitempty"`
	differs []string // in words
	// Open says why nobody can tell before the run.
	Open string `json:"open,omitempty"`
}

// cache asks what a run here and now would find. It opens the store for steps alone that ask for
// caching, and leaves nothing behind.
func (x *explaining) cache(ctx context.Context, f *engine.Forecast) (out []cacheShown, err error) {
	if !asksForCache(x.spot) {
		return nil, nil
	}
	id := newRunID(time.Now())
	sealer := secret.NewSealer(x.getenv)
	run := &execution{id: id}
	if err := x.prepare(run, x.checked.program.Load.Root, sealer); err != nil {
		return nil, err
	}
	place, setup := run.place, run.setup
	defer func() { err = errors.Join(err, os.RemoveAll(setup.State)) }()
	release, err := place.Lease(id)
	if err != nil {
		return nil, err
	}
	defer release()
	found, err := f.LookUp(ctx, x.spot.at, engine.Options{
		Run: setup, Targets: map[string]target.Target{"host": host.New()}, Environ: x.Environ,
		Bus: event.NewBus(id, x.masker), Fingerprint: sealer.Fingerprint, Cache: place,
	})
	for _, v := range found {
		out = append(out, x.shown(v))
	}
	return out, err
}

func asksForCache(s stepSpot) bool {
	if s.step.Op == nil {
		return false
	}
	for _, it := range s.step.Op.Items {
		if _, ok := it.(*ast.Cached); ok {
			return true
		}
	}
	return false
}

func (x *explaining) shown(v engine.CacheView) cacheShown {
	out := cacheShown{Open: v.Open}
	var vars []string
	for _, l := range x.spot.step.Loops {
		if one, ok := v.Vars[l.Var]; ok && l.Type.DeepLabels()&types.Secret == 0 {
			vars = append(vars, l.Var+" = "+literalOf(one))
		}
	}
	out.Vars = strings.Join(vars, ", ")
	r := v.Hit
	if r == nil {
		r = v.Near
	}
	if r != nil {
		out.Found, out.Run, out.Step, out.Made = v.Hit != nil, r.Run, r.Step, r.Made
	}
	for _, d := range v.Differs {
		out.Differs, out.differs = append(out.Differs, d.Name), append(out.differs, partText(d))
	}
	return out
}

// partText names a part of a key as people do.
func partText(d store.Difference) string {
	name := d.Name
	switch name {
	case "inputs":
		name = "the files of inputs"
	case "script":
		name = "the scripts"
	case "attributes":
		name = "an attribute (workdir, keep, success_codes, inherit, image or a limit)"
	case "return":
		name = "return or the declared result"
	case "platform":
		name = "the operating system, the processor or the target"
	case "version":
		name = "the way in which this pipe makes keys"
	}
	switch {
	case d.Was == "":
		name += " (new)"
	case d.Is == "":
		name += " (gone)"
	}
	return name
}

// cached prints what the cache has.
func (p page) cached(x *explanation) {
	for i, c := range x.Cache {
		text := c.say(x.Step)
		if c.Vars != "" {
			text = c.Vars + ": " + text
		}
		p.line(first("cached", i), text)
	}
}

func (c cacheShown) say(step string) string {
	by := "run " + c.Run
	if c.Step != step {
		by += ", step " + c.Step
	}
	switch {
	case c.Open != "":
		return "not known: " + c.Open
	case c.Found:
		return "found: the result of " + by
	case c.Run == "":
		return "not found: its op has no earlier result"
	case len(c.Differs) == 0:
		return fmt.Sprintf("not found: the result of %s is too old, or its content is gone", by)
	}
	return fmt.Sprintf("not found: differs from the nearest result (%s) in %s", by, list(c.differs))
}
