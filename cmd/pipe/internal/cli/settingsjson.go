package cli

import (
	"encoding/json"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/settings"
)

// settingsVersion names the shape of `settings --format json`.
const settingsVersion = "pipe.settings/v1"

// settingsDoc is what `settings --format json` prints. Its names and meanings stay.
type settingsDoc struct {
	Schema   string        `json:"schema"`
	Settings []settingJSON `json:"settings"`
	Problems []problemJSON `json:"problems"`
}

type settingJSON struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Doc      string          `json:"doc,omitempty"`
	Variable string          `json:"variable"`
	Secret   bool            `json:"secret"`
	State    string          `json:"state"`
	Value    json.RawMessage `json:"value,omitempty"` // absent for a secret
	Source   originJSON      `json:"source"`
	Shadows  []originJSON    `json:"shadows"`
	Fields   []fieldJSON     `json:"fields,omitempty"` // of a record or map
	NeededBy []string        `json:"needed_by"`
}

type fieldJSON struct {
	Path   []string   `json:"path"`
	Source originJSON `json:"source"`
}

type originJSON struct {
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
	At   string `json:"at,omitempty"`
}

type problemJSON struct {
	Setting  string     `json:"setting"`
	Variable string     `json:"variable,omitempty"`
	Source   originJSON `json:"source"`
	Expected string     `json:"expected,omitempty"`
	Found    string     `json:"found,omitempty"` // absent where nothing was found, and for a secret
	Message  string     `json:"message"`
	Help     string     `json:"help,omitempty"`
}

// The states of a setting.
const (
	stateSet     = "set"
	stateUnset   = "unset" // optional, and no source has it
	stateMissing = "missing"
	stateInvalid = "invalid"
	stateProgram = "program" // would come from a program, which has not been run
)

func stateOf(r settings.Resolved) string {
	_, none := r.Value.(value.None)
	switch {
	case none:
		return stateUnset
	case r.Value != nil:
		return stateSet
	case r.Origin.Kind == settings.Unset:
		return stateMissing
	case r.Problem == nil && r.Origin.Kind == settings.Exec:
		return stateProgram
	}
	return stateInvalid
}

// settingsJSON prints everything, problems included, and fails where there are some.
func (a *app) settingsJSON(v *settingsView) error {
	doc := settingsDoc{Schema: settingsVersion, Settings: []settingJSON{}, Problems: []problemJSON{}}
	for _, r := range v.shown {
		doc.Settings = append(doc.Settings, a.settingJSON(v, r))
	}
	for _, p := range v.set.Problems(v.names()) {
		doc.Problems = append(doc.Problems, problemJSON{
			Setting: p.Setting, Variable: p.Variable, Source: originJSON(p.Origin), Expected: p.Expected,
			Found: a.masker.Mask(p.Found), Message: a.masker.Mask(p.Message), Help: a.masker.Mask(p.Help),
		})
	}
	if err := a.writeJSON(doc); err != nil {
		return err
	}
	if len(doc.Problems) > 0 {
		return exit(ExitFailed)
	}
	return nil
}

func (a *app) settingJSON(v *settingsView, r settings.Resolved) settingJSON {
	out := settingJSON{
		Name: r.Decl.Name, Type: r.Type.String(), Doc: r.Decl.Doc, Variable: r.Decl.Variable, Secret: r.Decl.Secret,
		State: stateOf(r), Source: originJSON(r.Origin), Shadows: []originJSON{}, NeededBy: []string{},
	}
	if out.State == stateSet && !r.Decl.Secret {
		// What has no JSON has no value here; the type says which kind it is.
		out.Value, _ = value.Marshal(masked(a.masker, r.Value))
	}
	for _, o := range r.Shadows {
		out.Shadows = append(out.Shadows, originJSON(o))
	}
	for _, p := range v.set.Fields(r.Decl.Name) {
		out.Fields = append(out.Fields, fieldJSON{p.Path, originJSON(p.Origin)})
	}
	out.NeededBy = append(out.NeededBy, v.neededBy[r.Decl.Name]...)
	return out
}
