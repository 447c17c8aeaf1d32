package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// missingPaths finds paths for ops of the standard library, which read them in the real tree, and folders that ops
// work in, where nothing is. A step in place of the same pipeline may make it first.
var missingPaths = rule{around: true, pipeline: func(p *pass, l *check.Pipeline) {
	if p.options.Matches == nil || p.changesTree(l) {
		return
	}
	for s := range steps(l) {
		switch {
		case s.Op == nil:
		case s.Op.Module.Load.Std:
			for _, a := range s.Args {
				p.missingPath(l, s, a)
			}
			p.missingDockerfile(l, s)
		default:
			p.missingFolder(s)
		}
	}
}}

// missingFolder finds a workdir that the repository lacks. Where inputs say what the workspace holds, it is made; a
// mount may bring it; and a step in place may make it, of whichever pipeline.
func (p *pass) missingFolder(s *check.Step) {
	o := s.Op
	a := attr(o.Items, "workdir")
	if a == nil || attr(o.Items, "inputs") != nil || slices.ContainsFunc(o.Items, isMount) {
		return
	}
	for _, t := range o.Texts(a.Value, s) {
		place := spot{t.File.Name, t.At}
		at := rooted(o.Module.Load.Folder, t.Value)
		if p.told[place] || at == "" || !usable(t.Value) || p.isFolder(at) || p.treeChanges() {
			continue
		}
		p.told[place] = true
		f := finding{rule: diag.MissingPath, file: t.File, at: t.At, help: startOf(o.Module.Load.Folder)}
		f.message = fmt.Sprintf("workdir: there is no folder %q in the repository%s", t.Value, t.Round)
		if p.options.Matches(escapeGlob(at)) {
			f.message = fmt.Sprintf("workdir: %q is a file, expected a folder%s", t.Value, t.Round)
		}
		p.report(f)
	}
}

func isMount(it ast.Item) bool {
	_, is := it.(*ast.Mount)
	return is
}

// treeChanges says that some pipeline of the program writes in the real tree.
func (p *pass) treeChanges() bool {
	if p.tree == nil {
		changes := p.anyChangesTree()
		p.tree = &changes
	}
	return *p.tree
}

func (p *pass) anyChangesTree() bool {
	for _, m := range p.program.Modules {
		for _, l := range m.Pipelines {
			if p.changesTree(l) {
				return true
			}
		}
	}
	return false
}

// changesTree says that a step of a pipeline writes in the real tree, or may in a pipeline that it calls. Each
// pipeline is looked at once.
func (p *pass) changesTree(l *check.Pipeline) bool {
	changes, known := p.changing[l]
	if known {
		return changes
	}
	if p.changing == nil {
		p.changing = map[*check.Pipeline]bool{}
	}
	p.changing[l] = false // for those that call each other in a circle
	p.changing[l] = slices.ContainsFunc(l.Steps, func(s *check.Step) bool {
		return s.Pipeline != nil && p.changesTree(s.Pipeline) || s.Op != nil && inPlace(s.Op)
	})
	return p.changing[l]
}

func inPlace(o *check.Op) bool {
	return slices.ContainsFunc(o.Items, func(it ast.Item) bool { _, ok := it.(*ast.InPlace); return ok })
}

func (p *pass) missingPath(l *check.Pipeline, s *check.Step, a check.Arg) {
	if a.Param == nil || a.Param.Type.Plain().Kind != types.Path {
		return
	}
	for _, t := range s.Texts(a.Value) {
		at := rooted(l.Module.Load.Folder, t.Value)
		if !usable(t.Value) || at == "." || at == "" || p.options.Matches(escapeGlob(at)) {
			continue
		}
		help := startOf(l.Module.Load.Folder)
		text := a.Param.Name + "_text"
		if strings.Contains(t.Value, "\n") && slices.ContainsFunc(s.Op.Params, func(p *check.Param) bool { return p.Name == text }) {
			help = fmt.Sprintf("for the text itself there is %s", text)
		}
		p.report(finding{
			rule: diag.MissingPath, file: t.File, at: t.At,
			message: fmt.Sprintf("%s: there is no %q in the repository%s", a.Param.Name, t.Value, t.Round),
			help:    help,
		})
	}
}

// missingDockerfile finds a build that names no Dockerfile, of a folder without one.
func (p *pass) missingDockerfile(l *check.Pipeline, s *check.Step) {
	if e, ok := check.NativeEffect(s.Op); !ok || e.Does != "image.build" || p.isSketch() {
		return
	}
	folders := []check.Text{{Value: "/"}}
	for _, a := range s.Args {
		switch a.Param.Name {
		case "dockerfile", "dockerfile_text", "context_dir":
			return
		case "context":
			folders = s.Texts(a.Value)
		}
	}
	for _, t := range folders {
		at := rooted(l.Module.Load.Folder, t.Value)
		if !usable(t.Value) || !p.isFolder(at) || p.options.Matches(path.Join(escapeGlob(at), "[Dd]ockerfile")) {
			continue
		}
		p.report(finding{
			rule: diag.MissingPath, file: l.File.Source, at: s.Decl.Callee.Range,
			message: fmt.Sprintf("%s: there is no Dockerfile in %q%s", s.Decl.Callee, t.Value, t.Round),
			help:    "name it: dockerfile: \"…\"",
		})
		return
	}
}
