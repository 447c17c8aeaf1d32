package diag

import (
	"net/url"
	"slices"

	"github.com/pipelang/pipe/lang/source"
)

// The part of SARIF 2.1.0 (OASIS) that findings need.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string              `json:"id"`
		Short   *sarifMessage       `json:"shortDescription,omitempty"`
		Full    *sarifMessage       `json:"fullDescription,omitempty"`
		Default *sarifConfiguration `json:"defaultConfiguration,omitempty"`
		Help    *sarifHelp          `json:"help,omitempty"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID           string          `json:"ruleId"`
		RuleIndex        int             `json:"ruleIndex"`
		Level            string          `json:"level"`
		Message          sarifMessage    `json:"message"`
		Locations        []sarifLocation `json:"locations,omitempty"`
		RelatedLocations []sarifLocation `json:"relatedLocations,omitempty"`
		Fixes            []sarifFix      `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		ID               int           `json:"id,omitempty"`
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
		Message          *sarifMessage `json:"message,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifFix struct {
		Description sarifMessage  `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		ArtifactLocation sarifArtifact      `json:"artifactLocation"`
		Replacements     []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion  `json:"deletedRegion"`
		Inserted sarifMessage `json:"insertedContent"`
	}
)

// renderSARIF gives one run whose rules are those that were broken, sorted.
func renderSARIF(list []Diagnostic, o Options) string {
	var names []string
	for _, d := range list {
		names = append(names, d.Rule)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "pipe", Version: o.Version, Rules: sarifRules(names)}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, len(list)),
	}
	for i, d := range list {
		run.Results[i] = sarifFinding(d)
		run.Results[i].RuleIndex, _ = slices.BinarySearch(names, d.Rule)
	}
	return encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRules(names []string) []sarifRule {
	rules := make([]sarifRule, len(names))
	for i, name := range names {
		rules[i].ID = name
		r, ok := Lookup(name)
		if !ok {
			continue
		}
		rules[i].Short = &sarifMessage{r.What}
		if r.Why != "" {
			rules[i].Full = &sarifMessage{r.Why}
		}
		rules[i].Default = &sarifConfiguration{sarifLevel(r.Severity)}
		rules[i].Help = &sarifHelp{Text: r.help(), Markdown: r.Markdown()}
	}
	return rules
}

// sarifLevel is what SARIF calls a severity.
func sarifLevel(s Severity) string {
	return [...]string{Error: "error", Warning: "warning", Hint: "note"}[s]
}

func sarifFinding(d Diagnostic) sarifResult {
	text := d.Message
	if d.Help != "" {
		text += "\nhelp: " + d.Help
	}
	r := sarifResult{
		RuleID:  d.Rule,
		Level:   sarifLevel(d.Severity),
		Message: sarifMessage{text},
	}
	if d.File != nil {
		r.Locations = []sarifLocation{{PhysicalLocation: sarifPlace(d.File, d.Span)}}
	}
	for i, related := range d.Related {
		if related.File != nil {
			r.RelatedLocations = append(r.RelatedLocations, sarifLocation{
				ID: i + 1, PhysicalLocation: sarifPlace(related.File, related.Span), Message: &sarifMessage{related.Message}})
		}
	}
	for _, f := range d.Fixes {
		if len(f.Edits) > 0 {
			r.Fixes = append(r.Fixes, sarifRepair(f))
		}
	}
	return r
}

func sarifPlace(f *source.File, s source.Span) sarifPhysical {
	return sarifPhysical{sarifFile(f), sarifRange(f, s)}
}

// sarifFile is a relative reference: what a URI cannot hold is percent-encoded.
func sarifFile(f *source.File) sarifArtifact {
	return sarifArtifact{(&url.URL{Path: f.Name}).String()}
}

func sarifRange(f *source.File, s source.Span) sarifRegion {
	start, end := f.Position(s.Start), f.Position(max(s.Start, s.End))
	return sarifRegion{start.Line, start.Column, end.Line, end.Column}
}

// sarifRepair gathers a fix's edits by file, in the order of their first mention.
func sarifRepair(f Fix) sarifFix {
	fix := sarifFix{Description: sarifMessage{f.Message}}
	for _, e := range f.Edits {
		uri := sarifFile(e.File)
		i := slices.IndexFunc(fix.Changes, func(c sarifChange) bool { return c.ArtifactLocation == uri })
		if i < 0 {
			fix.Changes = append(fix.Changes, sarifChange{ArtifactLocation: uri})
			i = len(fix.Changes) - 1
		}
		fix.Changes[i].Replacements = append(fix.Changes[i].Replacements,
			sarifReplacement{sarifRange(e.File, e.Span), sarifMessage{e.Text}})
	}
	return fix
}
