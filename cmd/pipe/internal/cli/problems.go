package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
)

// problems shows what is wrong with settings: those that are reached, and what is wrong anyway.
func (a *app) problems(set *settings.Set, reached []string) error {
	found := set.Problems(reached)
	if len(found) == 0 {
		return nil
	}
	a.showProblems(set, found)
	return exit(ExitFailed)
}

// showProblems prints all of them in one table, and below it the ways out.
func (a *app) showProblems(set *settings.Set, found []settings.Problem) {
	count := "1 problem"
	if len(found) != 1 {
		count = fmt.Sprintf("%d problems", len(found))
	}
	fmt.Fprintf(a.Err, "%s with the settings\n\n", count)
	columns := []ui.Column{{Title: "SETTING"}, {Title: "VARIABLE"}, {Title: "FROM"}, {Title: "EXPECTED"}, {Title: "FOUND"}}
	var rows [][]string
	for _, p := range found {
		row := []string{p.Setting, orDash(p.Variable), placeOf(p.Origin), orDash(p.Expected), foundIn(set, p)}
		for i := range row {
			row[i] = ui.Cut(row[i], longestCell)
		}
		rows = append(rows, row)
	}
	// Colour is decided by where values go, and these do not go there.
	ui.Grid(a.Err, ui.Style{Width: a.ErrWidth}, columns, rows)
	fmt.Fprintln(a.Err)
	writeWaysOut(a.Err, a.ErrWidth, found)
}

// What comes from outside may have any length; a screen has not.
const (
	longestCell = 160  // in characters
	longestItem = 4000 // a list of all settings fits
)

// fewMissing is up to how many missing settings each get a line of their own.
const fewMissing = 3

// writeWaysOut prints a line for each problem; many that lack a value share one.
func writeWaysOut(w io.Writer, width int, found []settings.Problem) {
	missing := slices.DeleteFunc(slices.Clone(found), func(p settings.Problem) bool { return p.Origin.Kind != settings.Unset })
	together := len(missing) > fewMissing
	for _, p := range found {
		if together && p.Origin.Kind == settings.Unset {
			continue
		}
		line := p.Message
		if p.Help != "" {
			line += "; " + p.Help
		}
		item(w, width, line)
	}
	if together {
		item(w, width, fmt.Sprintf("%d settings have no value: set each VARIABLE in the environment or in .env; `pipe settings --template` prints one to fill in", len(missing)))
	}
}

func item(w io.Writer, width int, text string) {
	mark := "- "
	for _, line := range ui.Fold(ui.Line(ui.Cut(text, longestItem)), width-len(mark)) {
		fmt.Fprintln(w, mark+line)
		mark = "  "
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// placeOf is an origin as one cell: the place where there is one, else the kind.
func placeOf(o settings.Origin) string {
	switch {
	case o.At != "":
		return o.At
	case o.Kind == settings.Flag:
		return "--set"
	case o.Kind == settings.Profile:
		return "profile " + o.Name
	case o.Kind == settings.Exec:
		return "program"
	case o.Kind == settings.Unset:
		return "-"
	}
	return o.Kind
}

// foundIn is what was found, without a secret's value.
func foundIn(set *settings.Set, p settings.Problem) string {
	switch {
	case p.Origin.Kind == settings.Unset:
		return "nothing"
	case p.Found != "":
		return p.Found
	case set != nil && isSecret(set, p.Setting):
		return secret.Mask
	}
	return "-"
}

// isSecret reports whether a setting, or the one that a field belongs to, is secret.
func isSecret(set *settings.Set, name string) bool {
	name, _, _ = strings.Cut(name, ".")
	return slices.ContainsFunc(set.All(), func(r settings.Resolved) bool { return r.Decl.Name == name && r.Decl.Secret })
}
