package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

func (f *file) collectSettings(d *ast.Settings) {
	if !f.entry {
		f.report(finding{
			rule: diag.Misplaced, at: d.Range, message: "settings belong to the entry module only, and this one is imported",
			help: "let imported ops take parameters instead",
		})
		return
	}
	for _, x := range d.Fields {
		if !f.declare(f.names.of("setting"), x.Name, "setting") {
			continue
		}
		f.reservedName(x.Name, "setting", nil)
		f.checker.out.Settings = append(f.checker.out.Settings, &Setting{Name: x.Name.Text, File: f.ast, Decl: x, Type: types.InvalidType})
	}
}

func (f *file) collectProfile(d *ast.Profile) {
	if !f.entry {
		f.report(finding{rule: diag.Misplaced, at: d.Range, message: "profiles belong to the entry module only, and this one is imported"})
		return
	}
	if !f.declare(f.names.of("profile"), d.Name, "profile") {
		return
	}
	p := &Profile{Name: d.Name.Text, File: f.ast, Decl: d, Entries: map[string]ast.Expr{}}
	f.checker.out.Profiles = append(f.checker.out.Profiles, p)
}

// resolveSettings gives every setting its type, and builds the record behind `settings`.
func (m *module) resolveSettings() {
	if !m.entry {
		return
	}
	var fields []types.Field
	for _, s := range m.checker.out.Settings {
		if s.Decl.Type != nil {
			s.Type = m.fileOf(s.File).settingType(s.Decl)
		}
		field := types.Field{Name: s.Name, Type: s.Type}
		if s.Decl.Doc != nil {
			field.Doc = s.Decl.Doc.Text
		}
		fields = append(fields, field)
	}
	m.checker.out.SettingsType.SetFields(fields)
}

func (f *file) settingType(x *ast.Field) *types.Type {
	t := f.typ(x.Type)
	switch t.Plain().Kind {
	case types.File, types.Dir, types.Image:
		f.report(finding{
			rule: diag.TypeMismatch, at: x.Type.Span(), message: fmt.Sprintf("a setting cannot be of type %s: only a step makes one", t),
			help: "declare a path or a string",
		})
		return types.InvalidType
	}
	return t
}

func (m *module) fileOf(x *ast.File) *file {
	return m.files[slices.IndexFunc(m.files, func(f *file) bool { return f.ast == x })]
}

// checkSettings checks conditions, sources and profiles.
func (m *module) checkSettings() {
	if !m.entry {
		return
	}
	vars := scope{}
	for _, s := range m.checker.out.Settings {
		f := m.fileOf(s.File)
		f.field(s.Decl, s.Type, "setting")
		f.from(s)
		f.variable(s, vars)
	}
	for _, s := range m.checker.out.Settings {
		m.fileOf(s.File).secretFile(s, vars)
	}
	for _, p := range m.checker.out.Profiles {
		m.fileOf(p.File).profile(p)
	}
}

// from checks where a setting's value comes from, if it is said.
func (f *file) from(s *Setting) {
	from := s.Decl.From
	if from == nil || from.Exec == nil {
		return
	}
	if s.Type.Kind != types.Invalid && s.Type.Labels&types.Secret == 0 {
		f.report(finding{
			rule: diag.Misplaced, at: from.Range, message: fmt.Sprintf("from exec is for secrets, and %q is a %s", s.Name, s.Type),
			help: "declare it secret, or name a variable: from \"VARIABLE\"",
		})
	}
	f.in(f.pure).want(from.Exec, types.ListOf(types.StringType), "from exec")
	f.nonEmpty(from.Exec, "from exec")
	f.program(from.Exec, "from exec")
}

// Variable is the environment variable of a setting: its name in upper case unless `from` says otherwise.
func (s *Setting) Variable() string {
	if from := s.Decl.From; from != nil && from.Variable != nil {
		return from.Variable.Value
	}
	return strings.ToUpper(s.Name)
}

var variableName = lazily(`^[A-Za-z_][A-Za-z0-9_]*$`)

// wellKnown are variables that every environment has, and that mean something else there.
var wellKnown = strings.Fields(`PATH HOME USER LOGNAME SHELL PWD OLDPWD LANG LANGUAGE TZ TMPDIR TERM HOSTNAME
	EDITOR VISUAL PAGER MAIL DISPLAY CI DEBUG HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY`)

