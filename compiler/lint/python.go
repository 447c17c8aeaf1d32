package lint

import (
	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Mistake is an error of syntax in a script.
type Mistake struct {
	Offset  int    // in bytes, into the script
	Message string // one lower-case line; "" when there is no mistake
}

// pythonSyntax checks all Python scripts of a program at once.
var pythonSyntax = rule{program: func(p *pass) {
	if p.options.Python == nil {
		return
	}
	var texts []string
	var scripts []*ast.Script
	var files []*source.File
	p.eachOp(func(o *check.Op) {
		for _, it := range o.Items {
			if r, ok := it.(*ast.Run); ok && r.Script != nil && (r.Script.Lang == "python" || r.Script.Lang == "python3") {
				texts, scripts, files = append(texts, r.Script.Text), append(scripts, r.Script), append(files, o.File.Source)
			}
		}
	})
	if len(texts) == 0 {
		return
	}
	for i, m := range p.options.Python(texts) {
		if m.Message != "" && i < len(scripts) {
			p.report(finding{
				rule: diag.ScriptSyntax, file: files[i], at: scripts[i].Within(m.Offset, min(m.Offset+1, len(texts[i]))),
				message: "python: " + m.Message,
			})
		}
	}
}}
