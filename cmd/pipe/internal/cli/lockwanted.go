package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/runtime/settings"
)

// wanted are the images that the pipelines of a repository name.
type wanted struct {
	root string
	lock load.Lock
	text string // of pipe.lock as it is
	// uses are the places of each name; one of pipe.toml has none.
	uses map[string][]lower.Image
	// late are the places whose name only the run knows.
	late []lower.Image
	// extra says that pipe.toml names what late ones may come to.
	extra bool
}

// wanted checks every file of the repository and gathers what its pipelines name, with their
// defaults, under each profile.
func (a *app) wanted(ctx context.Context, set []string) (*wanted, error) {
	assigned, err := (&sources{set: set}).assignments()
	if err != nil {
		return nil, err
	}
	entries, err := a.entries()
	if err != nil {
		return nil, err
	}
	w := &wanted{uses: map[string][]lower.Image{}}
	known := map[string]bool{}
	for _, c := range entries {
		loaded := c.program.Load
		w.root, w.lock = loaded.Root, loaded.Lock
		for _, name := range loaded.Config.Lock.Images {
			w.uses[name], w.extra = w.uses[name], true
		}
		for _, s := range c.program.Settings {
			known[s.Name] = true
		}
		if err := a.addImages(ctx, w, c, assigned); err != nil {
			return nil, err
		}
	}
	for _, s := range assigned {
		if name, _, _ := strings.Cut(s.Name, "."); !known[name] {
			return nil, usagef("the settings of the repository's files are meant", "--set names no setting: %s", name)
		}
	}
	if text, err := os.ReadFile(filepath.Join(w.root, load.LockFile)); err == nil {
		w.text = string(text)
	}
	return w, nil
}

// entries are the checked files that no other one uses. Errors are shown, but for those in
// pipe.lock, which is written anew; not where a merge waits to be finished.
func (a *app) entries() ([]checked, error) {
	files, _, err := a.pipeFilesOf(nil)
	if err != nil {
		return nil, err
	}
	s := &session{cache: &load.Cache{}, roots: map[string]lint.Options{}}
	var all []checked
	var found diag.List
	used := map[string]bool{}
	for _, f := range files {
		c, err := a.checkIn(f, nil, s)
		if err != nil {
			return nil, err
		}
		for _, d := range c.found {
			inLock := d.File != nil && d.File.Name == load.LockFile && d.Rule != diag.Syntax
			if d.Severity == diag.Error && !inLock {
				found.Add(d)
			}
		}
		for _, other := range c.usedFiles() {
			used[other] = true
		}
		all = append(all, c)
	}
	if found.Len() > 0 {
		a.showDiagnostics(a.Err, uniqueFindings(found.Sorted(), nil))
		return nil, exit(ExitFailed)
	}
	var out []checked
	for i, c := range all {
		if !used[files[i]] {
			out = append(out, c)
		}
	}
	if len(out) == 0 { // files that use each other
		out = all
	}
	return out, nil
}

// addImages adds what the pipelines of a module name under each of its profiles.
func (a *app) addImages(ctx context.Context, w *wanted, c checked, set []settings.Assignment) error {
	profiles := []string{""}
	for _, p := range c.program.Profiles {
		profiles = append(profiles, p.Name)
	}
	for _, name := range pipelineNames(c.program) {
		draft, err := lower.New(c.program, name)
		if err != nil {
			return err
		}
		for _, profile := range profiles {
			found, err := a.asDeclared(ctx, c, draft, profile, set)
			if err != nil {
				return err
			}
			w.add(draft.Images(lower.Values{Profile: profile, Setting: found.Known}))
		}
	}
	return nil
}

// asDeclared are the settings as the files give them, which is the same on every machine.
func (a *app) asDeclared(ctx context.Context, c checked, d *lower.Draft, profile string, set []settings.Assignment) (*settings.Set, error) {
	decls := d.Settings()
	var own []settings.Assignment
	for _, s := range set {
		name, _, _ := strings.Cut(s.Name, ".")
		for _, decl := range decls {
			if decl.Name == name {
				own = append(own, s)
			}
		}
	}
	return a.resolveFor(ctx, c, d, settings.Sources{Set: own, Profile: profile})
}

// resolveFor gives the settings of a draft from some sources.
func (a *app) resolveFor(ctx context.Context, c checked, d *lower.Draft, from settings.Sources) (*settings.Set, error) {
	a.expectSecrets(d.Settings(), from.Set)
	host := &lateRepo{root: c.program.Load.Root, folder: c.program.Load.Entry.Folder, environ: a.Environ}
	defer host.close()
	from.Types, from.Conditions, from.Host = d.Types(), d.Conditions(), host
	found, err := settings.Resolve(ctx, d.Settings(), from)
	if err == nil {
		a.learnSecrets(found)
	}
	return found, err
}

func (w *wanted) add(images []lower.Image) {
	for _, x := range images {
		switch {
		case x.Name == "":
			if !slices.Contains(w.late, x) {
				w.late = append(w.late, x)
			}
		case strings.Contains(x.Name, "@"): // it stands for itself
		case !slices.Contains(w.uses[x.Name], x):
			w.uses[x.Name] = append(w.uses[x.Name], x)
		}
	}
}
