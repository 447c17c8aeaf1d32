package lint

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// inheritedSecrets finds variables that are inherited and are secrets by their name: what comes in that
// way is no value of the language, so that nothing masks it.
var inheritedSecrets = rule{alone: true, op: func(p *pass, o *check.Op) {
	a := attr(o.Items, "inherit")
	if a == nil {
		return
	}
	l, ok := a.Value.(*ast.ListLit)
	if !ok {
		return
	}
	for _, e := range l.Elems {
		s, ok := ast.Unparen(e.Value).(*ast.StringLit)
		if !ok || !secretNames().MatchString(strings.ToLower(s.Value)) {
			continue
		}
		name := strings.ToLower(s.Value)
		p.report(finding{
			rule: diag.InheritedSecret, file: o.File.Source, at: s.Range,
			message: fmt.Sprintf("%s is inherited, so that nobody knows it for a secret: it is masked nowhere", s.Value),
			help:    fmt.Sprintf("make it a setting, %s: secret string, and write env { %s = settings.%s }", name, s.Value, name),
		})
	}
}}
