package cli

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
)

// usualValue is how much of a value a table shows where nobody counts columns.
const usualValue = 60

// settingsText prints the settings for people.
func (a *app) settingsText(v *settingsView, long bool) {
	switch {
	case len(v.shown) == 0:
		fmt.Fprintln(a.Out, "no settings")
	case long:
		for i, r := range v.shown {
			if i > 0 {
				fmt.Fprintln(a.Out)
			}
			a.longSetting(v, r)
		}
	default:
		var rows [][]string
		for _, r := range v.shown {
			rows = append(rows, a.settingRows(v, r)...)
		}
		columns := []ui.Column{{Title: "SETTING"}, {Title: "VALUE", Cut: true}, {Title: "FROM"}, {Title: "SHADOWS"}}
		style := a.style()
		if style.Width == 0 { // a file or a program, which counts no columns
			style.Width = 1 << 20
			for _, row := range rows {
				row[1] = ui.Cut(ui.Line(row[1]), usualValue)
			}
		}
		ui.Grid(a.Out, style, columns, rows)
	}
}

// settingRows are a row for the setting and, for a record or map, one for each part.
func (a *app) settingRows(v *settingsView, r settings.Resolved) [][]string {
	parts := v.set.Fields(r.Decl.Name)
	head := []string{r.Decl.Name, a.valueText(r), originText(r.Origin), shadowsText(r.Shadows)}
	if len(parts) == 0 {
		return [][]string{head}
	}
	if r.Value != nil {
		head[1] = ""
	}
	rows := [][]string{head}
	for _, p := range parts {
		rows = append(rows, []string{"  " + strings.Join(p.Path, "."), a.partText(r, p), originText(p.Origin), ""})
	}
	if several(parts) {
		rows[0][2] = "merged"
		rows[0][3] = ""
	}
	return rows
}

// several reports whether parts come from more than one source.
func several(parts []settings.FieldValue) bool {
	for _, p := range parts {
		if p.Origin.Kind != parts[0].Origin.Kind || p.Origin.At != parts[0].Origin.At && p.Origin.Kind != settings.Dotenv {
			return true
		}
	}
	return false
}

// valueText is a setting's value in a cell.
func (a *app) valueText(r settings.Resolved) string {
	switch stateOf(r) {
	case stateMissing:
		return "! missing"
	case stateInvalid:
		return "! invalid"
	case stateUnset:
		return "(unset)"
	case stateProgram:
		return "(program not run)"
	}
	if r.Decl.Secret {
		return secret.Mask
	}
	return shownValue(r.Type, masked(a.masker, r.Value))
}

func (a *app) partText(r settings.Resolved, p settings.FieldValue) string {
	switch {
	case r.Decl.Secret:
		return secret.Mask
	case p.Value == nil:
		return "(not read)"
	}
	return shownValue(p.Type, masked(a.masker, p.Value))
}

// shownValue is a value as people write it: strings quoted, parts as JSON, all else as it is.
func shownValue(t *types.Type, v value.Value) string {
	switch t.Plain().Kind {
	case types.URL, types.Path, types.Duration, types.Size, types.Timestamp, types.Literals:
		if text, ok := settings.Text(v); ok && text != "" && !strings.ContainsAny(text, " \"") {
			return text
		}
	}
	raw, err := value.Marshal(v)
	if err != nil {
		return "(no text)"
	}
	return string(raw)
}

// originText says which source it was: the place, the variable, the flag.
func originText(o settings.Origin) string {
	switch {
	case o.Kind == settings.Unset:
		return "-"
	case o.Kind == settings.Flag:
		return "--set"
	case o.Kind == settings.Exec:
		return "program"
	case o.Kind == settings.Dotenv:
		return o.At
	case o.Kind == settings.Environment && o.At != "":
		return o.Name + " (" + o.At + ")"
	case o.Kind == settings.Environment:
		return "env " + o.Name
	case o.Kind == settings.Profile:
		return "profile " + o.Name
	case o.At != "":
		return o.At
	}
	return o.Kind
}

func shadowsText(origins []settings.Origin) string {
	var out []string
	for _, o := range origins {
		out = append(out, originText(o))
	}
	return strings.Join(out, ", ")
}

// longSetting prints a setting with all that is known of it.
func (a *app) longSetting(v *settingsView, r settings.Resolved) {
	width := a.Width
	head := r.Decl.Name + ": " + r.Type.String()
	for _, line := range ui.Fold(ui.Line(head), width) {
		fmt.Fprintln(a.Out, line)
	}
	for line := range strings.Lines(r.Decl.Doc) {
		for _, part := range ui.Fold(ui.Line(strings.TrimRight(line, "\n")), width-2) {
			fmt.Fprintln(a.Out, strings.TrimRight("  "+part, " "))
		}
	}
	a.fact("value", a.valueText(r))
	a.fact("from", originText(r.Origin))
	a.fact("shadows", shadowsText(r.Shadows))
	a.fact("variable", r.Decl.Variable)
	if where := r.Decl.Where; where != nil {
		a.fact("where", where.String())
	}
	a.fact("needed by", strings.Join(v.neededBy[r.Decl.Name], ", "))
	for _, p := range v.set.Fields(r.Decl.Name) {
		a.fact("."+strings.Join(p.Path, "."), a.partText(r, p)+"  ("+originText(p.Origin)+")")
	}
}

// fact prints one line of a setting; an empty one is left out.
func (a *app) fact(name, text string) {
	if text == "" {
		return
	}
	head := fmt.Sprintf("  %-10s ", name)
	for _, line := range ui.Fold(ui.Line(text), a.Width-len(head)) {
		fmt.Fprintln(a.Out, head+line)
		head = strings.Repeat(" ", len(head))
	}
}

// masked is a value whose texts hold no known secret: one that is no secret may quote one.
func masked(m *secret.Masker, v value.Value) value.Value {
	switch v := v.(type) {
	case value.String:
		return value.String(m.Mask(string(v)))
	case value.List:
		out := make(value.List, len(v))
		for i := range v {
			out[i] = masked(m, v[i])
		}
		return out
	case value.Map:
		return value.Map(maskedAll(m, v))
	case value.Record:
		return value.Record(maskedAll(m, v))
	}
	return v
}

func maskedAll(m *secret.Masker, of map[string]value.Value) map[string]value.Value {
	out := make(map[string]value.Value, len(of))
	for k, v := range of {
		out[m.Mask(k)] = masked(m, v)
	}
	return out
}
