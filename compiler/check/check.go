package check

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// Check checks a loaded program, parts of a large one several at a time.
func Check(p *load.Program, diags *diag.List) *Program {
	c := newChecker(p, diags)
	c.check(p)
	return c.out
}

// Alone is Check on the caller's goroutine, for who checks several programs at the same time. Modules that s has are
// not checked again, and those that it is to have are checked on all processors; it may be nil.
func Alone(p *load.Program, s *Shared, diags *diag.List) *Program {
	c := newChecker(p, diags)
	c.alone, c.shared = true, s
	c.check(p)
	return c.out
}

func newChecker(p *load.Program, diags *diag.List) *checker {
	return &checker{
		diags: diags, modules: map[*load.Module]*module{},
		out: &Program{Load: p, Modules: map[*load.Module]*Module{}, SettingsType: types.NewRecord("settings", "@settings")},
	}
}

func (c *checker) check(p *load.Program) {
	for _, m := range p.Modules {
		if !c.sharedModule(m) {
			c.module(m)
		}
	}
	if m := c.modules[p.Entry]; m != nil {
		c.out.Entry = m.out
	}
	portability{c.out, c.diags}.check()
	c.silence()
	c.already()
	c.explain()
}

// checker carries one check.
type checker struct {
	diags   *diag.List
	out     *Program
	modules map[*load.Module]*module
	// alone says that no other processor is free.
	alone bool
	// shared are modules that other checks may have checked; it may be nil.
	shared *Shared
	// known are the steps of the check before, where they may be what they were; memory takes in those of this one,
	// and is nil when nobody asks for them.
	known  map[stageKey]map[string]*stepMemory
	memory *Memory
	// asks says that a record of some module so far asks something of its fields.
	asks bool
}

// module is a module while it is checked.
type module struct {
	*checker
	load  *load.Module
	out   *Module
	files []*file
	// entry says that the module is the one that was asked for, which alone has settings.
	entry bool

	types     map[string]*typeDecl
	lets      map[string]*letDecl
	ops       map[string]*opDecl
	pipelines map[string]*pipelineDecl
	// broken holds names of declarations that could not be read; uses of them stay quiet.
	broken map[string]bool
	names  scopes

	evaluations evaluations
}

// file is one file of a module: its uses, and what its expressions may name.
type file struct {
	*module
	ast *ast.File
	src *source.File
	// diags takes what is found here; concurrent parts of a check have one each.
	diags *diag.List
	// scope has globals, settings, lets and records; pure has functions only.
	scope, pure *expr.Scope
	uses        map[string]*load.Import
	defaults    *ast.Defaults
	// foreign are names that mean something which no expression of the file can read;
	// impure those that are out of reach for defaults of settings and record fields.
	foreign map[string]finding
	impure  func() map[string]finding
}

// module checks one module whose imports have been checked.
func (c *checker) module(l *load.Module) {
	m := &module{
		checker: c, load: l, entry: l == c.out.Load.Entry,
		out: &Module{
			Load: l, Types: map[string]*types.Type{}, Ops: map[string]*Op{}, Pipelines: map[string]*Pipeline{},
			Targets: map[string]*ast.Target{}, Defaults: map[*ast.File]*ast.Defaults{},
		},
		types: map[string]*typeDecl{}, lets: map[string]*letDecl{}, ops: map[string]*opDecl{},
		pipelines: map[string]*pipelineDecl{}, broken: map[string]bool{}, names: scopes{},
	}
	c.modules[l], c.out.Modules[l] = m, m.out
	for _, f := range l.Files {
		m.files = append(m.files, &file{module: m, ast: f, src: f.Source, diags: c.diags, uses: l.Uses[f]})
		m.evaluations.size += len(f.Source.Text)
	}
	for _, f := range m.files {
		f.namespaces()
		f.collect()
	}
	m.resolveTypes()
	m.resolveSettings()
	m.openScopes()
	m.signatures()
	m.checkTypes()
	m.checkSettings()
	m.checkLets()
	m.checkOps()
	m.checkPipelines()
	m.switchedOff()
	if len(m.files) > 0 {
		m.out.Scope = m.files[0].scope
	}
}

// namespaces checks the names that the file's uses bring.
func (f *file) namespaces() {
	for _, d := range f.ast.Decls {
		if u, ok := d.(*ast.Use); ok && u.Alias.Text != "" {
			f.reservedWord(u.Alias, "namespace", nil)
		}
	}
}

// collect takes in every declaration by name.
func (f *file) collect() {
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.TypeDecl:
			f.collectType(d)
		case *ast.Settings:
			f.collectSettings(d)
		case *ast.Profile:
			f.collectProfile(d)
		case *ast.Let:
			f.collectLet(d)
		case *ast.Defaults:
			f.collectDefaults(d)
		case *ast.Op:
			f.collectOp(d)
		case *ast.Pipeline:
			f.collectPipeline(d)
		case *ast.Target:
			f.collectTarget(d)
		case *ast.BadDecl:
			if d.Name.Text != "" {
				f.broken[d.Name.Text] = true
			}
		}
	}
}

// finding is what is said about a place of a file.
type finding struct {
	rule    string
	at      source.Span
	message string
	help    string
	related []diag.Related
	fixes   []diag.Fix
	// hint says that it may well be meant, whatever the rule's severity is elsewhere.
	hint bool
	// hide says that the text at the place is a secret, which is not shown.
	hide bool
}

func (f *file) report(d finding) { f.reportTo(f.diags, d) }

func (f *file) reportTo(diags *diag.List, d finding) {
	severity, _ := diag.Natural(d.rule)
	if d.hint {
		severity = diag.Hint
	}
	diags.Add(diag.Diagnostic{
		Rule: d.rule, Severity: severity, File: f.src, Span: d.at,
		Message: d.message, Help: d.help, Related: d.related, Fixes: d.fixes, Hide: d.hide,
	})
}

// errorf reports an error without a way out of its own.
func (f *file) errorf(rule string, at source.Span, format string, args ...any) {
	f.report(finding{rule: rule, at: at, message: fmt.Sprintf(format, args...)})
}

// quiet says that an unknown name may be one that could not be read.
func (m *module) quiet(name string) bool { return m.load.Broken || m.broken[name] }
