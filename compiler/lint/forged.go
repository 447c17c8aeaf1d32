package lint

import (
	"fmt"
	"regexp"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// forgedOutputs finds strangers' values that are written to $PIPE_OUTPUT as a line: a line break in
// one writes further outputs, of any name.
var forgedOutputs = rule{alone: true, script: func(p *pass, o *check.Op, s *script) {
	for _, q := range o.Params {
		if q.Type.DeepLabels()&types.Untrusted == 0 || isNumeric(q.Type.Plain()) {
			continue
		}
		for _, m := range outputLine(q.Name).FindAllStringSubmatchIndex(s.src.Text, -1) {
			p.report(finding{
				rule: diag.ForgedOutput, file: s.file, at: s.src.Within(m[2], m[3]),
				message: fmt.Sprintf("a stranger chooses $%s, and a line break in it writes other outputs, too", q.Name),
				help:    "write it to a file and return text(\"FILE\"), or check it in the script before",
			})
		}
	}
}}

// outputLine is a line of a script that writes name=…$param… to $PIPE_OUTPUT, outside of a block.
func outputLine(param string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)(?:echo|printf)[^\n]*=[^\n]*(\$(?:` + param + `\b|\{` + param + `\}))[^\n]*>>?\s*"?\$\{?PIPE_OUTPUT\b`)
}
