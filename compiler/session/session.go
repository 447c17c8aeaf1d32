// Package session checks the same program again and again, as an editor asks for after each change, and keeps
// between two checks what the change cannot have touched. What it says is, byte for byte, what a check that knows
// nothing says. It decides nothing about the language, and knows of no editor, protocol or plan.
package session

import (
	"io/fs"
	"runtime"
	"sync"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/script"
)

// Session is what is known of the programs that its owner checks: parsed files, parts of them, and what scripts
// mean, each as long as one of the last few checks used it. Its owner is whoever lives as long as the files are open;
// nothing of it is shared between two sessions. The zero value is ready. Checks of one session follow each other; what one
// gave stays as it is while the next ones run.
type Session struct {
	one     sync.Mutex
	files   load.Cache
	entries map[string]*entry
	scripts script.Cache
	begun   bool
}

// Options of a check.
type Options struct {
	// Std is the standard library.
	Std fs.FS
	// Overlay are texts in place of those of files, by absolute path.
	Overlay map[string]string
	// Lint are the surroundings of the program; their Scripts are the session's.
	Lint lint.Options
}

// Checked is a program and all that is said about it, as people are shown it.
type Checked struct {
	Program *check.Program
	Found   []diag.Diagnostic
}

// Check checks the module at a path. The error is load's, for a path that cannot be used at all.
func (s *Session) Check(path string, o Options) (Checked, error) {
	s.one.Lock()
	defer s.one.Unlock()
	s.files.Edited = true
	var diags diag.List
	loaded, err := load.Load(path, load.Options{Std: o.Std, Overlay: o.Overlay, Cache: &s.files}, &diags)
	if err != nil {
		return Checked{}, err
	}
	if !s.begun && runtime.GOMAXPROCS(0) > 1 {
		defer lint.ReadAhead(loaded, &s.scripts)() // of later programs, most scripts are known
	}
	s.begun = true
	known := s.entry(path)
	program := check.Again(loaded, &known.check, &diags)
	o.Lint.Scripts, o.Lint.Memory = &s.scripts, &known.lint
	lint.Lint(program, o.Lint, &diags)
	return Checked{program, loaded.Report(diags.Sorted())}, nil
}

// entry is what the last checks of an entry left.
type entry struct {
	check check.Memory
	lint  lint.Memory
}

// remembered is how many entries are remembered by their steps.
const remembered = 8

func (s *Session) entry(path string) *entry {
	e := s.entries[path]
	if e == nil {
		if s.entries == nil || len(s.entries) >= remembered {
			s.entries = map[string]*entry{}
		}
		e = &entry{}
		s.entries[path] = e
	}
	return e
}
