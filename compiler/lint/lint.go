// Package lint says what is legal but unwise in a checked program: scripts that fail or lose
// a failure, guards that decide nothing, steps that wait for each other's locks, values that
// nobody reads. One rule a file, each over the same walk. It never changes what a program
// means, runs nothing, and knows no plan and no values but those that stand in the text.
package lint

import (
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// Options are what a lint may know of the surroundings. The zero value knows nothing, and the
// rules that ask stay quiet.
type Options struct {
	// Matches says whether a file of the repository, or what a run made there, matches a glob,
	// slash-separated and from the root; nil when there is no repository to look at.
	Matches func(glob string) bool
	// Plain says that a path of the repository is a file that nobody may run; nil when that is not known.
	Plain func(path string) bool
	// FoldersOnly says that a glob which matches something matches no file; nil when nobody knows.
	FoldersOnly func(glob string) bool
	// Entries are the names of what stands in a folder of the repository, "" for its root; nil when nobody knows.
	Entries func(folder string) []string
	// Named says that a file of a name is somewhere in the repository; nil when nobody knows.
	Named func(name string) bool
	// Python gives the first mistake in the syntax of each of some Python scripts; fewer when nobody
	// could tell. Nil when there is no interpreter.
	Python func(scripts []string) []Mistake
	// Scripts keeps what is read of shell scripts for other lints; nil keeps nothing.
	Scripts *shell.Cache
	// Beside says that a processor is free to look at a part of the program meanwhile. What asks the repository, and
	// Python, are asked from another goroutine then, each from one at a time.
	Beside bool
	// Shared keeps what is found in modules that several programs use, for lints with the same options. It is not used
	// with Beside.
	Shared *Shared
	// Errors says that findings which are no errors by nature are of no use, so that few rules need to look.
	Errors bool
	// Memory is what the last lint of the same program left, where check remembers it, too; nil leaves nothing.
	Memory *Memory
}

// Lint adds what it finds in the modules of a program to diags; modules of the standard library
// are taken as they are. Parts that check found broken are left alone.
func Lint(p *check.Program, o Options, diags *diag.List) {
	switch {
	case o.Errors:
		newPass(p, o, failing, diags).share().walk()
	case o.Beside && sizeable(p):
		apart(p, o, diags)
	default:
		newPass(p, o, rules, diags).recall(whole).share().walk()
	}
	silence(p, diags)
}

// rule looks for one thing, through whichever of these it needs. A rule's own file holds its
// functions; rules.go lists them all.
type rule struct {
	// program is called once, after everything else.
	program func(*pass)
	file    func(*pass, *check.Module, *ast.File)
	// alone says that what op, script and step find follows from the step's text and the types of the names in it, and
	// from nothing else but what stands around all steps.
	alone bool
	// op is called for declared and inline ops, with the items that the op has after its file's defaults.
	op func(*pass, *check.Op)
	// script is called for each script of an op that is sh or bash.
	script   func(*pass, *check.Op, *script)
	pipeline func(*pass, *check.Pipeline)
	// step is called for each step of a pipeline, its tails included.
	step func(*pass, *check.Pipeline, *check.Step)
	// around says that what file, op, script, pipeline and step find in a module depends on the modules that use it, too.
	around bool
}

// pass is one lint of a program.
type pass struct {
	program *check.Program
	options Options
	rules   []rule
	diags   *diag.List
	ops     []*check.Op // those that have been walked
	read    map[*check.Op][]*script
	used    *mentions     // once somebody has asked
	told    map[spot]bool // places that several ops share
	known   *known
	*recalling
	kinds     map[*check.Op]kind             // what ops do
	within    *check.Pipeline                // that the inline op which is looked at stands in
	wholes    map[*check.Pipeline]kind       // what the steps of pipelines do
	changing  map[*check.Pipeline]bool       // the real tree
	tree      *bool                          // treeChanges, once somebody has asked
	stepNames map[string]bool                // once somebody has asked
	asked     map[*check.Module][]string     // globsOf those in which somebody has asked
	sketch    *bool                          // isSketch, once somebody has asked
	called    map[*check.Pipeline]bool       // by others: whether all of these calls wait for a test, once somebody has asked
	shared    map[*check.Module]*moduleFacts // of modules that were looked at for other programs, too
	around    []rule                         // that are to look at those all the same, once somebody has asked

	plain  map[*check.Step]guardID  // guards that many steps may share
	before map[*check.Step]guardSet // those of the steps before
	named  map[*check.Pipeline]map[string]*check.Step
	tails  map[*check.Step]bool // the steps of on failure and finally, in pipelines that named has
	open   *openGuards
}

func newPass(p *check.Program, o Options, rules []rule, diags *diag.List) *pass {
	return &pass{
		program: p, options: o, rules: rules, diags: diags, read: map[*check.Op][]*script{}, told: map[spot]bool{},
		known: newKnown(), kinds: map[*check.Op]kind{}, plain: map[*check.Step]guardID{}, before: map[*check.Step]guardSet{},
		named: map[*check.Pipeline]map[string]*check.Step{}, tails: map[*check.Step]bool{}, open: newOpenGuards(),
	}
}

// recall lets the pass use what the last one of the same rules left.
func (p *pass) recall(part int) *pass {
	p.recalling = p.options.Memory.part(p.program, part)
	if open := p.recalling.guards(p.program); open != nil {
		p.open = open
	}
	return p
}

func (p *pass) walk() {
	for _, m := range p.program.Load.Modules {
		module := p.program.Modules[m]
		if module == nil || m.Std {
			continue
		}
		if f := p.shared[module]; f != nil {
			p.diags.AppendCopy(&f.found)
		}
		p.module(module, p.rulesOf(module))
	}
	for _, r := range p.rules {
		if r.program != nil {
			r.program(p)
		}
	}
	p.keep(p)
}

// module walks a module in the order of its text.
func (p *pass) module(m *check.Module, rules []rule) {
	for _, f := range m.Load.Files {
		for _, r := range rules {
			if r.file != nil {
				r.file(p, m, f)
			}
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.Op:
				if o := m.Ops[d.Name.Text]; o != nil && o.Decl == d {
					p.op(o, rules)
				}
			case *ast.Pipeline:
				if l := m.Pipelines[d.Name.Text]; l != nil && l.Decl == d {
					p.pipeline(l, rules)
				}
			}
		}
	}
}

