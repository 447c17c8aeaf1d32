package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// unusedNames finds settings, lets, imports, types and profiles that nothing uses.
var unusedNames = rule{
	around: true,
	file: func(p *pass, m *check.Module, f *ast.File) {
		mm := p.intact(m)
		if mm == nil {
			return
		}
		p.unusedImports(m, mm, f)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.Settings:
				p.unusedSettings(m, d)
			case *ast.Profile:
				p.emptyProfile(f, d)
			case *ast.Let:
				p.unusedLet(mm, f.Source, d)
			case *ast.TypeDecl:
				p.unusedType(m, mm, f, d)
			}
		}
	},
	pipeline: func(p *pass, l *check.Pipeline) {
		mm := p.intact(l.Module)
		if mm == nil {
			return
		}
		for _, it := range l.Decl.Items {
			if d, ok := it.(ast.LetItem); ok {
				p.unusedLet(mm, l.File.Source, d.Let)
			} else if d, ok := it.(*ast.LetItem); ok {
				p.unusedLet(mm, l.File.Source, d.Let)
			}
		}
	},
}

func (p *pass) unusedImports(m *check.Module, mm *moduleMentions, f *ast.File) {
	if p.mentioned().importless {
		return
	}
	uses := m.Load.Uses[f]
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		if mm.spaces[f][name] {
			continue
		}
		d := uses[name].Decl
		p.report(finding{
			rule: diag.UnusedImport, file: f.Source, at: d.Range, message: fmt.Sprintf("module %q is never used", name),
			help: "call one of its ops or pipelines, or remove the line", fixes: removal(f.Source, d.Doc, d.Range),
		})
	}
}

func (p *pass) unusedSettings(m *check.Module, d *ast.Settings) {
	if m != p.program.Entry || p.mentioned().allSettings {
		return
	}
	for _, s := range d.Fields {
		if s.Name.Text == "" || p.used.settings[s.Name.Text] {
			continue
		}
		f := p.settingFile(s)
		if f == nil {
			continue
		}
		found := finding{
			rule: diag.UnusedSetting, file: f, at: s.Name.Range, message: fmt.Sprintf("setting %q is never read", s.Name.Text),
			help: fmt.Sprintf("read it as settings.%s, or remove it", s.Name.Text),
		}
		if !p.inProfile(s.Name.Text) {
			found.fixes = removal(f, s.Doc, s.Range)
			found.fixes[0].Changes = "whoever sets it is told that there is none"
		}
		p.report(found)
	}
}

// settingFile is where a setting is declared; nil for one that is declared a second time.
func (p *pass) settingFile(d *ast.Field) *source.File {
	for _, s := range p.program.Settings {
		if s.Decl == d {
			return s.File.Source
		}
	}
	return nil
}

func (p *pass) inProfile(setting string) bool {
	for _, profile := range p.program.Profiles {
		if profile.Entries[setting] != nil {
			return true
		}
	}
	return false
}

func (p *pass) emptyProfile(f *ast.File, d *ast.Profile) {
	if len(d.Entries) == 0 && d.Name.Text != "" {
		p.report(finding{
			rule: diag.UnusedProfile, file: f.Source, at: d.Name.Range, message: fmt.Sprintf("profile %q sets nothing", d.Name.Text),
			help: "set what differs there, as in setting = value, or remove it",
		})
	}
}

func (p *pass) unusedLet(mm *moduleMentions, f *source.File, d *ast.Let) {
	if d.Name.Text == "" || mm.values[d.Name.Text] {
		return
	}
	p.report(finding{
		rule: diag.UnusedLet, file: f, at: d.Name.Range, message: fmt.Sprintf("let %q is never read", d.Name.Text),
		help: "read it, or remove it", fixes: removal(f, d.Doc, d.Range),
	})
}

// unusedType speaks of the entry only: what a module offers, others may use.
func (p *pass) unusedType(m *check.Module, mm *moduleMentions, f *ast.File, d *ast.TypeDecl) {
	if m != p.program.Entry || d.Name.Text == "" || mm.types[d.Name.Text] || len(m.Pipelines) == 0 {
		return
	}
	p.report(finding{
		rule: diag.UnusedType, file: f.Source, at: d.Name.Range, message: fmt.Sprintf("type %q is never used", d.Name.Text),
		help: "use it in a parameter, a field or a result, or remove it", fixes: removal(f.Source, d.Doc, d.Range),
	})
}

// removal takes a declaration out, with its documentation.
func removal(f *source.File, doc *ast.Doc, at source.Span) []diag.Fix {
	if doc != nil {
		at.Start = min(at.Start, doc.Range.Start)
	}
	return []diag.Fix{{Message: "remove it", Edits: []diag.Edit{{File: f, Span: paragraph(f, line(f, at))}}}}
}

// paragraph is a span of whole lines with one of the empty lines around it, so that not two are left.
func paragraph(f *source.File, at source.Span) source.Span {
	before, after := f.Text[:at.Start], f.Text[at.End:]
	if before != "" && !strings.HasSuffix(before, "\n\n") && !strings.HasSuffix(before, "\n\r\n") {
		return at
	}
	for _, empty := range []string{"\n", "\r\n"} {
		switch {
		case strings.HasPrefix(after, empty):
			return source.Span{Start: at.Start, End: at.End + int32(len(empty))}
		case after == "" && strings.HasSuffix(before, "\n"+empty):
			return source.Span{Start: at.Start - int32(len(empty)), End: at.End}
		}
	}
	return at
}
