package lint

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// secretNames are the ends of names that only secrets have.
var secretNames = lazily(`(?:^|_)(?:password|passwd|passphrase|secret|token|api_?key|access_key|private_key|secret_key)$`)

// plainSecrets finds settings by the name of a secret that are not declared secret.
var plainSecrets = rule{file: func(p *pass, m *check.Module, f *ast.File) {
	if m != p.program.Entry {
		return
	}
	for _, s := range p.program.Settings {
		t := s.Type
		if t.Kind == types.Optional {
			t = t.Elem
		}
		if s.File != f || s.Type.DeepLabels()&types.Secret != 0 || t.Plain().Kind != types.String || !secretNames().MatchString(s.Name) {
			continue
		}
		at := s.Decl.Type.Span()
		p.report(finding{
			rule: diag.PlainSecret, file: f.Source, at: s.Decl.Name.Range,
			message: fmt.Sprintf("setting %q is named like a secret, and is not declared one: plans and logs show it", s.Name),
			help:    fmt.Sprintf("%s: secret %s", s.Name, f.Source.Slice(at)),
			fixes: []diag.Fix{{
				Message: "declare it secret", Changes: "it is masked then, and goes only where secrets may",
				Edits: []diag.Edit{{File: f.Source, Span: source.Span{Start: at.Start, End: at.Start}, Text: "secret "}},
			}},
		})
	}
}}
