package lint

import (
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// hiding are the errors behind which a use may be hidden: where one is found, nobody knows what
// the text around it would have read, run or tested.
var hiding = map[string]bool{
	diag.Syntax: true, diag.TooDeep: true, diag.UnknownName: true, diag.UnknownField: true, diag.UnknownType: true,
	diag.UnknownFunction: true, diag.UnknownOp: true, diag.UnknownSetting: true, diag.UnknownKeyword: true,
	diag.UnknownArgument: true, diag.DuplicateName: true, diag.ReservedName: true, diag.Misplaced: true,
	diag.MissingBody: true, diag.ScriptSyntax: true, diag.UnknownVariable: true, diag.MissingOutput: true, diag.Cycle: true,
	diag.UnknownModule: true, diag.UnreadableFile: true, diag.ImportCycle: true,
}

// following are the rules that speak of what is not there, in the declaration around them: an error in it may be all that they have found.
var following = map[string]bool{
	diag.UnusedParam: true, diag.UnusedLet: true, diag.UnusedResult: true, diag.UnreadOutput: true, diag.MissingBody: true,
	diag.EarlyEffect: true, diag.LateApproval: true, diag.ConstantGuard: true, diag.UnreachableStep: true, diag.UnnamedPath: true, diag.EndlessWait: true,
}

// inModule are those that speak of what is nowhere in a module.
var inModule = map[string]bool{
	diag.UnusedSetting: true, diag.UnusedLet: true, diag.UnusedImport: true, diag.UnusedType: true, diag.UnusedProfile: true,
}

// silence takes back what only follows from errors.
func silence(p *check.Program, diags *diag.List) {
	errors := map[*source.File][]diag.Diagnostic{}
	for _, d := range diags.Sorted() {
		if hiding[d.Rule] && d.File != nil {
			errors[d.File] = append(errors[d.File], d)
		}
	}
	if len(errors) == 0 {
		return
	}
	files := map[*source.File]*check.Module{}
	trees := map[*source.File]*ast.File{}
	for _, m := range p.Load.Modules {
		for _, f := range m.Files {
			files[f.Source], trees[f.Source] = p.Modules[m], f
		}
	}
	diags.Keep(func(d diag.Diagnostic) bool {
		tree := trees[d.File]
		if tree == nil {
			return true
		}
		if inModule[d.Rule] && damagedModule(files[d.File], errors) {
			return false
		}
		return !following[d.Rule] || !damagedAround(tree, d, errors[d.File])
	})
}

func damagedModule(m *check.Module, errors map[*source.File][]diag.Diagnostic) bool {
	for _, f := range m.Load.Files {
		if len(errors[f.Source]) > 0 {
			return true
		}
	}
	return false
}

// damagedAround says that another error lies in the declaration of a finding, or right behind
// it, where a brace too few or too many has thrown its end.
func damagedAround(f *ast.File, d diag.Diagnostic, errors []diag.Diagnostic) bool {
	for i, decl := range f.Decls {
		at := decl.Span()
		if d.Span.Start < at.Start || d.Span.End > at.End {
			continue
		}
		if i+1 < len(f.Decls) {
			if next, ok := f.Decls[i+1].(*ast.BadDecl); ok {
				at.End = next.Range.End
			}
		}
		for _, e := range errors {
			if e.Rule == d.Rule && e.Span == d.Span || d.Rule == diag.UnreadOutput && !mayRead(e, f.Source.Slice(d.Span)) {
				continue
			}
			if e.Span.Start >= at.Start && e.Span.Start <= at.End {
				return true
			}
		}
	}
	return false
}

// mayRead says that an output would be read but for an error: one in the op's own text, or a
// near miss of its name.
func mayRead(e diag.Diagnostic, output string) bool {
	switch e.Rule {
	case diag.UnknownVariable, diag.ScriptSyntax:
		return false
	case diag.MissingOutput:
		return strings.Contains(e.Help, `"`+output+`"`)
	}
	return true
}