// variable checks the environment variable of a setting; vars holds those of all.
func (f *file) variable(s *Setting, vars scope) {
	v, at := s.Variable(), s.Decl.Name.Range
	explicit := s.Decl.From != nil && s.Decl.From.Variable != nil
	if explicit {
		at = s.Decl.From.Variable.Range
		if !variableName().MatchString(v) {
			f.errorf(diag.InvalidValue, at, "%q cannot be an environment variable: expected letters, digits and _", v)
			return
		}
	}
	if !explicit && slices.Contains(wellKnown, v) {
		f.wellKnown(s, v)
		return
	}
	if old, ok := vars[v]; ok {
		f.report(finding{
			rule: diag.DuplicateName, at: at, message: fmt.Sprintf("setting %q reads the variable %s, as another setting does", s.Name, v),
			help:    fmt.Sprintf("name another one: from %q", v+"_2"),
			related: []diag.Related{{File: old.file, Span: old.at, Message: old.what + " reads it too"}},
		})
		return
	}
	vars[v] = place{file: f.src, at: at, what: s.Name}
}

func (f *file) wellKnown(s *Setting, v string) {
	end := s.Decl.Name.Range.End
	if s.Decl.Type != nil {
		end = s.Decl.Type.Span().End
	}
	if s.Decl.Default != nil {
		end = s.Decl.Default.Span().End
	}
	f.report(finding{
		rule: diag.ReservedName, at: s.Decl.Name.Range,
		message: fmt.Sprintf("setting %q would read the well-known variable %s", s.Name, v),
		help:    fmt.Sprintf("write from %q when that is meant, or name another variable", v),
		fixes: []diag.Fix{{
			Message: fmt.Sprintf("add from %q", v),
			Edits:   []diag.Edit{{File: f.src, Span: source.Span{Start: end, End: end}, Text: fmt.Sprintf(" from %q", v)}},
		}},
	})
}

// secretFile refuses a setting whose variable is the NAME_FILE of another.
func (f *file) secretFile(s *Setting, vars scope) {
	name, ok := strings.CutSuffix(s.Variable(), "_FILE")
	old, taken := vars[name]
	if !ok || !taken {
		return
	}
	f.report(finding{
		rule: diag.DuplicateName, at: s.Decl.Name.Range,
		message: fmt.Sprintf("setting %q reads the variable %s, which names a file with the value of %q", s.Name, s.Variable(), old.what),
		help:    "name another variable with from",
		related: []diag.Related{{File: old.file, Span: old.at, Message: old.what + " is declared here"}},
	})
}

func (f *file) profile(p *Profile) {
	set := scope{}
	for _, a := range p.Decl.Entries {
		if a.Bad || !f.declare(set, a.Name, "entry") {
			continue
		}
		t, ok := f.checker.out.SettingsType.Field(a.Name.Text)
		if !ok {
			f.unknown(diag.UnknownSetting, a.Name, "setting", f.checker.out.SettingsType.FieldNames())
			continue
		}
		p.Entries[a.Name.Text] = a.Value
		f.in(f.pure).want(a.Value, t.Type, "setting "+a.Name.Text)
		f.settingURL(a.Value, t.Type, "setting "+a.Name.Text)
		if i := slices.IndexFunc(f.checker.out.Settings, func(s *Setting) bool { return s.Name == a.Name.Text }); i >= 0 {
			s := f.checker.out.Settings[i]
			f.in(f.pure).holds(a.Value, s.Decl, s.Type, f.fileOf(s.File), "setting "+s.Name)
		}
	}
}

// settingURL refuses a text that is no URL where a setting is one.
func (f *file) settingURL(x ast.Expr, t *types.Type, what string) {
	lit, ok := ast.Unparen(x).(*ast.StringLit)
	if !ok || t.Plain().Kind != types.URL {
		return
	}
	if _, err := value.ParseText(t.Plain(), lit.Value); err != nil {
		secret := t.DeepLabels()&types.Secret != 0
		message := what + ": expected a URL such as https://example.com"
		if !secret {
			message += ", found " + oneLine(f.src.Slice(lit.Range))
		}
		f.report(finding{rule: diag.InvalidValue, at: lit.Range, message: message, hide: secret})
	}
}
