package lint

import (
	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
)

// Apart is Lint with groups of rules at the same time, however small the program is.
func Apart(p *check.Program, o Options, diags *diag.List) {
	apart(p, o, diags)
	silence(p, diags)
}

// Mentions are how many modules' mentions are kept, and of how many modules anything is.
func (s *Shared) Mentions() (mentions, modules int) {
	for _, f := range s.modules {
		mentions += len(f.used.modules)
	}
	return mentions, len(s.modules)
}

// ReadScripts is ReadAhead that comes to its end, however few scripts there are.
func ReadScripts(p *load.Program, c *shell.Cache) { readAll(p, c) }

// Almost is almost.
var Almost = almost