// eachOp calls f for each op that is linted.
func (p *pass) eachOp(f func(*check.Op)) {
	for _, o := range p.ops {
		f(o)
	}
}

func (p *pass) op(o *check.Op, rules []rule) {
	p.ops = append(p.ops, o)
	quiet := p.quietly(o.Since)
	for i := range rules {
		r := &rules[i]
		if r.op == nil || r.alone && quiet {
			continue
		}
		before := p.diags.Len()
		r.op(p, o)
		p.note(o.Since, r.alone && p.diags.Len() > before)
	}
	for i := range rules {
		r := &rules[i]
		if r.script == nil || r.alone && quiet {
			continue
		}
		before := p.diags.Len()
		for _, s := range p.scripts(o) {
			r.script(p, o, s)
		}
		p.note(o.Since, r.alone && p.diags.Len() > before)
	}
}

func (p *pass) pipeline(l *check.Pipeline, rules []rule) {
	for _, r := range rules {
		if r.pipeline != nil {
			r.pipeline(p, l)
		}
	}
	for s := range steps(l) {
		p.step(l, s, rules)
		if s.Op != nil && s.Op.Inline == s.Decl {
			p.within = l
			p.op(s.Op, rules)
			p.within = nil
		}
	}
}

func (p *pass) step(l *check.Pipeline, s *check.Step, rules []rule) {
	quiet := p.quietly(s.Since)
	for i := range rules {
		r := &rules[i]
		if r.step == nil || r.alone && quiet {
			continue
		}
		before := p.diags.Len()
		r.step(p, l, s)
		p.note(s.Since, r.alone && p.diags.Len() > before)
	}
}

// steps are those of a pipeline's three graphs.
func steps(l *check.Pipeline) func(func(*check.Step) bool) {
	return func(yield func(*check.Step) bool) {
		for _, s := range slices.Concat(l.Steps, l.OnFailure, l.Finally) {
			if !yield(s) {
				return
			}
		}
	}
}

// finding is what is said about a place of a file.
type finding struct {
	rule    string
	file    *source.File
	at      source.Span
	message string
	help    string
	related []diag.Related
	fixes   []diag.Fix
	// hint says that it may well be meant, whatever the rule's severity is elsewhere.
	hint bool
	// maybe says that what is an error elsewhere may never happen here, so that it warns.
	maybe bool
	// hide says that the text there is a credential.
	hide bool
}

func (p *pass) report(f finding) {
	severity, _ := diag.Natural(f.rule)
	if f.maybe && severity == diag.Error {
		severity = diag.Warning
	}
	if f.hint {
		severity = diag.Hint
	}
	p.diags.Add(diag.Diagnostic{
		Rule: f.rule, Severity: severity, File: f.file, Span: f.at,
		Message: f.message, Help: f.help, Related: f.related, Fixes: f.fixes, Hide: f.hide,
	})
}
